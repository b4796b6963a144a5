"""A render of the scene that the embedded generator knows is found, and can be dragged as one of its own pictures.

Twenty of them are measured by ``draggan-widget evaluate inversion``, whose figures are in docs/evaluation.md.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import draggan_widget as dg
from draggan_widget.animals import render
from draggan_widget.evaluation.cases import NOSE, nose_case
from draggan_widget.evaluation.landmark_network import load_landmark_network, measured_landmarks
from draggan_widget.inversion.crops import found_crop
from draggan_widget.inversion.photo import Crop
from draggan_widget.inversion.samples import samples
from draggan_widget.pretrained import load_stylegan2
from tests.inversion.test_ground import overlap

LEAST_DB = 27
MOST_TIMES = 1.5
"""The error of a drag on what was found, against that on the latent of the scene itself."""

MEASURABLE_PX = 1.0
"""Errors below are those of the network that finds the nose."""


@pytest.mark.slow
def test_a_render_is_found_and_its_nose_goes_where_it_would_from_its_own_latent() -> None:
    generator = load_stylegan2("animals", device="cpu")
    case = nose_case(generator, 2026, 0)
    assert case.truth is not None
    photo = render(case.truth.z[:1], generator.width)[0].numpy()
    found = dg.invert(photo, generator, steps=100, progress=False)
    assert found.score.psnr_db >= LEAST_DB
    assert not found.score.warning

    network = load_landmark_network()
    errors = []
    for w in (case.start_w, found.w):
        session = dg.DragSession(generator, w=w)
        session.set_points(case.handle_points, case.target_points)
        assert session.drag().status == "arrived"
        (landmarks,) = measured_landmarks(network, generator.image(session.w)).numpy()
        errors.append(float(np.linalg.norm(landmarks[NOSE] - case.truth.landmarks_px[1, NOSE])))
    own, theirs = errors
    assert theirs <= MOST_TIMES * max(own, MEASURABLE_PX)


@pytest.mark.slow
def test_a_head_before_a_wall_is_found() -> None:
    known = samples(load_stylegan2("animals", device="cpu"))
    z = torch.randn(1, 30, generator=torch.Generator().manual_seed(77))
    head = Image.fromarray(render(z, 128)[0].numpy())
    place = Crop(150, 40, 120, 120)
    photo = Image.new("RGB", (320, 240), (205, 160, 110))
    photo.paste(head.resize((120, 120), Image.Resampling.BICUBIC), (150, 40))
    assert overlap(found_crop(photo, known), place) > 0.7
