"""What a widget does where its comm is marimo's: it keeps its picture as a trait, and ends with its cell."""

import threading
from collections.abc import Iterator
from typing import Any

import marimo
import pytest

from draggan_widget.errors import DragganError
from draggan_widget.marimo_host import end_with_its_cell, is_marimo, picture_html
from draggan_widget.notebook import picture_bundle
from draggan_widget.protocol import PNG_SIGNATURE
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, front_end_of, open_widget
from tests.patience import until

HANDLE, TARGET = [30.0, 32.0], [33.0, 31.0]
EMPTY: dict[str, Any] = {"state": {}, "buffer_paths": []}


class MarimoEnd(BrowserEnd):
    """The far end of a comm as marimo opens it."""

    __module__ = f"{marimo.__name__}.tests"


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    """A widget in an app that runs without a page, as for an export."""
    monkeypatch.setattr("tests.browser_end.BrowserEnd", MarimoEnd)
    with open_widget(monkeypatch) as widget:
        yield widget


def test_only_a_comm_of_marimo_counts() -> None:
    assert is_marimo(MarimoEnd(target_name="any", data=EMPTY))
    assert not is_marimo(BrowserEnd(target_name="any", data=EMPTY))


def test_without_a_page_the_picture_is_there_when_the_cell_ends(widget: DragWidget) -> None:
    first = widget.kept_picture
    assert first.startswith(PNG_SIGNATURE)
    assert widget.comm.state["kept_picture"] == first
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    widget.drag()
    assert widget.kept_picture.startswith(PNG_SIGNATURE)
    assert widget.kept_picture != first


def test_what_a_person_did_counts_once_it_has_come_to_rest(widget: DragWidget) -> None:
    end = front_end_of(widget)
    end.edit(1, (1, HANDLE, TARGET), placed=[1])
    end.until(lambda state: state["rest"] == 1)
    assert end.command("run")["ok"]
    end.until(lambda state: state["rest"] == 2)
    assert widget.status == "arrived"
    assert end.command("undo")["ok"]
    end.until(lambda state: state["rest"] == 3)


def test_what_a_script_did_does_not_count(widget: DragWidget) -> None:
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    widget.drag()
    widget.undo()
    assert widget.comm.state["rest"] == widget.rest == 0


def test_a_snapshot_is_an_element_that_holds_its_file() -> None:
    data, metadata = picture_bundle(b"\x89PNG", "image/png", 128, 64, 'a "picture"')
    assert picture_html(data, metadata) == (
        '<img src="data:image/png;base64,iVBORw==" width="128" height="64"'
        ' alt="a &quot;picture&quot;">'
    )


def test_a_page_says_which_rest_it_has_seen(widget: DragWidget) -> None:
    widget.comm.set(rest_seen=3)
    assert widget.rest_seen == 3
    widget.comm.set(rest_seen=-1)
    assert widget.rest_seen == 3
    until(lambda: "rest_seen" in widget.error.get("message", ""))


def test_with_its_cell_the_widget_ends(widget: DragWidget) -> None:
    widget.comm.close()
    assert widget.comm is None
    with pytest.raises(DragganError, match="closed"):
        _ = widget.image


def test_with_the_thread_of_a_visitors_app_the_widget_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()

    class Ending:
        def close(self) -> None:
            ended.set()

    monkeypatch.setattr("marimo._runtime.app_meta.get_mode", lambda: "run")
    ending = Ending()
    app = threading.Thread(
        target=lambda: end_with_its_cell(ending, MarimoEnd(target_name="any", data=EMPTY))
    )
    app.start()
    app.join()
    assert ended.wait(30)
