"""What a thread of its own needs to send messages in each ipykernel."""

import contextvars
import sys
import threading
from types import SimpleNamespace

import pytest

from draggan_widget.thread_context import sends_from_its_thread

PARENT: contextvars.ContextVar[str] = contextvars.ContextVar("PARENT", default="nobody")
"""Stands for the variable by which ipykernel 7.0 knows what a message belongs to."""


def parent_in_a_thread(patch: pytest.MonkeyPatch, *version: object) -> str:
    """Return whose request a thread works on that was started during one, in an ipykernel of some version."""
    patch.setitem(sys.modules, "ipykernel", SimpleNamespace(version_info=version))
    seen: list[str] = []
    token = PARENT.set("a cell")
    try:
        work = sends_from_its_thread(lambda: seen.append(PARENT.get()))
        # Without what Python 3.14 can do by itself.
        thread = threading.Thread(target=contextvars.Context().run, args=(work,))
        thread.start()
        thread.join()
    finally:
        PARENT.reset(token)
    return seen[0]


def test_in_ipykernel_7_0_a_thread_borrows_the_context_of_its_starter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert parent_in_a_thread(monkeypatch, 7, 0, 1) == "a cell"


@pytest.mark.parametrize("version", [(6, 31, 0), (7, 1, 0), (7, 4, 0), ()])
def test_elsewhere_a_thread_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    assert parent_in_a_thread(monkeypatch, *version) == "nobody"


def test_without_any_ipykernel_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)

    def work() -> None: ...

    assert sends_from_its_thread(work) is work


def test_arguments_and_results_pass_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace(version_info=(7, 0, 1)))
    assert sends_from_its_thread(divmod)(7, 2) == (3, 1)
