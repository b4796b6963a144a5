"""Seeds, truncation, generators and settings chosen in the browser, with a real widget behind it."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from draggan_widget.drag import DragConfig
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser.kernel import KernelHost
from tests.picture_blobs import PictureBlobs

pytestmark = pytest.mark.browser


@pytest.fixture
def host(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelHost]:
    host = KernelHost(page, monkeypatch, DragSession(None, seed=3, device="cpu"))
    yield host
    host.close()


@pytest.fixture
def widget(host: KernelHost) -> DragWidget:
    return host.widget


def labels(widget: DragWidget) -> list[str]:
    return [entry.label for entry in widget.session.history.entries]


def test_small_pictures_come_and_a_seed_is_picked(host: KernelHost, widget: DragWidget) -> None:
    host.press("g")
    drawn = host.view().locator(".dgw-cell[data-drawn]")
    host.until(lambda: drawn.count() >= 12)
    loaded = "(images) => images.every((each) => each.complete && each.naturalWidth === 128)"
    assert host.page.locator(".dgw-cell[data-drawn] img").evaluate_all(loaded)
    before = np.asarray(widget.image)
    frames = host.hook("frames")
    host.view().get_by_role("option", name="Seed 7", exact=True).click()
    host.until(lambda: widget.seed == 7 and host.hook("frames") != frames)
    assert not np.array_equal(np.asarray(widget.image), before)
    chosen = host.view().get_by_role("option", selected=True)
    expect(chosen).to_have_attribute("data-seed", "7")
    assert labels(widget) == ["sample", "sample"]
    assert widget.error == {}


def test_the_picture_follows_the_truncation_and_the_slide_is_undone_at_once(
    host: KernelHost, widget: DragWidget
) -> None:
    start = np.asarray(widget.image)
    host.press("g")
    slider = host.view().get_by_label("Truncation")
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    host.page.mouse.move(box["x"] + 0.68 * box["width"], middle)
    frames = int(host.hook("frames") or 0)
    host.page.mouse.down()
    for part in np.linspace(0.68, 0.2, 8):
        host.page.mouse.move(box["x"] + part * box["width"], middle)
        host.talk(0.15)
    assert int(host.hook("frames") or 0) >= frames + 3
    host.page.mouse.up()
    psi = float(slider.input_value())
    assert psi < 0
    host.until(lambda: widget.truncation_psi == pytest.approx(psi))
    assert labels(widget) == ["sample", "truncation"]
    host.press("z")
    host.until(lambda: widget.truncation_psi == 0.7 and slider.input_value() == "0.7")
    assert np.array_equal(np.asarray(widget.image), start)
    assert widget.error == {}


def test_another_generator_is_gone_to_and_come_back_from(
    host: KernelHost, widget: DragWidget
) -> None:
    widget.generator = PictureBlobs()
    host.until(lambda: host.hook("image-size") == "64,64")
    host.press("g")
    menu = host.view().locator("[data-drawer=gallery]").get_by_label("Generator")
    expect(menu).to_have_value("blobs")
    menu.select_option("animals")
    host.until(lambda: host.hook("image-size") == "128,128")
    host.until(lambda: host.view().locator(".dgw-cell[data-drawn]").count() >= 3)
    expect(menu).to_have_value("animals")
    assert widget.generator_name == "animals"
    assert host.view().locator(".dgw-banner").is_hidden()


def test_settings_reach_the_session_and_refusals_come_back(
    host: KernelHost, widget: DragWidget
) -> None:
    host.press(",")
    view = host.view()
    view.get_by_label("Solver", exact=True).select_option(label="Paper")
    host.until(lambda: widget.config.solver == "paper")
    view.locator("summary").click()
    view.get_by_label("Moving rows").fill("4")
    view.get_by_label("Moving rows").press("Enter")
    host.until(lambda: widget.config.trainable_rows == 4)
    host.until(lambda: not view.get_by_label("Step size").is_disabled())
    host.button("All settings as at first").click()
    host.until(lambda: widget.config == DragConfig())
    widget.generator = PictureBlobs()
    view.get_by_label("Space", exact=True).select_option(label="z")
    complaint = view.locator(".dgw-complaint:visible")
    host.until(lambda: complaint.count() == 1)
    assert "needs a generator with a mapping" in complaint.inner_text()
    assert widget.config == DragConfig()
    assert widget.error == {}
