"""Checkpoints written anew and read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from draggan_widget.checkpoints import convert as module
from draggan_widget.checkpoints import load_checkpoint
from draggan_widget.checkpoints.convert import ADA, convert
from draggan_widget.cli import EXIT_DONE, EXIT_FAILED, main
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import AnyGenerator, StyleGAN2Config, StyleGAN3Config
from draggan_widget.pretrained import load_stylegan2
from tests.checkpoints.test_load import published
from tests.checkpoints.writers import ada_pickle
from tests.command_line import refused
from tests.generator.test_stylegan3 import R, T, random_generator


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "published.pkl"
    file.write_bytes(ada_pickle(published()))
    return file


def assert_same(one: AnyGenerator, other: AnyGenerator) -> None:
    """Compare the tensors of two generators, bit for bit."""
    tensors, others = one.state_dict(), other.state_dict()
    assert tensors.keys() == others.keys()
    for name, value in tensors.items():
        assert torch.equal(value, others[name]), name


def test_our_own_format_keeps_every_bit_and_tells_the_architecture(
    source: Path, tmp_path: Path
) -> None:
    written, description = convert(source, tmp_path / "own.safetensors")
    assert_same(load_checkpoint(written), load_checkpoint(source))
    expected = published()
    for name, value in load_file(written).items():
        assert torch.equal(value.reshape(expected[name].shape), expected[name]), name
    values = json.loads(description.read_text())
    config = StyleGAN2Config.from_json(values["architecture"])
    assert config == load_checkpoint(written).config


def test_the_layout_of_other_programs_keeps_every_bit_and_all_names(
    source: Path, tmp_path: Path
) -> None:
    (written,) = convert(source, tmp_path / "other.pt", layout=ADA)
    assert_same(load_checkpoint(written), load_checkpoint(source))
    tensors, expected = torch.load(written, weights_only=True), published()
    assert tensors.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(tensors[name], value), name


def test_a_mapping_without_a_place_is_told_and_the_synthesis_can_be_written(tmp_path: Path) -> None:
    animals = load_stylegan2("animals", device="cpu")
    with pytest.raises(GeneratorError, match=r"has no place .* write the synthesis alone"):
        convert(animals, tmp_path / "animals.pt", layout=ADA)
    (written,) = convert(animals, tmp_path / "animals.pt", layout=ADA, part="synthesis")
    tensors = torch.load(written, weights_only=True)
    assert torch.equal(tensors["synthesis.b4.const"], animals.synthesis.constant)
    assert not [name for name in tensors if name.startswith("mapping")]


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("x.pt", {}, "must end in .safetensors"),
        ("x.safetensors", {"layout": ADA}, "must end in .pt"),
        ("x.pt", {"layout": "onnx"}, "layout must be one of draggan_widget, stylegan2-ada-pytorch"),
        ("x.safetensors", {"part": "synthesis"}, "part must be 'all'"),
        ("nowhere/x.safetensors", {}, "there is no folder"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_read(
    tmp_path: Path, target: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        module.convert(tmp_path / "absent.pkl", tmp_path / target, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("config", [T, R], ids=["t", "r"])
def test_alias_free_networks_are_kept_in_our_format_too(
    config: StyleGAN3Config, tmp_path: Path
) -> None:
    generator = random_generator(config, double=False)
    written, _ = convert(generator, tmp_path / "own.safetensors")
    loaded = load_checkpoint(written)
    assert_same(loaded, generator)
    assert loaded.config == config
    with pytest.raises(GeneratorError, match="StyleGAN2 generators only"):
        convert(generator, tmp_path / "other.pt", layout=ADA)


def test_a_checkpoint_may_be_written_over_itself(source: Path, tmp_path: Path) -> None:
    own, _ = convert(source, tmp_path / "own.safetensors")
    generator = load_checkpoint(own)
    convert(own, own)
    assert_same(load_checkpoint(own), generator)
    own.write_bytes(b"another")
    assert_same(load_checkpoint(source), generator)  # what was loaded stays


@pytest.mark.skipif(os.name == "nt", reason="limits are those of POSIX")
@pytest.mark.parametrize("target", ["own.safetensors", "new.safetensors", "new.pt"])
def test_a_full_disk_is_told_and_leaves_what_was_there(
    target: str, source: Path, tmp_path: Path
) -> None:
    own, _ = convert(source, tmp_path / "own.safetensors")
    before = own.read_bytes(), {path.name for path in tmp_path.iterdir()}
    layout = ADA if target.endswith(".pt") else "draggan_widget"
    arguments = ["convert", str(source), str(tmp_path / target), "--layout", layout]
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))\n"
        f"from draggan_widget.cli import main; raise SystemExit(main({arguments}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"{target} cannot be written (File too large); make room there" in run.stderr
    assert "Traceback" not in run.stderr
    assert (own.read_bytes(), {path.name for path in tmp_path.iterdir()}) == before


def test_a_folder_in_the_place_of_the_file_is_told(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.safetensors").mkdir()
    words = refused(capsys, "convert", str(source), str(tmp_path / "own.safetensors"))
    assert "is a folder; give the path of a file" in words


def test_the_command_takes_names_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, ada = str(tmp_path / "own.safetensors"), str(tmp_path / "ada.pt")
    assert main(["convert", "animals", own, "--json"]) == EXIT_DONE
    written = json.loads(capsys.readouterr().out)["written"]
    assert written == [own, str(tmp_path / "own.json")]
    options = ("--layout", ADA, "--part", "synthesis")
    assert main(["convert", own, ada, *options]) == EXIT_DONE
    assert "synthesis.b4.const" in torch.load(ada, weights_only=True)
    assert main(["convert", "absent.pkl", own]) == EXIT_FAILED
    assert "neither a file nor one of animals" in capsys.readouterr().err
