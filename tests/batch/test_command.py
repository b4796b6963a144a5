"""``draggan-widget batch``."""

import json
from pathlib import Path

import pytest
from PIL import Image

from draggan_widget.batch.item_files import read_items
from draggan_widget.cli import EXIT_FAILED, main
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.session import DragSession
from tests.batch.items import job, recipe
from tests.command_line import refused, told
from tests.evaluation.conftest import saved

SMALL = StyleGAN2Config(
    resolution=64, z_dim=16, w_dim=16, channel_base=512, channel_max=16, mapping_layers=2
)


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a small generator."""
    return str(saved(Generator(SMALL, name="small"), tmp_path_factory.mktemp("generators")))


def test_a_list_is_dragged_and_told(
    generator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = DragSession(generator, seed=2)
    session.set_points([(30, 30)], [(31, 30)])
    session.save(tmp_path / "s.dgs")
    plain = job(1, max_steps=1).to_json()
    items = [plain, recipe(1).to_json(), "s.dgs", {"seed": 4}]
    (tmp_path / "items.json").write_text(json.dumps(items))
    files = [str(tmp_path / "items.json"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    sheet = tmp_path / "sheet.png"
    drawing = ["--contact-sheet", str(sheet), "--first", "2", "--generator", generator]
    values = told(capsys, "batch", *files, *drawing)
    assert values["items"] == 4
    assert values["counts"]["failed"] == 1
    assert [each["index"] for each in values["failed"]] == [3]
    assert values["tables"] == [str(tmp_path / "out" / f"table.{end}") for end in ("csv", "json")]
    assert len(json.loads((tmp_path / "out" / "table.json").read_text())) == 4
    with Image.open(values["contact_sheet"]) as picture:
        assert picture.width > picture.height / 3
    assert main(["batch", *files, *drawing]) == 0
    output = capsys.readouterr().out.splitlines()
    assert output[0].startswith("4 items: ")
    assert "3 item 3: a job must have seed" in output[1]
    assert output[-1] == str(sheet)


def test_a_batch_in_which_every_item_fails_has_failed(
    generator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "items.json").write_text(json.dumps([{"seed": 4}]))
    files = [str(tmp_path / "items.json"), "--out", str(tmp_path / "out"), "--device", "cpu"]
    assert main(["batch", *files, "--generator", generator]) == EXIT_FAILED
    assert capsys.readouterr().out.startswith("1 items: 1 failed")


def test_a_folder_is_taken_by_name(tmp_path: Path) -> None:
    for name in ("b.dgs", "a.json", "c.png", "notes.txt"):
        (tmp_path / name).write_text("{}")
    assert read_items(tmp_path) == [tmp_path / name for name in ("a.json", "b.dgs", "c.png")]
    assert read_items(tmp_path / "b.dgs") == [tmp_path / "b.dgs"]
    assert read_items(tmp_path / "a.json") == [tmp_path / "a.json"]


def test_files_without_items_are_refused(tmp_path: Path) -> None:
    for content, message in (("[]", "holds no item"), ("{", "is no JSON")):
        (tmp_path / "a.json").write_text(content)
        with pytest.raises(InputError, match=message):
            read_items(tmp_path / "a.json")
    with pytest.raises(InputError, match="there is no file or folder"):
        read_items(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="there is no item in"):
        read_items(tmp_path / "empty")


def test_options_that_cannot_be_used_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text(json.dumps([job(1).to_json()]))
    files = (str(tmp_path / "a.json"), "--out", str(tmp_path / "out"))
    assert "--contact-sheet must be a .png" in refused(
        capsys, "batch", *files, "--contact-sheet", "a"
    )
    assert "processes must be" in refused(capsys, "batch", *files, "--processes", "0")
    assert "--first must be a whole number" in refused(capsys, "batch", *files, "--first", "0")
    assert "must be a folder, got nothing" in refused(capsys, "batch", files[0], "--out", "")
    assert "required: --out" in refused(capsys, "batch", str(tmp_path))
