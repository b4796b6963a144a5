"""The measures on points, pictures and latents whose differences are known."""

import math

import numpy as np
import pytest
import torch

from draggan_widget.evaluation.measures import (
    BEST_PSNR_DB,
    MEASURES,
    change_outside,
    gradient_psnr_db,
    mean_change,
    mean_distance_px,
    mse_x100,
    psnr_db,
    w_distance,
)
from draggan_widget.evaluation.protocols import PROTOCOLS

GREY = torch.zeros(1, 3, 8, 8)


def test_distances_are_euclidean_means() -> None:
    points = np.array([[0.0, 0.0], [5.0, 5.0]])
    targets = np.array([[3.0, 4.0], [5.0, 6.0]])
    assert mean_distance_px(points, targets) == 3.0


def test_a_constant_offset_has_the_error_of_the_formulas() -> None:
    lighter = GREY + 0.2  # a tenth of the range of colours
    assert mean_change(GREY, lighter) == pytest.approx(25.5)
    assert mse_x100(lighter, GREY) == pytest.approx(1.0)
    assert psnr_db(lighter, GREY) == pytest.approx(20.0)


def test_the_gradient_does_not_see_a_constant_offset() -> None:
    assert gradient_psnr_db(GREY + 0.25, GREY) == BEST_PSNR_DB


def test_the_gradient_sees_an_edge() -> None:
    edge = GREY.clone()
    edge[..., 4:] = (
        0.2  # 24 rows have one difference of 0.1 among 7 to the right, and 168 below are zero
    )
    expected = 24 * 0.1**2 / (24 * 7 + 24 * 7)
    assert gradient_psnr_db(edge, GREY) == pytest.approx(-10 * math.log10(expected))


def test_equal_pictures_have_a_finite_best_value() -> None:
    assert psnr_db(GREY, GREY) == BEST_PSNR_DB
    assert mse_x100(GREY, GREY) == 0.0


def test_colours_beyond_the_range_count_as_they_are_shown() -> None:
    assert mean_change(GREY + 1, GREY + 3) == 0.0


def test_the_change_outside_leaves_the_region_out() -> None:
    changed = GREY.clone()
    changed[..., :4, :] = 1.0
    changed[:, 0, 4:, :] = 0.2
    region = np.zeros((8, 8), dtype=bool)
    region[:4] = True
    outside = change_outside(GREY, changed, region)
    assert outside == pytest.approx(25.5 / 3)
    assert change_outside(GREY, changed, np.ones((8, 8), dtype=bool)) is None


def test_latents_differ_by_standard_deviations_of_their_rows() -> None:
    first = torch.zeros(1, 4, 5)
    second = torch.tensor([3.0, 8.0, 100.0, 100.0])[None, :, None].expand(1, 4, 5)
    assert w_distance(first, second, torch.tensor([1.0, 2.0, 1.0, 1.0]), 2) == pytest.approx(
        math.sqrt((3**2 + 4**2) / 2)
    )


def test_every_measure_of_a_protocol_is_described() -> None:
    for protocol in PROTOCOLS.values():
        assert set(protocol.measures) | set(protocol.headlines) <= set(MEASURES)
