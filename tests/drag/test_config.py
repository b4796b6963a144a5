import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS, SPACES
from draggan_widget.errors import InputError


def test_the_default_drag_is_inverse_kinematics_with_the_papers_settings() -> None:
    config = DragConfig()
    assert (config.solver, config.space, config.trainable_rows) == ("kinematic", "w+", 6)
    assert (config.supervision_radius, config.tracking_radius, config.mask_weight) == (3, 12, 20)
    assert config.max_steps == 300


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (
            "solver",
            "magic",
            "solver must be one of ['paper', 'official', 'whitened', 'kinematic'], got 'magic'",
        ),
        ("solver", ["paper"], "solver must be one of"),
        ("solver", np.array(["paper", "official"]), "solver must be one of"),
        ("space", "s", "space must be one of ['w+', 'w', 'z'], got 's'"),
        ("supervision_radius", 0, "supervision_radius must be a positive number up to 256, got 0"),
        (
            "tracking_radius",
            math.inf,
            "tracking_radius must be a positive number up to 256, got inf",
        ),
        ("tracking_radius", 257, "tracking_radius must be a positive number up to 256, got 257"),
        ("mask_weight", -1, "mask_weight must be a number from 0 to 1e+06, got -1"),
        ("mask_weight", True, "mask_weight must be a number from 0 to 1e+06, got True"),
        ("learning_rate", 0.0, "learning_rate must be a positive number or None"),
        ("learning_rate", "fast", "learning_rate must be a positive number or None, got 'fast'"),
        ("learning_rate", 10**400, "learning_rate must be a positive number or None, got 1000"),
        ("arrival_px", math.nan, "arrival_px must be a positive number or None, got nan"),
        ("max_steps", 0, "max_steps must be a whole number from 1, got 0"),
        ("max_steps", 2.5, "max_steps must be a whole number from 1, got 2.5"),
        ("feature_block", "big", "feature_block must be a whole number from 1, got 'big'"),
        ("trainable_rows", 0, "trainable_rows must be a whole number from 1, got 0"),
        ("seed", -1, "seed must be a whole number from 0, got -1"),
        ("jacobian_refresh", 1, "jacobian_refresh must be True or False, got 1"),
        ("subpixel_tracking", 1, "subpixel_tracking must be True, False or None, got 1"),
    ],
)
def test_an_unusable_value_is_refused_in_words(field: str, value: Any, words: str) -> None:
    with pytest.raises(InputError) as caught:
        DragConfig(**{field: value})
    assert words in str(caught.value)


@settings(deadline=None)
@given(
    solver=st.sampled_from(sorted(SOLVERS)),
    space=st.sampled_from(SPACES),
    radius=st.floats(0.1, 100),
    rate=st.none() | st.floats(1e-6, 10),
    block=st.none() | st.sampled_from([16, 32]),
    subpixel=st.none() | st.booleans(),
)
def test_a_config_survives_json(
    solver: str,
    space: str,
    radius: float,
    rate: float | None,
    block: int | None,
    subpixel: bool | None,
) -> None:
    config = DragConfig(
        solver=solver,
        space=space,
        supervision_radius=radius,
        learning_rate=rate,
        feature_block=block,
        subpixel_tracking=subpixel,
    )
    assert DragConfig.from_json(config.to_json()) == config


def test_numpy_scalars_are_taken_as_plain_numbers() -> None:
    config = DragConfig(max_steps=np.int64(7), mask_weight=np.float32(2), seed=np.uint8(3))
    assert config == DragConfig(max_steps=7, mask_weight=2.0, seed=3)
    assert json.loads(json.dumps(config.to_json()))["max_steps"] == 7


def test_absent_fields_take_their_defaults() -> None:
    assert DragConfig.from_json({"solver": "official"}) == DragConfig(solver="official")


def test_unknown_fields_are_listed_with_the_known_ones() -> None:
    with pytest.raises(
        InputError, match=r"unknown config fields \['lambda', 'r1'\]; known: \[.*seed"
    ):
        DragConfig.from_json({"r1": 3, "lambda": 20})


def test_json_that_is_no_object_is_refused() -> None:
    values: Any = ["paper"]
    with pytest.raises(InputError, match="config must be an object of fields, got list"):
        DragConfig.from_json(values)


@pytest.mark.parametrize(
    ("size", "disc", "window"), [(128, 1, 3), (256, 2, 6), (512, 3, 12), (1024, 6, 24)]
)
def test_the_official_radii_scale_with_the_picture_and_are_whole(
    size: int, disc: float, window: int
) -> None:
    config = DragConfig(solver="official")
    assert config.supervision_radius_px(size, size) == disc
    assert config.tracking_radius_px(size, size) == window


def test_the_papers_patch_is_not_rounded_but_never_below_a_pixel() -> None:
    paper = DragConfig(solver="paper")
    assert paper.supervision_radius_px(256, 256) == 1.5
    assert paper.supervision_radius_px(64, 64) == 1.0
    assert DragConfig(solver="paper", tracking_radius=0.1).tracking_radius_px(64, 64) == 1


def test_the_longer_side_of_a_picture_sets_the_scale() -> None:
    assert DragConfig().tracking_radius_px(512, 1024) == 24
    assert DragConfig().tracking_radius_px(1024, 512) == 24


@pytest.mark.parametrize(
    ("solver", "size", "points", "stop"),
    [
        ("paper", 512, 1, 1),
        ("paper", 512, 5, 1),
        ("paper", 512, 6, 2),
        ("paper", 1024, 1, 2),
        ("paper", 128, 1, 1),
        ("official", 512, 1, 2),
        ("official", 1024, 1, 4),
        ("official", 128, 9, 2),
        ("kinematic", 512, 1, 1),
        ("whitened", 128, 9, 2),
    ],
)
def test_the_solvers_stop_where_they_say(solver: str, size: int, points: int, stop: float) -> None:
    assert DragConfig(solver=solver).stop_radius_px(size, size, points) == stop


def test_a_given_arrival_is_scaled_and_replaces_the_rule() -> None:
    assert DragConfig(arrival_px=4).stop_radius_px(128, 128, 9) == 1


def test_the_default_step_follows_the_deviation_of_w() -> None:
    assert DragConfig(solver="paper").step_size(1.5) == pytest.approx(0.03)
    assert DragConfig(solver="official").step_size(1.5) == pytest.approx(0.015)
    assert DragConfig(solver="paper", learning_rate=0.002).step_size(1.5) == 0.002


@pytest.mark.parametrize(
    ("height", "block", "finer"),
    [
        (1024, 128, 128),
        (256, 128, 128),
        (128, 32, 64),
        (64, 16, 32),
        (16, 4, 8),
        (8, 4, 4),
    ],
)
def test_the_default_block_follows_the_size_of_the_picture(
    height: int, block: int, finer: int
) -> None:
    blocks = tuple(b for b in (4, 8, 16, 32, 64, 128, 256, 512, 1024) if b <= height)
    assert DragConfig(solver="paper").block_of(height, blocks) == block
    assert DragConfig(solver="kinematic").block_of(height, blocks) == finer


def test_a_block_that_the_generator_lacks_is_refused() -> None:
    with pytest.raises(InputError, match=r"one of the generator's blocks \[4, 8, 16\], got 32"):
        DragConfig(feature_block=32).block_of(16, (4, 8, 16))


def test_subpixel_tracking_can_be_overruled() -> None:
    assert DragConfig(solver="paper").tracks_subpixel
    assert not DragConfig(solver="official").tracks_subpixel
    assert not DragConfig(solver="paper", subpixel_tracking=False).tracks_subpixel
    assert DragConfig(solver="official", subpixel_tracking=True).tracks_subpixel
