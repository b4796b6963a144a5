"""The protocols as a table: which cases each has, what is done with one, and what is told about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from draggan_widget.drag import DragConfig
from draggan_widget.errors import InputError
from draggan_widget.evaluation.cases import Case, has_scene, landmark_case, nose_case, pair_case
from draggan_widget.evaluation.inverted import drag_inverted
from draggan_widget.evaluation.keypoints import edge_case, matched_case
from draggan_widget.evaluation.outcomes import Job, Outcome
from draggan_widget.evaluation.trial import (
    Bench,
    drag_there,
    drag_there_and_back,
    reconstruct,
)
from draggan_widget.generator import Generator


@dataclass(frozen=True)
class Protocol:
    """A protocol.

    Attributes:
        summary: What is done, in a sentence.
        seed: Of its cases.
        points: Numbers of points that are tried unless others are asked for; empty where the protocol says it.
        headlines: Measures by which cases are ranked; the first that could be taken counts.
        back: Whether the handles are dragged back.
        measures: What is told, in the order of the columns; see `measures`.
        carry_out: Does one case under one setting.
    """

    summary: str
    seed: int
    points: tuple[int, ...]
    headlines: tuple[str, ...]
    back: bool
    measures: tuple[str, ...]
    carry_out: Callable[[Bench, Case, Job], Outcome]


PROTOCOLS: Mapping[str, Protocol] = {
    "landmarks": Protocol(
        summary="landmarks of one picture are dragged to where another one has them (DragGAN, table 1)",
        seed=1,
        points=(1, 3, 5, 24),
        headlines=("true_px", "tracked_px"),
        back=False,
        measures=(
            "before_px",
            "tracked_px",
            "true_px",
            "floor_px",
            "all_before_px",
            "all_true_px",
            "residual",
            "outside",
            "outside_floor",
            "steps",
            "evaluations",
        ),
        carry_out=drag_there,
    ),
    "pairs": Protocol(
        summary="a picture is dragged to another one by 32 correspondences (DragGAN, table 2)",
        seed=2,
        points=(),
        headlines=("mse_x100",),
        back=False,
        measures=(
            "before_px",
            "tracked_px",
            "all_before_px",
            "true_px",
            "floor_px",
            "mse_x100",
            "psnr_before_db",
            "psnr_db",
            "gradient_psnr_db",
            "lpips_x10",
            "residual",
            "outside",
            "outside_floor",
            "steps",
            "evaluations",
        ),
        carry_out=reconstruct,
    ),
    "roundtrip": Protocol(
        summary="landmarks are dragged to where another picture has them, and back (FreeDrag, CCSD)",
        seed=3,
        points=(1, 5),
        headlines=("change",),
        back=True,
        measures=(
            "before_px",
            "away_px",
            "tracked_px",
            "true_px",
            "floor_px",
            "change",
            "psnr_db",
            "lpips_x10",
            "w_distance",
            "residual",
            "outside",
            "steps",
            "evaluations",
        ),
        carry_out=drag_there_and_back,
    ),
    "inversion": Protocol(
        summary="the nose is dragged in reconstructions of renders that were given as photos",
        seed=4,
        points=(),
        headlines=("true_px", "tracked_px"),
        back=False,
        measures=(
            "inverted_db",
            "disturbed_db",
            "inverted_s",
            "inverted_cpu_s",
            "before_px",
            "tracked_px",
            "own_px",
            "true_px",
            "disturbed_px",
            "floor_px",
            "steps",
            "evaluations",
        ),
        carry_out=drag_inverted,
    ),
}
"""The protocols by name."""


def case_of(protocol: str, generator: Generator, number: int, points: int | None) -> Case:
    """Return a case of a protocol.

    Args:
        protocol: Name of a protocol.
        generator: With a scene, or without a known one.
        number: Of the case, from 0.
        points: How many points at most, from 1; of no meaning for a protocol that says it.

    Raises:
        InputError: The protocol needs a scene.
    """
    seed, known = PROTOCOLS[protocol].seed, has_scene(generator)
    if protocol == "inversion":
        if not known:
            raise InputError(
                f"inversion is measured on renders of a known scene, and {generator.name} has none; "
                "draggan_widget.invert looks for your own photos"
            )
        return nose_case(generator, seed, number)
    if not PROTOCOLS[protocol].points:
        if known:
            return pair_case(generator, seed, number)
        return matched_case(generator, seed, number, DragConfig().trainable_rows)
    assert points is not None
    return (landmark_case if known else edge_case)(generator, seed, number, points)
