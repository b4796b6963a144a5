"""The states of the front end: each is visible, none is modal, and none loses what was edited."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from draggan_widget.session import DragSession
from tests.browser.afm import ONE_PAIR, AfmHost, mask_of, picture, shown
from tests.browser.animal import EAR
from tests.browser.states import SIDE, STATES
from tests.browser.view import SCREENSHOTS

pytestmark = pytest.mark.browser

COLUMNS = 4
TILE_PX = 430
"""Width of one state on a contact sheet."""

GROUND = {"light": (255, 255, 255), "dark": (14, 17, 22)}
TRAITS = {"image_size": [SIDE, SIDE], "status": "loading", "auto_run": True}


@pytest.fixture(scope="module")
def animal() -> bytes:
    """The picture of seed 3 as a kernel sends it."""
    encoded = io.BytesIO()
    DragSession(seed=3).image.save(encoded, "webp", lossless=True)
    return encoded.getvalue()


def photographs(browser: Browser, scheme: str, animal: bytes) -> list[Image.Image]:
    """Return a picture of the widget in each state."""
    taken = []
    for act in STATES.values():
        context = browser.new_context(
            viewport={"width": 560, "height": 900},
            device_scale_factor=2,
            color_scheme="dark" if scheme == "dark" else "light",
        )
        host = AfmHost(context.new_page(), TRAITS)
        host.page.evaluate(
            "(colour) => { document.body.style.background = `rgb(${colour})`; }",
            list(GROUND[scheme]),
        )
        host.render()
        act(host, animal)
        host.page.wait_for_timeout(250)
        taken.append(Image.open(io.BytesIO(host.view().screenshot())).convert("RGB"))
        context.close()
    return taken


def contact_sheet(pictures: list[Image.Image], ground: tuple[int, int, int]) -> Image.Image:
    """Return pictures in rows of :data:`COLUMNS`, each row as high as its highest."""
    tiles = [
        each.resize((TILE_PX, round(each.height * TILE_PX / each.width)), Image.Resampling.LANCZOS)
        for each in pictures
    ]
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    heights = [max(tile.height for tile in row) for row in rows]
    sheet = Image.new("RGB", (COLUMNS * TILE_PX, sum(heights)), ground)
    for index, row in enumerate(rows):
        for column, tile in enumerate(row):
            sheet.paste(tile, (column * TILE_PX, sum(heights[:index])))
    return sheet


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_shown_in_words_and_on_a_contact_sheet(
    browser: Browser, scheme: str, animal: bytes
) -> None:
    sheet = contact_sheet(photographs(browser, scheme, animal), GROUND[scheme])
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"states-{scheme}.webp"
    sheet.save(path, quality=88, method=6)
    assert path.stat().st_size > 20_000


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("loading", "loading", "Loading the generator ..."),
        ("not_loaded", "failed", "Failed; the message says why"),
        ("compiling", "idle", "Compiling kernels for the GPU; until they are there PyTorch runs"),
        ("busy", "idle", "The kernel is busy with a cell; your edit waits"),
        ("silent", "no_answer", "No answer from the kernel; what you change is sent when it is"),
        ("disconnected", "no_answer", "Disconnected: the kernel was restarted or has ended."),
        ("reconnected", "idle", "Connected again; what was changed meanwhile was sent"),
        ("unreachable", "stalled", "Cannot reach: the point came no nearer than 31.2 px; try a"),
    ],
)
def test_a_state_is_said_and_blocks_nothing(
    page: Page, animal: bytes, state: str, status: str, words: str
) -> None:
    host = AfmHost(page, TRAITS)
    host.render()
    STATES[state](host, animal)
    assert host.hook("status") == status
    assert host.status().startswith(words)
    host.press("?")
    assert host.view().get_by_role("dialog", name="Shortcuts").is_visible()


def test_what_is_edited_while_the_kernel_is_away_is_sent_when_it_is_back(
    page: Page, animal: bytes
) -> None:
    host = AfmHost(page, TRAITS | {"auto_run": False})
    host.render()
    STATES["ready"](host, animal)
    host.page.evaluate("() => host.lose()")
    assert host.status().startswith("Disconnected")
    host.click(EAR)
    host.click((60, 60))
    host.press("m")
    host.drag((30, 90), (70, 90))
    host.press("m")
    assert host.hook("handles") == "[[42,26]]"
    assert host.button("Run").get_attribute("aria-disabled") == "true"
    host.wait_until("host.saved.some((each) => each.mask)")
    host.page.evaluate("() => { host.sent.length = 0; }")
    host.page.evaluate("() => host.here()")
    host.wait_until("host.sent.some((each) => each.state?.point_edit)")
    host.wait_until("host.sent.some((each) => each.mask === true)")
    told = [each["state"] for each in host.sent("set") if "handle_points" in each["state"]]
    assert told[-1]["handle_points"] == [pytest.approx(list(EAR))]
    (mask,) = host.page.evaluate("() => host.buffers.at(-1)")
    assert mask_of(mask).getpixel((50, 90)) == 255
    host.confirm()
    host.page.evaluate("() => host.here()")
    assert host.hook("link") == "back"
    host.wait_for("link", "alive")


def test_the_details_of_a_failure_are_copied(browser: Browser, animal: bytes) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.route(
        "http://127.0.0.1:9/", lambda route: route.fulfill(body="", content_type="text/html")
    )
    host = AfmHost(page, TRAITS, address="http://127.0.0.1:9/")
    host.render()
    STATES["failed"](host, animal)
    host.button("Copy the details").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()).length > 0")
    copied: str = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("RuntimeError: the generator gives numbers that are not finite")
    assert "Traceback (most recent call last)" in copied
    context.close()


def test_the_bar_of_a_live_pull_is_full_when_it_has_arrived(page: Page) -> None:
    host = shown(page, auto_run=True)
    bar = host.view().get_by_role("progressbar")
    host.page.mouse.move(*host.place((20, 30)))
    host.page.mouse.down()
    host.page.mouse.move(*host.place((60, 30)), steps=5)
    host.confirm()
    host.update(running=True, status="running")
    host.send_frame(pairs={1: ((50, 30), (60, 30))}, distances=[10], pull=1)
    assert bar.get_attribute("aria-valuenow") == "0"
    host.page.mouse.up()
    host.last_saved("point_edit")
    host.confirm()
    host.send_frame(pairs={1: ((55, 30), (60, 30))}, distances=[5], pull=1)
    assert bar.get_attribute("aria-valuenow") == "88"
    host.update(running=False, status="arrived", status_text="Arrived after 5 steps")
    assert bar.get_attribute("aria-valuenow") == "100"


def test_loading_has_a_bar_without_an_end(page: Page) -> None:
    host = AfmHost(page, TRAITS)
    host.render()
    bar = host.view().get_by_role("progressbar")
    assert bar.get_attribute("aria-valuenow") is None
    fill = "getComputedStyle(document.querySelector('.dgw-progress-fill')).animationName"
    assert page.evaluate(f"() => {fill}") == "dgw-shuttle"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(f"() => {fill}") == "none"


def test_the_change_outside_is_told_and_can_be_taken_back(page: Page, animal: bytes) -> None:
    host = AfmHost(page, TRAITS)
    host.render()
    STATES["arrived"](host, animal)
    line = host.view().locator(".dgw-outside")
    assert line.inner_text().startswith("Outside the mask it changed by 0.4 of 255")
    spoken = host.view().get_by_role("status")
    assert spoken.inner_text().endswith("Outside the mask it changed by 0.4 of 255")
    keep = line.get_by_role("button")
    keep.click()
    assert host.last_saved("blend_outside") is True
    assert keep.get_attribute("aria-pressed") == "true"
    assert "it is shown as it was" in line.inner_text()
    keep.press("Enter")
    assert host.last_saved("blend_outside") is False
    host.update(change_outside=None)
    assert not line.is_visible()


def test_the_meter_is_folded_away_and_measures_what_is_drawn(page: Page) -> None:
    host = shown(page, **ONE_PAIR, running=True, status="running")
    meter = host.view().get_by_role("group", name="Speed")
    assert not meter.is_visible()
    host.press("i")
    assert meter.inner_text().split("\n") == ["– steps/s", "– pictures/s", "lag –"]
    for step in range(1, 13):
        host.send_frame(step=4 * step)
        page.wait_for_timeout(60)
    host.wait_until("!document.querySelector('.dgw-meter').textContent.startsWith('–')")
    steps, pictures = (float(text.split()[0]) for text in meter.inner_text().split("\n")[:2])
    assert steps == pytest.approx(4 * pictures, rel=0.1)
    assert 2 < pictures < 20
    host.button("Speed").click()
    assert not meter.is_visible()


def test_the_meter_shows_the_lag_of_a_pull(page: Page) -> None:
    host = shown(page, auto_run=True)
    host.press("i")
    page.mouse.move(*host.place((20, 30)))
    page.mouse.down()
    page.mouse.move(*host.place((60, 30)), steps=5)
    host.wait_until("host.sent.some((each) => each.k === 'pull')")
    seq = host.sent("pull")[-1]["seq"]
    page.wait_for_timeout(150)
    host.send_frame(picture((1, 2, 3)), pull=seq)
    host.wait_until("/lag \\d+ ms/.test(document.querySelector('.dgw-meter').textContent)")
    lag = host.view().locator(".dgw-meter span").nth(2).inner_text()
    assert int(lag.split()[1]) >= 150
    page.mouse.up()
