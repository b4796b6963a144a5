"""What a drag does: the solvers as tables of rules, and the settings that a person may change.

Lengths in pixels are given for a picture of 512 px and scaled to the picture at hand.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import numpy as np

from draggan_widget.errors import InputError

REFERENCE_SIZE_PX = 512
"""Size of the picture for which lengths are given, as in the paper."""

FEW_POINTS = 5
"""Up to this many points the finer stop radius holds (DragGAN, Pan et al. 2023, section 3.2)."""

PUBLISHED_BLOCK = 128
"""Resolution of the feature block of the published method, for pictures of 256 px and more."""

LARGEST_RADIUS = REFERENCE_SIZE_PX / 2
"""A patch or window of this radius is as large as the picture; memory grows with its square."""

SMALLEST_RADIUS_PX = 1.0
"""A patch or window always has the next pixels, however small the picture is."""

HEAVIEST_MASK = 1e6
"""Nothing moves against a mask of this weight; more would overflow."""

PATIENCE = 100
"""Steps of Adam without progress after which a drag has stalled. Shorter pauses are usual: against
a mask a point needs some 40 steps for a whole pixel, and a mask that is set late pulls points back
for as long before they come on again."""


@dataclass(frozen=True)
class SolverRules:
    """The choices in which the known versions of the method differ.

    Attributes:
        tracking_norm: 1 or 2, the norm by which features are compared when a point is tracked.
        subpixel_tracking: Whether a tracked point is refined below the whole pixel.
        patch_reduction: ``"sum"`` weighs every pixel of a patch equally, so that a patch cut off by
            the border pulls less; ``"mean"`` weighs every point equally.
        whole_pixel_disc: Whether the patch is ``distance < round(r1)``, not ``distance <= r1``.
        zeros_outside: Whether the picture is continued by zero features; otherwise a pixel of the
            patch that is moved out of the picture does not count.
        idle_px: A point nearer than this to its target, in pixels of the picture, gets no force.
        stop_px: Stop radius up to five points, and above; pixels of a 512-px picture, and never
            fewer pixels of the picture at hand.
        relative_step: Default learning rate in standard deviations of w.
        row_coupling: Correlation of the moving rows in a metric of standard deviations of w, 0..1;
            None where entries of w are moved as they are.
        block_divisor: The feature block of a picture below 256 px is its height over this.
        follow_px: A target that is aimed anew during a live drag is followed from this distance on, in pixels of the
            picture; None: from the stop radius on.
        stall_steps: A drag has stalled when the largest distance did not fall for so many steps.
    """

    tracking_norm: Literal[1, 2]
    subpixel_tracking: bool
    patch_reduction: Literal["sum", "mean"]
    whole_pixel_disc: bool
    zeros_outside: bool
    idle_px: float
    stop_px: tuple[float, float]
    relative_step: float
    row_coupling: float | None = None
    block_divisor: int = 4
    follow_px: float | None = None
    stall_steps: int = PATIENCE


SOLVERS: Mapping[str, SolverRules] = {
    # The article. Its step for faces is 2e-3; 0.02 standard deviations is the same speed on
    # generators whose w is scaled otherwise (the embedded one's deviation is above 1).
    "paper": SolverRules(
        tracking_norm=1,
        subpixel_tracking=True,
        patch_reduction="sum",
        whole_pixel_disc=False,
        zeros_outside=False,
        idle_px=0.0,
        stop_px=(1.0, 2.0),
        relative_step=0.02,
    ),
    # How the authors' program behaves, which steps half as far.
    "official": SolverRules(
        tracking_norm=2,
        subpixel_tracking=False,
        patch_reduction="mean",
        whole_pixel_disc=True,
        zeros_outside=True,
        idle_px=1.0,
        stop_px=(2.0, 2.0),
        relative_step=0.01,
    ),
    # The article's loop in standard deviations of w along its principal directions.
    "whitened": SolverRules(
        tracking_norm=1,
        subpixel_tracking=True,
        patch_reduction="sum",
        whole_pixel_disc=False,
        zeros_outside=False,
        idle_px=0.0,
        stop_px=(1.0, 2.0),
        relative_step=0.04,
        row_coupling=0.9,
    ),
    # Inverse kinematics; it compares whole patches, and has no loss to descend.
    "kinematic": SolverRules(
        tracking_norm=2,
        subpixel_tracking=True,
        patch_reduction="sum",
        whole_pixel_disc=False,
        zeros_outside=False,
        idle_px=0.0,
        stop_px=(1.0, 2.0),
        relative_step=0.0,
        row_coupling=0.99,
        block_divisor=2,
        follow_px=0.1,
        stall_steps=5,
    ),
}
"""The known solvers by name."""

SPACES = ("w+", "w", "z")
"""Latent spaces: every trainable row free, the trainable rows moved by one common offset, or moved
as the mapping moves them when z does."""


@dataclass(frozen=True)
class DragConfig:
    """Settings of a drag.

    Attributes:
        solver: Name of a solver, see :data:`SOLVERS`.
        space: ``"w+"`` (every trainable row is free), ``"w"`` (one offset for all of them) or
            ``"z"`` (they move as the mapping moves them; for a picture whose z is known).
        feature_block: Resolution of the block whose features are compared. None: 128 for pictures
            from 256 px, else a quarter of the picture's height, a half for ``kinematic``.
        supervision_radius: r1, radius of the patch that is moved, in px of a 512-px picture, up to
            256. ``kinematic`` has patches and windows of its own.
        tracking_radius: r2, half side of the window that is searched, in px of a 512-px picture, up to
            256. Likewise.
        mask_weight: lambda, weight of the change outside the mask, 0 (no mask) to 1e6.
        learning_rate: Adam's step in units of what it moves: of w, of z in the space ``"z"``, or of
            standard deviations of w for ``whitened``. None: the solver's step in standard
            deviations. ``kinematic`` has none.
        max_steps: Most steps of one drag, at least 1; counted by the optimizer's caller.
        arrival_px: Distance at which a point has arrived, in px of a 512-px picture. None: the
            solver's rule.
        subpixel_tracking: Whether points are tracked below the whole pixel. None: as the solver;
            ``kinematic`` always does so.
        trainable_rows: Number of rows of w+, from the first, that are optimised (all, if the
            generator has fewer).
        jacobian_refresh: Whether ``kinematic`` differentiates one coordinate of a handle anew at each
            step, for a backward pass; otherwise it does so once and learns from what steps do.
        seed: Seed of solvers that draw random numbers; those known draw none.
    """

    solver: str = "kinematic"
    space: str = "w+"
    feature_block: int | None = None
    supervision_radius: float = 3.0
    tracking_radius: float = 12.0
    mask_weight: float = 20.0
    learning_rate: float | None = None
    max_steps: int = 300
    arrival_px: float | None = None
    subpixel_tracking: bool | None = None
    trainable_rows: int = 6
    jacobian_refresh: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Take NumPy's scalars as plain ones, and refuse values that no drag can use."""
        for field in fields(self):
            if isinstance(value := getattr(self, field.name), np.generic):
                object.__setattr__(self, field.name, value.item())
        _check_choice("solver", self.solver, tuple(SOLVERS))
        _check_choice("space", self.space, SPACES)
        for name in ("supervision_radius", "tracking_radius"):
            _check_number(
                name,
                getattr(self, name),
                f"a positive number up to {LARGEST_RADIUS:g}",
                lambda v: 0 < v <= LARGEST_RADIUS,
            )
        for name in ("learning_rate", "arrival_px"):
            if getattr(self, name) is not None:
                _check_number(
                    name, getattr(self, name), "a positive number or None", lambda v: v > 0
                )
        _check_number(
            "mask_weight",
            self.mask_weight,
            f"a number from 0 to {HEAVIEST_MASK:g}",
            lambda v: 0 <= v <= HEAVIEST_MASK,
        )
        if self.feature_block is not None:
            _check_integer("feature_block", self.feature_block, 1)
        _check_integer("max_steps", self.max_steps, 1)
        _check_integer("trainable_rows", self.trainable_rows, 1)
        _check_integer("seed", self.seed, 0)
        if not isinstance(self.jacobian_refresh, bool):
            raise InputError(
                f"jacobian_refresh must be True or False, got {self.jacobian_refresh!r}"
            )
        if not isinstance(self.subpixel_tracking, bool | None):
            raise InputError(
                f"subpixel_tracking must be True, False or None, got {self.subpixel_tracking!r}"
            )

    @property
    def rules(self) -> SolverRules:
        """Rules of the solver."""
        return SOLVERS[self.solver]

    @property
    def tracks_subpixel(self) -> bool:
        """Whether points are tracked below the whole pixel."""
        if self.subpixel_tracking is None:
            return self.rules.subpixel_tracking
        return self.subpixel_tracking

    def supervision_radius_px(self, width: int, height: int) -> float:
        """Return r1 in pixels of a picture of this size; whole where the solver's disc is."""
        radius = self.supervision_radius * pixel_scale(width, height)
        return max(round(radius) if self.rules.whole_pixel_disc else radius, SMALLEST_RADIUS_PX)

    def tracking_radius_px(self, width: int, height: int) -> int:
        """Return r2 in whole pixels of a picture of this size."""
        radius = self.tracking_radius * pixel_scale(width, height)
        return max(round(radius), round(SMALLEST_RADIUS_PX))

    def stop_radius_px(self, width: int, height: int, points: int) -> float:
        """Return the distance at which each of ``points`` points has arrived, in picture pixels."""
        scale = pixel_scale(width, height)
        if self.arrival_px is not None:
            return self.arrival_px * scale
        stop_px = self.rules.stop_px[points > FEW_POINTS]
        return max(stop_px * scale, stop_px)

    def step_size(self, deviation: float) -> float:
        """Return Adam's learning rate in coordinates that have this deviation over random pictures."""
        if self.learning_rate is not None:
            return self.learning_rate
        return self.rules.relative_step * deviation

    def block_of(self, height: int, blocks: tuple[int, ...]) -> int:
        """Return the block whose features are compared.

        Args:
            height: Height of the picture in pixels.
            blocks: The generator's blocks, ascending.

        Raises:
            InputError: ``feature_block`` is not one of them.
        """
        if self.feature_block is None:
            large = height >= 2 * PUBLISHED_BLOCK
            wanted = PUBLISHED_BLOCK if large else height // self.rules.block_divisor
            return max((b for b in blocks if b <= wanted), default=blocks[0])
        if self.feature_block not in blocks:
            raise InputError(
                f"feature_block must be one of the generator's blocks {list(blocks)}, "
                f"got {self.feature_block}; None chooses one"
            )
        return self.feature_block

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "DragConfig":
        """Return the configuration that :meth:`to_json` wrote; absent fields take their defaults.

        Raises:
            InputError: A field is unknown or has an unusable value.
        """
        if not isinstance(values, Mapping):
            raise InputError(f"config must be an object of fields, got {type(values).__name__}")
        known = [field.name for field in fields(cls)]
        if unknown := sorted(str(key) for key in values if key not in known):
            raise InputError(f"unknown config fields {unknown}; known: {known}")
        return cls(**values)


def pixel_scale(width: int, height: int) -> float:
    """Return how many pixels of a picture one pixel of a 512-px picture is (by its longer side)."""
    return max(width, height) / REFERENCE_SIZE_PX


def _check_choice(name: str, value: object, known: tuple[str, ...]) -> None:
    """Refuse a name that is not known."""
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} must be one of {list(known)}, got {value!r}")


def _check_number(name: str, value: object, expected: str, holds: Callable[[float], bool]) -> None:
    """Refuse what is no finite number of the expected range."""
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not abs(value) <= sys.float_info.max  # also for whole numbers that are no float
        or not holds(value)
    ):
        raise InputError(f"{name} must be {expected}, got {value!r}")


def _check_integer(name: str, value: object, smallest: int) -> None:
    """Refuse what is no whole number from ``smallest``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < smallest:
        raise InputError(f"{name} must be a whole number from {smallest}, got {value!r}")
