"""Training of the landmark network on renders, resumable; no generator takes part in it.

Everything random is a function of the sample number, so a run that was stopped and resumed sees what an
uninterrupted run would have seen.
"""

import copy
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from draggan_widget.evaluation.landmark_network import HEAT_MAP_STRIDE, LandmarkNetwork
from draggan_widget.progress import progress_bar
from draggan_widget.training.dataset import (
    Renders,
    epoch_order,
    held_out_shard,
    load_renders,
    training_shard,
)
from draggan_widget.training.landmark_augmentation import augmented
from draggan_widget.training.landmark_presets import LandmarkPreset
from draggan_widget.training.landmark_report import landmark_errors
from draggan_widget.training.muon import Muon

HIDDEN_WEIGHT = 0.05
"""Weight of a landmark that cannot be seen; small, since only the rest of the animal tells where it is."""

HEAT_WEIGHT = 0.01
"""Weight of the heat maps' cross entropy, in widths per nat; it lets the maps form early and keeps them narrow."""

HEAT_SIGMA = 1.0
"""Standard deviation of the wanted heat map, in cells."""

EVALUATION_EVERY = 3_200
"""Training pictures between two lines of the log, each with a checkpoint."""


@dataclass(frozen=True)
class LandmarkRun:
    """A training run.

    Attributes:
        preset: What to train.
        folder: Holds checkpoint, log and result, all named ``landmarks``; so a generator's folder, with its renders,
            will do.
        data: Folder of the shards.
        until: Stop after this many training pictures; None is the whole schedule.
        device: Where to train.
        quiet: Show no progress bar.
    """

    preset: LandmarkPreset
    folder: Path
    data: Path
    until: int | None = None
    device: str = "cpu"
    quiet: bool = False


class LandmarkTrainer:
    """A landmark network with its averaged twin, optimizers and place in the schedule."""

    def __init__(self, run: LandmarkRun) -> None:
        self.run = run
        preset = run.preset
        torch.manual_seed(0)
        self.network = LandmarkNetwork(preset.network).to(run.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
        self.average = copy.deepcopy(self.network).frozen()
        self.matrices = [p for name, p in self.network.named_parameters() if _is_matrix(name, p)]
        others = [p for name, p in self.network.named_parameters() if not _is_matrix(name, p)]
        self.muon = Muon(self.matrices, preset.muon_learning_rate)
        self.adam = torch.optim.Adam(others, preset.adam_learning_rate, betas=(0.9, 0.99))
        self.seen = 0

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint that :meth:`save` wrote."""
        state = torch.load(path, map_location=self.run.device, weights_only=True)
        for name in ("network", "average", "muon", "adam"):
            getattr(self, name).load_state_dict(state[name])
        self.seen = state["seen"]

    def save(self, path: Path) -> None:
        """Write a checkpoint; the file appears whole or not at all."""
        names = ("network", "average", "muon", "adam")
        state = {name: getattr(self, name).state_dict() for name in names}
        partial = path.with_suffix(".partial")
        torch.save({**state, "seen": self.seen}, partial)
        partial.replace(path)

    def step(self, images: Tensor, landmarks: Tensor) -> Tensor:
        """Update the network from a batch; return its loss.

        Args:
            images: ``[B, 3, r, r]`` in -1..1.
            landmarks: ``[B, 24, 3]``: x and y as fractions of the picture, visible 0 or 1.
        """
        preset = self.run.preset
        loss = landmark_loss(self.network, images, landmarks)
        self.network.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        factor = _learning_rate_factor(preset, self.seen)
        for optimizer, rate in (
            (self.muon, preset.muon_learning_rate),
            (self.adam, preset.adam_learning_rate),
        ):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
            optimizer.step()
        self._limit_norms()
        self.seen += preset.batch
        self._update_average()
        return loss.detach()

    @torch.no_grad()
    def _limit_norms(self) -> None:
        """Keep the weights of each convolution within their norm at He initialisation; else Muon lets them grow for ever."""
        for matrix in self.matrices:
            limit = math.sqrt(2 * len(matrix))
            matrix.mul_(limit / matrix.norm().clamp(min=limit))

    @torch.no_grad()
    def _update_average(self) -> None:
        """Move the averaged weights towards the trained ones; faster in the first steps."""
        step = self.seen / self.run.preset.batch
        decay = min(self.run.preset.ema_decay, step / (step + 9))
        average: list[Tensor] = list(self.average.parameters())
        torch._foreach_lerp_(average, list(self.network.parameters()), 1 - decay)


def landmark_loss(network: LandmarkNetwork, images: Tensor, landmarks: Tensor) -> Tensor:
    """Return the mean distance of the landmarks from the truth in widths, and the cross entropy of their heat maps.

    Args:
        network: Any state of the training.
        images: ``[B, 3, r, r]`` in -1..1.
        landmarks: ``[B, 24, 3]``: x and y as fractions of the picture, visible 0 or 1.

    Returns:
        Scalar.
    """
    points, log_heat = network(images.contiguous(memory_format=torch.channels_last))
    truth, visible = landmarks[..., :2], landmarks[..., 2]
    weights = HIDDEN_WEIGHT + (1 - HIDDEN_WEIGHT) * visible
    distances = ((points - truth).square().sum(-1) + 1e-10).sqrt()
    offsets = network.cells - truth.clamp(0, 1)[:, :, None]
    sigma = HEAT_SIGMA * HEAT_MAP_STRIDE / network.config.resolution
    wanted = (-offsets.square().sum(-1) / (2 * sigma**2)).softmax(-1)
    entropies = -(wanted * log_heat).sum(-1)
    loss: Tensor = (weights * (distances + HEAT_WEIGHT * entropies)).sum() / weights.sum()
    return loss


def train_landmarks(run: LandmarkRun) -> LandmarkNetwork:
    """Train to the end of the schedule (or ``run.until``) and return the averaged network, frozen.

    Args:
        run: The shards must exist; a checkpoint in ``run.folder`` is continued.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    checkpoint = run.folder / "landmarks-checkpoint.pt"
    trainer = LandmarkTrainer(run)
    if checkpoint.exists():
        trainer.resume(checkpoint)
    renders = load_renders([training_shard(run.data, i) for i in range(run.preset.shards)])
    renders = renders.to(run.device)
    held_out = load_renders([held_out_shard(run.data)])
    order = epoch_order(len(renders))
    last = min(run.until or run.preset.samples, run.preset.samples)
    losses: list[Tensor] = []
    for seen in _progress(trainer, last):
        batch = renders.take(*order(seen, run.preset.batch))
        pictures = batch.pictures(run.preset.network.resolution)
        rng = torch.Generator().manual_seed(seen)
        losses.append(trainer.step(*augmented(pictures, batch.landmarks, rng)))
        due = trainer.seen // EVALUATION_EVERY > seen // EVALUATION_EVERY
        if due or trainer.seen >= last:
            _log(trainer, torch.stack(losses).mean().item(), held_out)
            trainer.save(checkpoint)
            losses.clear()
    return trainer.average


def _progress(trainer: LandmarkTrainer, last: int) -> Iterator[int]:
    """Yield the sample number of each step, with a progress bar."""
    batch, shown = trainer.run.preset.batch, False if trainer.run.quiet else None
    with progress_bar(last, "landmarks", done=trainer.seen, shown=shown, unit="picture") as bar:
        while trainer.seen < last:
            yield trainer.seen
            bar.update(batch)


def _log(trainer: LandmarkTrainer, loss: float, held_out: Renders) -> None:
    """Append a line with the loss and the held-out error to the log."""
    errors = landmark_errors(trainer.average, held_out)
    line = {
        "seen": trainer.seen,
        "loss": round(loss, 5),
        "error_percent": round(errors.nanmean().item(), 3),
        "cpu_s": round(time.process_time()),
    }
    with (trainer.run.folder / "landmarks-log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def _learning_rate_factor(preset: LandmarkPreset, seen: int) -> float:
    """Return the factor on the learning rates: a warm-up, and a cosine to zero at the end."""
    warm = min(1.0, (seen / preset.batch + 1) / preset.warmup_steps)
    done = max(0.0, (seen / preset.samples - 1 + preset.cosine) / preset.cosine)
    return warm * 0.5 * (1 + math.cos(math.pi * done))


def _is_matrix(name: str, parameter: nn.Parameter) -> bool:
    """Whether Muon updates a parameter: the weights of every convolution but the head."""
    return parameter.ndim == 4 and not name.startswith("head")
