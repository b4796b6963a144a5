"""SHA-256 digests, as 64 hexadecimal digits."""

import hashlib
from pathlib import Path

import torch
from torch import nn

PIECE_BYTES = 1 << 20
"""How much of a file is read at once."""


def file_digest(file: Path) -> str:
    """Return that of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        for piece in iter(lambda: stream.read(PIECE_BYTES), b""):
            digest.update(piece)
    return digest.hexdigest()


def weights_digest(module: nn.Module) -> str:
    """Return that of names, types, shapes and values of the tensors of a module."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
