"""Generator files: what is written is read back, and anything else is refused in full."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from draggan_widget.checkpoints import load_generator_file, save_generator_file
from draggan_widget.checkpoints.safetensors import FORMAT
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import Generator, LatentSplit, StyleGAN2Config

CONFIG = StyleGAN2Config(
    resolution=16,
    z_dim=4,
    w_dim=6,
    channel_base=64,
    channel_max=8,
    mapping_layers=2,
    split=LatentSplit(2, 3),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of a small generator file."""
    path = tmp_path / "small.safetensors"
    save_generator_file(Generator(CONFIG, name="small"), path, dtype=torch.float32)
    return path


def metadata(**changes: str) -> dict[str, str]:
    """Return the metadata of a valid file, changed."""
    config = json.dumps(CONFIG.to_json())
    return {"format": FORMAT, "name": "small", "noise": "true", "config": config, **changes}


def test_a_generator_survives_the_file_bit_for_bit(tmp_path: Path) -> None:
    generator = Generator(CONFIG, name="small").frozen()
    generator.noise = False
    path = tmp_path / "small.safetensors"
    save_generator_file(generator, path, dtype=torch.float32)
    loaded = load_generator_file(path)
    assert (loaded.name, loaded.config, loaded.noise) == ("small", CONFIG, False)
    w = generator.sample_w(0)
    assert torch.equal(loaded.sample_w(0), w)
    assert torch.equal(loaded.image(w), generator.image(w))
    assert not any(p.requires_grad for p in loaded.parameters())


def test_half_precision_halves_the_file_and_loads_as_single(tmp_path: Path, file: Path) -> None:
    half = tmp_path / "half.safetensors"
    save_generator_file(Generator(CONFIG), half)
    assert half.stat().st_size < 0.75 * file.stat().st_size
    assert load_generator_file(half).synthesis.get_parameter("b4.const").dtype == torch.float32


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match="there is no generator file"):
        load_generator_file(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-5], lambda b: b"", lambda b: b"\x80\x04K\x01." + b]
)
def test_a_damaged_file_is_refused(file: Path, damage: Callable[[bytes], bytes]) -> None:
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(GeneratorError, match="not a complete safetensors file"):
        load_generator_file(file)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "does not hold a draggan_widget generator"),
        ({"config": "{"}, "describes no architecture"),
        ({"config": "[1]"}, "an architecture is an object of fields"),
        ({"config": "[" * 100_000}, "describes no architecture"),
        ({"config": '{"resolution": "16"}'}, "resolution must be a power of two from 8 to 4096"),
        ({"config": '{"resolution": 1099511627776}'}, "power of two from 8 to 4096"),
        ({"config": '{"resolution": 16, "w_dim": 1000000000}'}, "w_dim must be .* at most 4096"),
        ({"config": '{"resolution": 16, "mapping_layers": 999999}'}, "mapping_layers must be"),
        ({"config": '{"resolution": 16, "z_dim": 3.5}'}, r"z_dim must be .* got 3\.5"),
        ({"config": '{"resolution": 16, "conv_clamp": "x"}'}, "conv_clamp must be a positive"),
        (
            {"config": '{"resolution": 16, "mapping_lr_multiplier": NaN}'},
            "multiplier must be a pos",
        ),
        ({"config": '{"resolution": 48}'}, "power of two"),
        ({"config": '{"resolution": 16, "colour": 1}'}, "unknown architecture fields"),
    ],
)
def test_foreign_metadata_is_refused(file: Path, changes: dict[str, str], message: str) -> None:
    save_file(load_file(str(file)), str(file), metadata(**changes))
    with pytest.raises(GeneratorError, match=message):
        load_generator_file(file)


def test_scene_and_covariance_are_kept(tmp_path: Path) -> None:
    generator = Generator(CONFIG).frozen()
    generator.mapping.measure()
    generator.scene = "animals"
    save_generator_file(generator, tmp_path / "measured.safetensors")
    again = load_generator_file(tmp_path / "measured.safetensors")
    assert again.scene == "animals"
    assert torch.equal(again.w_covariance, generator.w_covariance)
    tensors = load_file(str(tmp_path / "measured.safetensors"))
    tensors["mapping.w_cov"] = torch.zeros(1, 2, 2)
    save_file(tensors, str(tmp_path / "wrong.safetensors"), metadata())
    with pytest.raises(
        GeneratorError, match=r"mapping\.w_cov is \[1, 2, 2\], expected \[2, 6, 6\]"
    ):
        load_generator_file(tmp_path / "wrong.safetensors")


def test_every_wrong_tensor_is_listed_at_once(file: Path) -> None:
    tensors: dict[str, Tensor] = load_file(str(file))
    del tensors["synthesis.b4.const"]
    tensors["extra"] = torch.zeros(2)
    tensors["mapping.w_avg"] = torch.zeros(1, 6)
    tensors["synthesis.b8.conv0.bias"][0] = torch.nan
    save_file(tensors, str(file), metadata())
    with pytest.raises(GeneratorError) as error:
        load_generator_file(file)
    for part in (
        "missing synthesis.b4.const [8, 4, 4]",
        "unexpected extra [2]",
        "mapping.w_avg is [1, 6], expected [2, 6]",
        "synthesis.b8.conv0.bias is not finite",
    ):
        assert part in str(error.value)
