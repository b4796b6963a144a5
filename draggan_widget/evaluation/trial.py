"""One case under one setting: the drag with a real session, and everything that is measured of it."""

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.validation import Mask, Points
from draggan_widget.errors import GeneratorError
from draggan_widget.evaluation import measures
from draggan_widget.evaluation.cases import Case
from draggan_widget.evaluation.landmark_network import LandmarkNetwork, measured_landmarks
from draggan_widget.evaluation.manifold import project
from draggan_widget.evaluation.outcomes import Job, Outcome
from draggan_widget.evaluation.perceptual import PerceptualDistance
from draggan_widget.evaluation.scene_fit import fitted_scene
from draggan_widget.generator import Generator
from draggan_widget.session import DragSession

Values = dict[str, float | None]
"""Measures by name."""


@dataclass(frozen=True, eq=False)
class Bench:
    """What trials are carried out with.

    Attributes:
        generator: Makes the pictures.
        network: Finds landmarks in them; None where z is no scene.
        perceptual: LPIPS, or None where it cannot be measured.
        max_steps: Most moves of the latent of one drag.
        mask: Whether a drag is told the region of the true edit.
        residual: Whether the distance to the manifold of scenes is measured.
    """

    generator: Generator
    network: LandmarkNetwork | None
    perceptual: PerceptualDistance | None
    max_steps: int
    mask: bool
    residual: bool


@dataclass(frozen=True, eq=False)
class Dragged:
    """How a drag ended.

    Attributes:
        w: Latent, ``[1, num_ws, w_dim]``.
        z: The z of the start, moved along in the space z, ``[1, z_dim]``.
        handle_points: Where the solver takes the handles to be, ``[N, 2]`` px.
        tracked_px: Their mean distance to the targets.
        status: As :attr:`DragSession.status`.
        steps: Moves of the latent.
        evaluations: Passes through the generator.
        seconds: Duration.
        error: Why it failed, or None.
    """

    w: Tensor
    z: Tensor | None
    handle_points: Points
    tracked_px: float
    status: str
    steps: int
    evaluations: int
    seconds: float
    error: str | None = None


def drag_there(bench: Bench, case: Case, job: Job) -> Outcome:
    """Return what came out of dragging the points of a case to their targets; for ``landmarks``."""
    (end,) = drags_of(bench, case, job)
    values = of_drags(case, end)
    values |= against_truth(bench, case, end.w, goal=1)
    values |= _of_picture(bench, case, end.w)
    return outcome_of(job, case, values, end)


def reconstruct(bench: Bench, case: Case, job: Job) -> Outcome:
    """Return how near dragging the points of a case leads to the picture of its goal; for ``pairs``."""
    assert case.goal_w is not None
    (end,) = drags_of(bench, case, job)
    start, result, goal = (picture(bench.generator, w) for w in (case.start_w, end.w, case.goal_w))
    values = of_drags(case, end)
    values |= {
        "mse_x100": measures.mse_x100(result, goal),
        "psnr_before_db": measures.psnr_db(start, goal),
        "psnr_db": measures.psnr_db(result, goal),
        "gradient_psnr_db": measures.gradient_psnr_db(result, goal),
        "lpips_x10": _lpips_x10(bench, result, goal),
    }
    values |= against_truth(bench, case, end.w, goal=1)
    values |= _of_picture(bench, case, end.w)
    return outcome_of(job, case, values, end)


def drag_there_and_back(bench: Bench, case: Case, job: Job) -> Outcome:
    """Return how near to its start a picture comes back from a drag and the drag of its handles back.

    The way back is a drag of its own, as if begun on a picture that one was given (FreeDrag, Ling et al. 2024, CCSD).
    """
    away, home = drags_of(bench, case, job, back=True)
    start, result = (picture(bench.generator, w) for w in (case.start_w, home.w))
    rows = min(config_of(bench, job).trainable_rows, bench.generator.num_ws)
    values = of_drags(case, away, home)
    values |= {
        "away_px": away.tracked_px,
        "change": measures.mean_change(start, result),
        "psnr_db": measures.psnr_db(result, start),
        "lpips_x10": _lpips_x10(bench, result, start),
        "w_distance": measures.w_distance(case.start_w, home.w, bench.generator.w_std, rows),
    }
    values |= against_truth(bench, case, home.w, goal=0)
    values |= _of_picture(bench, case, home.w)
    return outcome_of(job, case, values, away, home)


def drags_of(bench: Bench, case: Case, job: Job, *, back: bool = False) -> tuple[Dragged, ...]:
    """Return the drag of a case under a setting, and with ``back`` also the drag of its handles back."""
    config, mask = config_of(bench, job), None
    if (
        bench.mask and case.region is not None and case.region.any()
    ):  # an edit too faint to see has none
        mask = case.region
    handles, targets = case.handle_points, case.target_points
    away = drag(bench.generator, case.start_w, case.start_z, handles, targets, config, mask)
    if not back:
        return (away,)
    return away, drag(bench.generator, away.w, away.z, away.handle_points, handles, config, mask)


def drag(
    generator: Generator,
    w: Tensor,
    z: Tensor | None,
    handles: Points,
    targets: Points,
    config: DragConfig,
    mask: Mask | None,
) -> Dragged:
    """Return how a drag of a session ends; one that fails ends at its last picture, with the status ``"failed"``.

    Args:
        generator: Frozen.
        w: Latent of the first picture, ``[1, num_ws, w_dim]``.
        z: The z that it comes from, ``[1, z_dim]``, or None; for the space z.
        handles: ``[N, 2]`` px.
        targets: ``[N, 2]`` px.
        config: The settings.
        mask: ``[H, W]``, True where the picture may move, or None.
    """
    session = DragSession(generator, w=w, z=z, config=config)
    session.set_points(handles, targets)
    session.mask = mask
    evaluations = 0

    def count(step: DragStep[Any]) -> None:
        nonlocal evaluations
        evaluations = step.generator_evaluations

    started = time.perf_counter()
    error = None
    try:
        session.drag(on_step=count)
    except GeneratorError as failure:  # the status says so too
        error = str(failure)
    return Dragged(
        w=session.w,
        z=session.z,
        handle_points=session.handle_points,
        tracked_px=float(session.distances_px.mean()),
        status=session.status,
        steps=session.steps,
        evaluations=evaluations,
        seconds=time.perf_counter() - started,
        error=error,
    )


@torch.no_grad()
def picture(generator: Generator, w: Tensor) -> Tensor:
    """Return the picture ``[1, 3, H, W]`` of a latent."""
    return generator.image(w)


def config_of(bench: Bench, job: Job) -> DragConfig:
    """Return the settings of the drags of a job."""
    return DragConfig(
        solver=job.setting.solver,
        space=job.setting.space,
        max_steps=bench.max_steps,
        seed=job.case,
    )


def outcome_of(job: Job, case: Case, values: Values, *drags: Dragged) -> Outcome:
    """Return the outcome of the drags of a case."""
    return Outcome(
        job=job,
        group=case.group,
        handles=len(case.handle_points),
        status=", ".join(each.status for each in drags),
        measures=values,
        seconds=sum(each.seconds for each in drags),
        error=next((each.error for each in drags if each.error), None),
    )


def of_drags(case: Case, *drags: Dragged) -> Values:
    """Return what the solver itself says."""
    return {
        "before_px": measures.mean_distance_px(case.handle_points, case.target_points),
        "tracked_px": drags[-1].tracked_px,
        "steps": sum(each.steps for each in drags),
        "evaluations": sum(each.evaluations for each in drags),
    }


def against_truth(bench: Bench, case: Case, w: Tensor, *, goal: int) -> Values:
    """Return how far landmarks found in the picture of w are from where scene 0 or 1 of the truth has them."""
    truth, best_w = case.truth, (case.start_w, case.goal_w)[goal]
    if truth is None or best_w is None or bench.network is None:
        return {}
    pictures = torch.cat([picture(bench.generator, each) for each in (w, best_w)])
    found, best = measured_landmarks(bench.network, pictures).double().cpu().numpy()
    targets, seen = truth.landmarks_px[goal], truth.visible
    held = list(truth.handles) or seen.nonzero()[0].tolist()
    return {
        "true_px": measures.mean_distance_px(found[held], targets[held]),
        "floor_px": measures.mean_distance_px(best[held], targets[held]),
        "all_before_px": measures.mean_distance_px(*truth.landmarks_px[:, seen]),
        "all_true_px": measures.mean_distance_px(found[seen], targets[seen]),
    }


def _of_picture(bench: Bench, case: Case, w: Tensor) -> Values:
    """Return what is measured of the resulting picture without its landmarks."""
    image, values = picture(bench.generator, w), Values()
    if case.region is not None:
        start = picture(bench.generator, case.start_w)
        values["outside"] = measures.change_outside(start, image, case.region)
        if case.goal_w is not None:
            goal = picture(bench.generator, case.goal_w)
            values["outside_floor"] = measures.change_outside(start, goal, case.region)
    if case.truth is not None and bench.residual and bench.network is not None:
        scenes = case.truth.z.to(image.device)
        found = measured_landmarks(bench.network, image)[0]
        starts = torch.cat([scenes, fitted_scene(found, scenes, bench.generator.width)])
        values["residual"] = project(bench.generator, image, starts).residual
    return values


def _lpips_x10(bench: Bench, image: Tensor, truth: Tensor) -> float | None:
    """Return ten times LPIPS."""
    return None if bench.perceptual is None else 10 * bench.perceptual(image, truth)
