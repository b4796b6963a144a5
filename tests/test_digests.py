"""Digests of files and of weights."""

import hashlib
from pathlib import Path

import torch

from draggan_widget.digests import PIECE_BYTES, file_digest, weights_digest
from draggan_widget.generator import Generator, StyleGAN2Config

SMALL = StyleGAN2Config(resolution=8, z_dim=4, w_dim=4, channel_base=32, mapping_layers=1)


def test_digests_tell_weights_apart() -> None:
    generator, same, strange = (Generator(SMALL) for _ in range(3))
    same.load_state_dict(generator.state_dict())
    with torch.no_grad():
        strange.mapping.w_avg.add_(1)
    assert weights_digest(same) == weights_digest(generator)
    assert weights_digest(same) != weights_digest(strange)


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * (PIECE_BYTES // 256) + b"the rest"
    (tmp_path / "a").write_bytes(data)
    assert file_digest(tmp_path / "a") == hashlib.sha256(data).hexdigest()
