import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from draggan_widget.errors import InputError
from draggan_widget.export import REST_MS, save_animation
from draggan_widget.session import DragSession
from draggan_widget.video import can_write_mp4, mp4_bytes
from tests.session.sessions import pair_session


def picture(shade: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", size, (shade, 120, 200))


def frames_of(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data)) as container:
        return list(container.decode(video=0))


def test_a_video_holds_every_picture_at_its_time_in_what_browsers_play() -> None:
    data = mp4_bytes((picture(shade) for shade in (0, 80, 160)), fps=10, rest_ms=500)
    with av.open(io.BytesIO(data)) as container:
        (stream,) = container.streams.video
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
    frames = frames_of(data)
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.7])
    shown = [frame.to_ndarray(format="rgb24")[20, 20, 0] for frame in frames]
    assert np.abs(np.subtract(shown, [0, 80, 160, 160], dtype=float)).max() <= 4
    # What is played comes after its index, so that a page can begin before it has all.
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("fps", [0.02, 11.7, 50])
def test_frame_rates_may_be_odd(fps: float) -> None:
    first, second, _ = frames_of(mp4_bytes([picture(0), picture(9)], fps=fps, rest_ms=10))
    assert second.time == pytest.approx(1 / fps, abs=0.001)
    assert Fraction(first.time or 0) == 0


def test_an_odd_size_becomes_even_and_loses_nothing() -> None:
    odd = Image.fromarray(np.full((3, 5, 3), 7, np.uint8))
    odd.putpixel((4, 2), (250, 250, 250))
    (frame, _) = frames_of(mp4_bytes([odd.resize((65, 49))], fps=1, rest_ms=10))
    assert (frame.width, frame.height) == (66, 50)
    corner = frame.to_ndarray(format="rgb24")[48:, 64:, 0]
    assert corner.min() > 200


def test_a_session_saves_its_last_drag_as_a_video(tmp_path: Path) -> None:
    session = pair_session()
    session.drag(3)
    path = session.save_animation(tmp_path / "a.mp4", points=True)
    frames = frames_of(path.read_bytes())
    assert len(frames) == len(session.trajectory) + 1
    assert frames[-1].time - frames[-2].time == pytest.approx(REST_MS / 1000)
    assert path.stat().st_size < 20_000


def test_without_the_package_the_cure_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert can_write_mp4()
    monkeypatch.setattr("draggan_widget.video.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"needs the package av: pip install 'draggan-widget\[vid"):
        save_animation([picture(0)], tmp_path / "a.mp4", fps=10)
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one picture"):
        save_animation([], tmp_path / "a.mp4", fps=10)
    with pytest.raises(InputError, match="no drag to animate"):
        DragSession(seed=3).save_animation(tmp_path / "a.mp4")
