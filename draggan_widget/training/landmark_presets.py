"""Landmark networks that are trained, and how."""

from dataclasses import dataclass, replace

from draggan_widget.evaluation.landmark_network import LandmarkNetworkConfig
from draggan_widget.training.presets import TRIAL_STEPS


@dataclass(frozen=True)
class LandmarkPreset:
    """A landmark network, its data and its schedule.

    Attributes:
        network: Architecture; its resolution is that of the renders.
        shards: Shards of rendered pictures to train on; mirrored pictures double them.
        samples: Training pictures seen.
        batch: Pictures per step.
        adam_learning_rate: For biases and the head.
        muon_learning_rate: Root mean square of one step of an entry of the other weights.
        ema_decay: Decay per step of the averaged weights that are shipped.
        warmup_steps: Steps over which the learning rates rise.
        cosine: Share of the training, at its end, over which the learning rates fall to zero along a cosine.
    """

    network: LandmarkNetworkConfig
    shards: int
    samples: int
    batch: int = 32
    adam_learning_rate: float = 3e-3
    muon_learning_rate: float = 2e-3
    ema_decay: float = 0.99
    warmup_steps: int = 50
    cosine: float = 0.9


LANDMARK_PRESETS: dict[str, LandmarkPreset] = {
    "landmarks": LandmarkPreset(LandmarkNetworkConfig(), shards=56, samples=48_000),
    "landmarks-tiny": LandmarkPreset(
        LandmarkNetworkConfig(resolution=32, channels=(8, 8, 16, 16), blocks=1),
        shards=1,
        samples=640,
        batch=16,
        warmup_steps=5,
    ),
}
"""Presets by name; ``landmarks-tiny`` runs the whole pipeline in seconds."""


def landmark_trial(preset: LandmarkPreset) -> LandmarkPreset:
    """Return a preset compressed to a few steps on one shard, which shows in minutes that a machine can run it."""
    return replace(preset, samples=TRIAL_STEPS * preset.batch, shards=1)
