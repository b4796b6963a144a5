"""Gallery, truncation, generators and settings under the hands of a person, with the test as the kernel."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.afm import AfmHost, shown
from tests.browser.looking import touch_page

pytestmark = pytest.mark.browser


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget with its first picture, of seed 3."""
    return shown(page, seed=3)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """The page of a small phone."""
    with touch_page(browser, {"width": 320, "height": 800}) as page:
        yield page


def small_picture(seed: int) -> bytes:
    """Return a picture in a colour that tells the seed."""
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), (seed % 256, 80, 160)).save(stream, "WEBP", lossless=True)
    return stream.getvalue()


def asked(host: AfmHost) -> list[tuple[int, float]]:
    """Return the seeds and truncations that were asked for."""
    return [(each["args"]["seed"], each["args"]["truncation_psi"]) for each in host.sent("ask")]


def answer(host: AfmHost, index: int) -> None:
    """Wait for a question by its place and answer it with the small picture of its seed."""
    host.wait_until(f"host.sent.filter(({{k}}) => k === 'ask').length > {index}")
    ask = host.sent("ask")[index]
    assert ask["name"] == "seed"
    image = small_picture(ask["args"]["seed"])
    host.answer(ask, image, mime="image/webp", w=32, h=32)


def answer_all(host: AfmHost, count: int) -> None:
    """Answer so many questions, from the first on."""
    for index in range(count):
        answer(host, index)


def cell(host: AfmHost, seed: int) -> Locator:
    """Return the cell of a seed."""
    return host.view().get_by_role("option", name=f"Seed {seed}", exact=True)


def drawn(host: AfmHost) -> Locator:
    """Return the cells that have their picture."""
    return host.view().locator(".dgw-cell[data-drawn]")


def rest(host: AfmHost) -> None:
    """Let everything happen that is due."""
    host.page.wait_for_timeout(80)


def field(host: AfmHost, name: str) -> Locator:
    """Return the control of a setting."""
    return host.view().locator(f"[data-setting={name}]")


def said_of(host: AfmHost, name: str) -> str:
    """Return what is said beside a setting to those who listen."""
    ids = (field(host, name).get_attribute("aria-describedby") or "").split()
    return " ".join(host.page.locator(f"#{each}").inner_text() for each in ids).strip()


def configured(host: AfmHost) -> list[dict[str, Any]]:
    """Return the settings that were sent."""
    return [each["args"]["settings"] for each in host.sent("cmd") if each["name"] == "configure"]


# The gallery


def test_the_gallery_fetches_its_pictures_one_by_one_while_it_is_open(host: AfmHost) -> None:
    assert asked(host) == []
    host.press("g")
    expect(cell(host, 3)).to_be_focused()
    expect(cell(host, 3)).to_have_attribute("aria-selected", "true")
    expect(host.button("Gallery: choose among seeds")).to_have_attribute("aria-expanded", "true")
    rest(host)
    assert asked(host) == [(0, 0.7)]
    answer_all(host, 3)
    expect(drawn(host)).to_have_count(3)
    assert asked(host)[:3] == [(0, 0.7), (1, 0.7), (2, 0.7)]
    host.page.keyboard.press("Escape")
    expect(host.canvas()).to_be_focused()
    assert host.view().locator("[data-drawer=gallery]").is_hidden()
    answer(host, 3)
    rest(host)
    assert len(asked(host)) == 4
    host.button("Gallery: choose among seeds").click()
    answer(host, 4)
    expect(drawn(host)).to_have_count(5)
    assert [seed for seed, _ in asked(host)] == [0, 1, 2, 3, 4, *[s for s, _ in asked(host)[5:]]]
    host.button("Close: Gallery").click()
    expect(host.button("Gallery: choose among seeds")).to_be_focused()
    assert host.commands() == []


def test_a_click_picks_a_seed_and_marks_it_at_once(host: AfmHost) -> None:
    host.press("g")
    cell(host, 5).click()
    (command,) = host.sent("cmd")
    assert (command["name"], command["args"]) == ("sample", {"seed": 5, "truncation_psi": 0.7})
    expect(cell(host, 5)).to_have_attribute("aria-selected", "true")
    expect(cell(host, 5)).to_have_attribute("aria-busy", "true")
    expect(cell(host, 3)).to_have_attribute("aria-selected", "false")
    host.update(seed=5)
    host.reply(command)
    expect(cell(host, 5)).to_have_attribute("aria-selected", "true")
    assert cell(host, 5).get_attribute("aria-busy") is None


def test_a_seed_that_comes_from_elsewhere_is_marked_and_stands_first_next_time(
    host: AfmHost,
) -> None:
    host.press("g", "g")
    host.update(seed=777)
    host.press("g")
    expect(cell(host, 777)).to_be_focused()
    expect(cell(host, 777)).to_have_attribute("aria-selected", "true")
    assert host.view().get_by_role("option").first.get_attribute("data-seed") == "777"


def test_the_arrows_move_in_the_grid_and_enter_picks(host: AfmHost) -> None:
    host.press("g")
    keyboard = host.page.keyboard
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        keyboard.press(key)
    expect(cell(host, 0)).to_be_focused()
    keyboard.press("ArrowDown")
    below = host.page.evaluate("() => Number(document.activeElement.dataset.seed)")
    assert 3 <= below <= 8
    keyboard.press("ArrowUp")
    expect(cell(host, 0)).to_be_focused()
    keyboard.press("End")
    expect(cell(host, 31)).to_be_focused()
    assert cell(host, 31).get_attribute("tabindex") == "0"
    assert cell(host, 0).get_attribute("tabindex") == "-1"
    keyboard.press("ArrowDown")  # over the end: more come
    expect(host.view().get_by_role("option")).to_have_count(64)
    assert host.page.evaluate("() => Number(document.activeElement.dataset.seed)") > 31
    keyboard.press("Home")
    keyboard.press("ArrowRight")
    keyboard.press("Enter")
    keyboard.press("ArrowRight")
    keyboard.press(" ")
    seeds = [each["args"]["seed"] for each in host.sent("cmd")]
    assert seeds == [1, 2]
    assert host.saved() == []


def test_other_seeds_can_be_had_and_the_place_is_kept(host: AfmHost) -> None:
    host.press("g")
    host.button("Other seeds, by chance").click()
    options = host.view().get_by_role("option")
    seeds = [option.get_attribute("data-seed") for option in options.all()]
    assert seeds[0] == "3"
    assert len(set(seeds)) == 32
    assert seeds[1:] != [str(seed) for seed in range(31)]
    grid = host.view().get_by_role("listbox")
    grid.evaluate("(node) => { node.scrollTop = 60; }")
    host.button("Close: Gallery").click()
    host.button("Gallery: choose among seeds").click()
    assert grid.evaluate("(node) => node.scrollTop") == 60
    assert [option.get_attribute("data-seed") for option in options.all()] == seeds


def test_more_seeds_come_by_scrolling_and_by_a_button(host: AfmHost) -> None:
    host.press("g")
    options = host.view().get_by_role("option")
    host.button("More seeds").click()
    expect(options).to_have_count(64)
    expect(cell(host, 32)).to_be_focused()
    grid = host.view().get_by_role("listbox")
    grid.hover()
    host.page.mouse.wheel(0, 4000)
    expect(options).to_have_count(96)
    rest(host)
    answer(host, 0)
    answer(host, 1)
    # What is seen comes before what has gone out of sight.
    assert asked(host)[1][0] > 20


def test_nothing_is_asked_while_a_pointer_pulls(page: Page) -> None:
    host = shown(page, auto_run=True)
    host.press("g")
    answer(host, 0)
    host.wait_until("host.sent.filter(({k}) => k === 'ask').length === 2")
    host.page.mouse.move(*host.place((20, 30)))
    host.page.mouse.down()
    host.page.mouse.move(*host.place((50, 40)), steps=3)
    answer(host, 1)
    rest(host)
    assert len(asked(host)) == 2
    expect(drawn(host)).to_have_count(2)
    host.page.mouse.up()
    answer(host, 2)
    expect(drawn(host)).to_have_count(3)


# The truncation


def test_the_keys_slide_the_truncation_and_the_newest_place_wins(host: AfmHost) -> None:
    host.press("g")
    slider = host.view().get_by_label("Truncation")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    (first,) = host.sent("cmd")
    assert first["args"] == {"seed": 3, "truncation_psi": pytest.approx(0.75)}
    host.update(truncation_psi=0.75)
    host.reply(first)
    host.wait_until("host.sent.filter(({k}) => k === 'cmd').length === 2")
    assert host.sent("cmd")[1]["args"] == {"seed": 3, "truncation_psi": pytest.approx(0.85)}
    assert slider.input_value() == "0.85"
    host.update(truncation_psi=0.85)
    host.reply(host.sent("cmd")[1])
    rest(host)
    assert len(host.sent("cmd")) == 2
    assert slider.input_value() == "0.85"
    assert "0.85" in (slider.get_attribute("aria-valuetext") or "")


def test_the_pictures_follow_the_slider(host: AfmHost) -> None:
    host.press("g")
    answer(host, 0)
    answer(host, 1)
    slider = host.view().get_by_label("Truncation")
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    host.page.mouse.move(box["x"] + box["width"] * 0.68, middle)
    host.page.mouse.down()
    host.page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=4)
    host.page.mouse.up()
    psi = float(slider.input_value())
    assert 0.8 < psi < 1.2
    count = len(asked(host))
    answer(host, count - 1)
    answer(host, count)
    assert asked(host)[count][1] == pytest.approx(psi)
    # The slide is done: the last command goes to where it was left.
    for _ in range(3):
        rest(host)
        host.reply(host.sent("cmd")[-1])
    assert host.sent("cmd")[-1]["args"] == {"seed": 3, "truncation_psi": pytest.approx(psi)}


def test_the_slider_says_what_it_means_and_what_it_costs(page: Page) -> None:
    host = shown(page, truncation_psi=0.0)
    host.press("g")
    words = host.view().locator(".dgw-truncation-row .dgw-meaning")
    assert words.inner_text() == "0: the average animal, whatever the seed"
    host.update(truncation_psi=1.0, step=3)
    assert words.inner_text() == (
        "1: anything the generator knows. "
        "Sliding goes back to the seed's picture; Undo brings yours back"
    )
    assert host.view().locator("output").inner_text() == "1.00"


# Generators


def test_a_generator_is_chosen_where_there_are_several(page: Page) -> None:
    host = shown(page, generators=["animals", "mine"])
    host.press("g")
    menu = host.view().locator("[data-drawer=gallery]").get_by_label("Generator")
    menu.select_option("mine")
    (command,) = host.sent("cmd")
    assert (command["name"], command["args"]) == ("generator", {"name": "mine"})
    host.update(busy_text="Loading the generator mine ...")
    assert host.status() == "Loading the generator mine ..."
    expect(menu).to_be_disabled()
    host.update(busy_text="", error={"seq": 1, "message": "it is damaged", "details": ""})
    host.reply(command, "it is damaged")
    expect(menu).to_have_value("animals")
    expect(menu).to_be_enabled()
    assert "it is damaged" in host.view().get_by_role("alert").first.inner_text()


def test_the_only_generator_is_named_in_the_settings_alone(host: AfmHost) -> None:
    host.press("g")
    assert host.view().locator("[data-drawer=gallery]").get_by_label("Generator").is_hidden()
    host.canvas().press(",")
    menu = host.view().locator("[data-drawer=settings]").get_by_label("Generator")
    expect(menu).to_have_value("animals")
    expect(menu).to_be_disabled()
    text = host.view().locator("[data-drawer=settings]").inner_text()
    assert "Makes pictures of 128 \u00d7 96 px" in text


def test_another_generator_has_its_pictures_fetched_anew(page: Page) -> None:
    host = shown(page, generators=["animals", "mine"])
    host.press("g")
    answer_all(host, 2)
    expect(drawn(host)).to_have_count(2)
    host.update(generator_name="mine")
    expect(drawn(host)).to_have_count(0)
    answer(host, 2)  # of the old one: on its way already
    answer(host, 3)
    seeds = [seed for seed, _ in asked(host)]
    assert {0, 1} & set(seeds[3:]) or len(seeds) > 3


def test_the_cells_stay_squares_in_rows_when_the_page_is_resized(host: AfmHost) -> None:
    page = host.page
    host.press("g")
    for height in (700, 900, 600):
        page.set_viewport_size({"width": 320, "height": height})
        side, row = page.evaluate(
            """() => {
              const cells = [...document.querySelectorAll(".dgw-cell")];
              const below = cells.find((each) => each.offsetTop > cells[0].offsetTop);
              return [cells[0].offsetWidth, below.offsetTop - cells[0].offsetTop];
            }"""
        )
        assert row >= side


# Settings


def test_the_settings_open_alone_and_the_focus_comes_back(host: AfmHost) -> None:
    host.press("g")
    host.page.keyboard.press(",")
    expect(field(host, "solver")).to_be_focused()
    assert host.view().locator("[data-drawer=gallery]").is_hidden()
    host.page.keyboard.press("Escape")
    assert host.view().locator("[data-drawer=settings]").is_hidden()
    toggle = host.button("Settings: solver, mask and limits")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    controls = toggle.get_attribute("aria-controls")
    assert host.page.locator(f"#{controls}").is_visible()
    host.page.keyboard.press("Escape")
    expect(toggle).to_be_focused()
    expect(toggle).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("key", ["d", "f", "h"])
def test_a_menu_of_the_browser_keeps_the_keys_that_choose_in_it(host: AfmHost, key: str) -> None:
    host.press(",")
    field(host, "solver").press(key)
    expect(field(host, "solver")).to_be_focused()
    assert host.view().locator(".dgw-menu").is_hidden()
    assert host.view().locator(".dgw-past").is_hidden()
    assert host.page.evaluate("() => document.fullscreenElement === null")


def test_a_solver_is_chosen_and_what_it_ignores_is_greyed_out_with_the_reason(
    host: AfmHost,
) -> None:
    host.press(",")
    assert "Measures how the picture moves" in said_of(host, "solver")
    field(host, "solver").select_option(label="Paper")
    assert configured(host) == [{"solver": "paper"}]
    assert "as its article tells it" in said_of(host, "solver")
    host.view().locator("summary").click()
    expect(field(host, "jacobian_refresh")).to_be_disabled()
    assert said_of(host, "jacobian_refresh") == "Only the solver Kinematic measures this."
    expect(field(host, "learning_rate")).to_be_enabled()
    host.update(config={"solver": "kinematic"})
    host.reply(host.sent("cmd")[0])
    expect(field(host, "learning_rate")).to_be_disabled()
    assert said_of(host, "learning_rate").startswith("Not used by the solver Kinematic")


def test_a_number_is_sent_when_it_is_complete(host: AfmHost) -> None:
    host.press(",")
    weight = field(host, "mask_weight")
    expect(weight).to_have_value("20")
    weight.fill("2,5")
    assert configured(host) == []
    weight.press("Enter")
    assert configured(host) == [{"mask_weight": 2.5}]
    field(host, "arrival_px").fill("3")
    field(host, "max_steps").click()
    assert configured(host)[1:] == [{"arrival_px": 3}]
    field(host, "arrival_px").fill("")
    field(host, "arrival_px").press("Tab")
    assert configured(host)[2:] == [{"arrival_px": None}]
    assert len(configured(host)) == 3


def test_what_cannot_be_is_told_beside_the_field_and_not_sent(host: AfmHost) -> None:
    host.press(",")
    steps = field(host, "max_steps")
    steps.fill("2.5")
    steps.press("Enter")
    assert said_of(host, "max_steps").endswith("Enter a whole number from 1.")
    expect(steps).to_have_attribute("aria-invalid", "true")
    expect(steps).to_be_focused()
    assert configured(host) == []
    steps.fill("25")
    steps.press("Enter")
    assert configured(host) == [{"max_steps": 25}]
    assert "Enter a" not in said_of(host, "max_steps")


def test_what_the_kernel_refuses_is_told_beside_the_field_and_in_no_banner(host: AfmHost) -> None:
    host.press(",")
    field(host, "space").select_option(label="z")
    host.reply(host.sent("cmd")[0], 'the space "z" needs a generator with a mapping')
    assert "needs a generator with a mapping" in said_of(host, "space")
    expect(field(host, "space")).to_have_attribute("aria-invalid", "true")
    assert host.view().locator(".dgw-banner").is_hidden()
    field(host, "space").select_option(label="w")
    assert "needs a generator" not in said_of(host, "space")
    assert configured(host) == [{"space": "z"}, {"space": "w"}]


def test_all_settings_go_back_to_the_first_ones(page: Page) -> None:
    host = shown(page, config={"solver": "paper", "max_steps": 9, "seed": 4})
    host.press(",")
    expect(field(host, "max_steps")).to_have_value("9")
    host.button("All settings as at first").click()
    (settings,) = configured(host)
    assert (settings["solver"], settings["max_steps"]) == ("kinematic", 300)
    assert "seed" not in settings
    expect(field(host, "max_steps")).to_have_value("300")
    expect(host.button("All settings as at first")).to_have_attribute("aria-disabled", "true")


def test_keys_in_fields_are_theirs(host: AfmHost) -> None:
    host.press(",")
    field(host, "mask_weight").press(",")
    field(host, "mask_weight").press("a")
    field(host, "solver").press("s")
    assert host.view().locator("[data-drawer=settings]").is_visible()
    assert host.commands() == []


# Small screens and fingers


def test_everything_fits_a_small_phone_and_its_fingers(phone: Page) -> None:
    host = shown(phone, generators=["animals", "mine"])
    for name in ("Gallery: choose among seeds", "Settings: solver, mask and limits"):
        host.button(name).tap()
        if name.startswith("Settings"):
            host.view().locator("summary").tap()
        assert phone.evaluate("() => document.documentElement.scrollWidth") <= 320
        drawer = host.view().locator(".dgw-drawer:visible")
        for node in drawer.locator("button, select, summary, .dgw-number").all():
            box = node.bounding_box()
            assert box is not None
            assert box["height"] >= 39.5, node.evaluate("(node) => node.outerHTML")
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 320
    host.button("Gallery: choose among seeds").tap()
    box = cell(host, 1).bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 60
    cell(host, 1).tap()
    assert host.sent("cmd")[-1]["args"]["seed"] == 1
