"""What is trained and how: architectures, stages and optimizer settings."""

from dataclasses import dataclass, replace

from draggan_widget.animals import GEOMETRY_DIM, Z_DIM
from draggan_widget.generator import LatentSplit, StyleGAN2Config

GEOMETRY_ROWS = 6
"""Rows of w+ that carry geometry: the rows that DragGAN optimises (Pan et al. 2023, section 3.2)."""


@dataclass(frozen=True)
class Stage:
    """A part of the training at one picture size.

    Attributes:
        resolution: Size of the pictures in pixels.
        until: Training pictures seen, over all stages, when the stage ends.
        jitter: Standard deviation of the noise added to each row of w, in standard deviations of w: at the start of
            the stage, and from its middle on.
        shards: Shards of rendered pictures to train on; mirrored pictures double them.
        rate: Factor on the learning rates.
        cosine: Share of the stage, at its end, over which the learning rates fall to zero along a cosine.
    """

    resolution: int
    until: int
    jitter: tuple[float, float]
    shards: int
    rate: float = 1.0
    cosine: float = 0.0


@dataclass(frozen=True)
class Preset:
    """A generator, its data and its schedule.

    Attributes:
        generator: Architecture.
        stages: In order; the last one has the full resolution.
        batch: Pictures per step, over all processes.
        adam_learning_rate: For biases, RGB layers, the constant and the first mapping layer.
        muon_learning_rate: Root mean square of one step of an entry of the other matrices.
        ema_decay: Decay per step of the averaged weights that are shipped.
        warmup_steps: Steps over which the learning rates rise at the start of the first stage.
    """

    generator: StyleGAN2Config
    stages: tuple[Stage, ...]
    batch: int = 16
    adam_learning_rate: float = 2.5e-3
    muon_learning_rate: float = 4e-3
    ema_decay: float = 0.993
    warmup_steps: int = 100

    @property
    def shards(self) -> int:
        """Shards of rendered pictures that the whole schedule needs."""
        return max(stage.shards for stage in self.stages)

    @property
    def samples(self) -> int:
        """Training pictures that the whole schedule sees."""
        return self.stages[-1].until

    def stage_at(self, seen: int) -> tuple[int, Stage]:
        """Return the position of the stage that trains on picture number ``seen``, and the stage."""
        for index, stage in enumerate(self.stages):
            if seen < stage.until:
                return index, stage
        raise IndexError(f"the schedule ends at {self.samples} pictures, got {seen}")

    def stage_progress(self, seen: int) -> float:
        """Return how much of its stage is done at picture number ``seen``, 0..1."""
        index, stage = self.stage_at(seen)
        start = self.stages[index - 1].until if index else 0
        return (seen - start) / (stage.until - start)


def _animals(resolution: int) -> StyleGAN2Config:
    """Return the architecture of the animals generators."""
    return StyleGAN2Config(
        resolution=resolution,
        z_dim=Z_DIM,
        w_dim=256,
        channel_base=4096,
        channel_max=256,
        mapping_layers=3,
        mapping_lr_multiplier=1.0,
        z_input="uniform",
        split=LatentSplit(dims=GEOMETRY_DIM, rows=GEOMETRY_ROWS),
    )


PRESETS: dict[str, Preset] = {
    # Made on two cores of a CPU; see the model card.
    "animals": Preset(
        generator=_animals(128),
        stages=(
            Stage(resolution=32, until=8_000, jitter=(0.15, 0.15), shards=26),
            Stage(resolution=64, until=28_000, jitter=(0.15, 0.2), shards=26),
            Stage(resolution=128, until=72_000, jitter=(0.2, 0.3), shards=26, cosine=0.6),
            Stage(resolution=128, until=150_000, jitter=(0.3, 0.3), shards=56, rate=0.5),
            Stage(
                resolution=128, until=284_800, jitter=(0.3, 0.3), shards=64, rate=0.8, cosine=1.0
            ),
        ),
    ),
    # For one data-centre GPU, some 20 GB of memory each of the machine and the device for the pictures.
    # Run on a CPU for a trial only: that it trains is tested, how good it gets is not measured.
    "animals-256": Preset(
        generator=_animals(256),
        stages=(
            Stage(resolution=32, until=400_000, jitter=(0.15, 0.15), shards=200),
            Stage(resolution=64, until=1_600_000, jitter=(0.15, 0.2), shards=200),
            Stage(resolution=128, until=3_600_000, jitter=(0.2, 0.3), shards=200),
            Stage(resolution=256, until=6_000_000, jitter=(0.3, 0.3), shards=200, cosine=0.8),
        ),
        batch=64,
        adam_learning_rate=4e-3,
        ema_decay=0.998,
    ),
    "tiny": Preset(
        generator=StyleGAN2Config(
            resolution=32,
            z_dim=Z_DIM,
            w_dim=32,
            channel_base=256,
            channel_max=32,
            mapping_layers=2,
            mapping_lr_multiplier=1.0,
            z_input="uniform",
            split=LatentSplit(dims=GEOMETRY_DIM, rows=GEOMETRY_ROWS),
        ),
        stages=(
            Stage(resolution=16, until=160, jitter=(0.15, 0.15), shards=1),
            Stage(resolution=32, until=320, jitter=(0.2, 0.2), shards=1, cosine=0.5),
        ),
        warmup_steps=5,
    ),
}
"""Presets by name; ``tiny`` runs the whole pipeline in seconds."""

TRIAL_STEPS = 208
"""Steps of a trial; enough for each stage of a schedule to have its share."""

TRIAL_BATCH = 8
"""Pictures per step of a trial."""


def trial(preset: Preset) -> Preset:
    """Return a preset compressed to a few steps on one shard, which passes through every stage.

    It shows in minutes that a machine can run the preset from the renders to the report; its pictures are rough.
    """
    shrink = TRIAL_STEPS / (preset.samples / TRIAL_BATCH)
    steps = [max(1, round(stage.until / TRIAL_BATCH * shrink)) for stage in preset.stages]
    stages = tuple(
        replace(stage, until=count * TRIAL_BATCH, shards=1)
        for stage, count in zip(preset.stages, steps, strict=True)
    )
    return replace(preset, stages=stages, batch=TRIAL_BATCH)
