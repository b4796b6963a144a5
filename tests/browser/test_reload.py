"""A page that is reloaded in the middle of a pull: the kernel goes on, and the new page shows what there is."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from draggan_widget.pulls import SILENCE_S
from tests.browser.kernel import KernelHost
from tests.browser_end import front_end_of
from tests.faults.survival import FAR, TARGET, assert_survives, work_of, worked_session
from tests.picture_blobs import MANY_STEPS

pytestmark = pytest.mark.browser


@pytest.fixture
def host(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelHost]:
    host = KernelHost(page, monkeypatch, worked_session(config=MANY_STEPS))
    yield host
    host.close()


def test_a_reload_in_the_middle_of_a_pull_loses_nothing(host: KernelHost) -> None:
    work = work_of(host.widget)
    page = host.page
    page.mouse.move(*host.place((TARGET[0], TARGET[1])))
    page.mouse.down()
    page.mouse.move(*host.place((FAR[0], FAR[1])), steps=5)
    host.until(lambda: host.widget.running)
    host.until(lambda: host.widget.session.state.w is not work.state.w)
    host.reload()
    host.until(lambda: not host.widget.running, SILENCE_S + 30)  # the pointer is lost with its page
    host.until(lambda: host.hook("status") == host.widget.status)
    host.until(lambda: host.hook("seq") == str(front_end_of(host.widget).frames[-1]["seq"]))
    points = host.widget.handle_points.round().astype(int).tolist()
    shown = json.loads(host.hook("handles") or "[]")
    assert [[round(x), round(y)] for x, y in shown] == points
    assert_survives(host.widget, work, None)
