from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from draggan_widget.errors import InputError
from draggan_widget.export import (
    HANDLE_COLOUR,
    REST_MS,
    SLOWEST_FPS,
    TARGET_COLOUR,
    save_animation,
    save_image,
    with_points,
)
from draggan_widget.whole_files import write_whole


def picture(shade: int = 90) -> Image.Image:
    return Image.new("RGB", (64, 48), (shade, 120, 200))


@pytest.mark.parametrize(
    ("name", "file_format"),
    [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.webp", "WEBP")],
)
def test_the_ending_chooses_the_format(tmp_path: Path, name: str, file_format: str) -> None:
    path = save_image(picture(), tmp_path / name)
    with Image.open(path) as image:
        assert (image.format, image.size) == (file_format, (64, 48))


def test_another_ending_is_refused_and_the_known_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.png, \.jpg, \.jpeg, \.webp, got 'a\.bmp'"):
        save_image(picture(), tmp_path / "a.bmp")
    with pytest.raises(InputError, match=r"\.gif, \.webp, \.png, \.mp4, got"):
        save_animation([picture()], tmp_path / "a.avi", fps=10)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no folder .*nowhere; create it"):
        save_image(picture(), tmp_path / "nowhere" / "a.png")


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "a.png"
    folder.mkdir()
    with pytest.raises(InputError, match=r"a\.png is a folder; give the path of a file"):
        save_image(picture(), folder)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_the_slowest_animation_can_be_written(tmp_path: Path, name: str) -> None:
    path = save_animation([picture(0), picture(80)], tmp_path / name, fps=SLOWEST_FPS)
    with Image.open(path) as image:
        image.load()
        assert image.info["duration"] == 1000 / SLOWEST_FPS


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(_: object) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        write_whole(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    assert save_image(picture(), tmp_path / "a.png").stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_an_animation_holds_every_picture_and_repeats(tmp_path: Path, name: str) -> None:
    path = save_animation((picture(shade) for shade in (0, 80, 160)), tmp_path / name, fps=10)
    with Image.open(path) as image:
        shown = [np.asarray(each.convert("RGB"))[0, 0, 0] for each in ImageSequence.Iterator(image)]
        assert image.info.get("loop", 0) == 0
    assert np.abs(np.subtract(shown, [0, 80, 160], dtype=float)).max() <= 3


def test_a_gif_shows_the_last_picture_longer(tmp_path: Path) -> None:
    path = save_animation([picture(0), picture(80)], tmp_path / "a.gif", fps=20)
    with Image.open(path) as image:
        durations = [each.info["duration"] for each in ImageSequence.Iterator(image)]
    assert durations == [50, REST_MS]


@pytest.mark.parametrize("fps", [0, -1, 1e-9, 51, float("nan"), "12", True])
def test_a_frame_rate_out_of_range_is_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(InputError, match=r"fps must be from 0\.02 to 50"):
        save_animation([picture()], tmp_path / "a.gif", fps=fps)


def test_an_animation_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one picture"):
        save_animation([], tmp_path / "a.gif", fps=10)


def test_points_are_drawn_on_a_copy() -> None:
    original = picture()
    marked = with_points(original, np.array([[10.0, 12.0]]), np.array([[40.0, 30.0]]))
    assert marked.getpixel((10, 12)) == HANDLE_COLOUR
    assert marked.getpixel((40, 30)) == TARGET_COLOUR
    assert marked.getpixel((25, 21)) == (255, 255, 255)
    assert original.getpixel((10, 12)) == (90, 120, 200)
