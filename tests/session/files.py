"""Session files, read back as sessions and in parts."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from draggan_widget.session import DragSession
from tests.picture_blobs import MappedPictureBlobs, PictureBlobs


def contents(path: Path) -> tuple[dict[str, str], dict[str, Any], dict[str, torch.Tensor]]:
    """Return metadata, description and tensors of a session file; written again, it is one without a digest."""
    with safe_open(str(path), framework="pt") as file:
        metadata = {key: text for key, text in file.metadata().items() if key != "sha256"}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
    return metadata, json.loads(metadata["session"]), tensors


def load(path: Path) -> DragSession:
    return DragSession.load(path, generator=PictureBlobs())


def load_z(path: Path) -> DragSession:
    return DragSession.load(path, generator=MappedPictureBlobs())
