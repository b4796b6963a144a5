import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from draggan_widget.errors import SessionFileError
from draggan_widget.session import DragSession
from tests.session.files import contents, load, load_z


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["generator"], 3, "generator must be dict"),
        (["generator", "name"], None, "name must be str"),
        (["config"], {"solver": "magic"}, "unusable config: solver must be one of"),
        (["config"], {"speed": 3}, "unknown config fields"),
        (["config"], [], "config must be dict"),
        (["position"], 6, "position of one of them"),
        (["position"], True, "position must be int"),
        (["entries"], [], "1 to 200 entries"),
        (["entries", 1], "drag", "an entry must be an object"),
        (["entries", 1, "label"], "x" * 2000, "label must be str"),
        (["entries", 1, "seed"], -4, "seed must be a whole number"),
        (["entries", 1, "w"], 99, "w must be an index below 3"),
        (["entries", 1, "w"], -1, "w must be an index below 3"),
        (["entries", 1, "held_w"], 99, "held_w must be an index below 3"),
        (["entries", 1, "mask"], 1, "mask must be an index below 1"),
        (["entries", 1, "mask"], "a", "mask must be an index below 1"),
        (["entries", 1, "handle_points"], [[1, 2, 3]], "handle_points must be"),
        (["entries", 1, "handle_points"], [[1e9, 2]], "must lie in the picture"),
        (["entries", 1, "target_points"], [[float("nan"), 2]], "must be finite"),
        (["entries", 1, "put_points"], [], "one point per handle"),
        (["entries", 1, "point_ids"], [0], "point_ids must be from 1"),
        (["entries", 1, "point_ids"], [1, 2], "one id per point"),
        (["entries", 1, "point_ids"], ["1"], "must be whole numbers"),
    ],
)
def test_a_damaged_description_is_refused(
    saved: tuple[DragSession, Path], path: list[Any], value: object, message: str
) -> None:
    metadata, description, tensors = contents(saved[1])
    place = description
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    metadata["session"] = json.dumps(description)
    save_file(tensors, str(saved[1]), metadata)
    with pytest.raises(SessionFileError, match=message):
        load(saved[1])


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("latents", torch.zeros(3, 8, 7), r"must hold latents \[K, 8, 6\]"),
        ("latents", torch.zeros(3, 8, 6, dtype=torch.int64), "must hold latents"),
        (
            "latents",
            torch.zeros(3, 8, 6, dtype=torch.float16),
            r"must hold latents .* of torch.float",
        ),
        ("latents", torch.full((3, 8, 6), torch.inf), "latents must be finite"),
        ("masks", torch.ones(1, 32, 64, dtype=torch.bool), r"boolean masks \[M, 64, 64\]"),
        ("masks", torch.ones(1, 64, 64), "boolean masks"),
        ("masks", torch.zeros(1, 64, 64, dtype=torch.bool), "True somewhere"),
    ],
)
def test_damaged_tensors_are_refused(
    saved: tuple[DragSession, Path], name: str, tensor: torch.Tensor, message: str
) -> None:
    metadata, _, tensors = contents(saved[1])
    save_file(tensors | {name: tensor}, str(saved[1]), metadata)
    with pytest.raises(SessionFileError, match=message):
        load(saved[1])


def test_a_file_without_latents_is_refused(saved: tuple[DragSession, Path]) -> None:
    metadata, _, tensors = contents(saved[1])
    save_file({"masks": tensors["masks"]}, str(saved[1]), metadata)
    with pytest.raises(SessionFileError, match="must hold latents"):
        load(saved[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z": 7}, "z must be an index below 2"),
        ({"z": None}, "start_z and z must both be there"),
        ({"start_z": "a"}, "start_z must be an index below 2"),
    ],
)
def test_a_damaged_z_is_refused(
    saved_z: tuple[DragSession, Path], change: dict[str, Any], message: str
) -> None:
    metadata, description, tensors = contents(saved_z[1])
    description["entries"][1] |= change
    metadata["session"] = json.dumps(description)
    save_file(tensors, str(saved_z[1]), metadata)
    with pytest.raises(SessionFileError, match=message):
        load_z(saved_z[1])


@pytest.mark.parametrize(
    ("zs", "message"),
    [
        (torch.zeros(2, 5), r"must hold zs \[L, 6\] of torch.float32"),
        (torch.zeros(2, 6, dtype=torch.float64), "must hold zs"),
        (torch.zeros(12), "must hold zs"),
        (torch.full((2, 6), torch.nan), "zs must be finite"),
    ],
)
def test_damaged_zs_are_refused(
    saved_z: tuple[DragSession, Path], zs: torch.Tensor, message: str
) -> None:
    metadata, _, tensors = contents(saved_z[1])
    save_file(tensors | {"zs": zs}, str(saved_z[1]), metadata)
    with pytest.raises(SessionFileError, match=message):
        load_z(saved_z[1])
