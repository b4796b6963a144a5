"""Which pages show a widget: none is forgotten that somebody looks at, and none counts for ever that was closed."""

import pytest

from draggan_widget.pages import GONE_S, MOST, Pages


@pytest.fixture
def pages() -> Pages:
    return Pages()


def seen(pages: Pages) -> bool:
    """Return whether anybody looks now."""
    return pages.is_seen


def test_before_any_page_has_spoken_somebody_is_taken_to_look(pages: Pages) -> None:
    assert seen(pages)
    assert pages.sees(7)


def test_somebody_looks_while_one_page_can_be_seen(pages: Pages) -> None:
    pages.heard(1, 0, visible=True)
    pages.heard(2, 1, visible=False)
    assert seen(pages)
    assert (pages.sees(1), pages.sees(2)) == (True, False)
    pages.heard(1, 2, visible=False)
    assert not seen(pages)
    pages.heard(2, 3, visible=True)
    assert seen(pages)


def test_a_page_that_owes_an_answer_for_long_is_gone_once_another_speaks(pages: Pages) -> None:
    pages.heard(1, 0, visible=True)
    pages.sent(1)
    pages.sent(GONE_S)
    pages.heard(2, GONE_S, visible=False)
    assert seen(pages)
    pages.heard(2, GONE_S + 2, visible=False)
    assert not seen(pages)
    pages.heard(1, GONE_S + 3, visible=True)
    assert seen(pages)


def test_a_page_that_rests_for_long_stays(pages: Pages) -> None:
    pages.heard(1, 0, visible=True)
    pages.heard(2, 100 * GONE_S, visible=False)
    assert seen(pages)


def test_while_a_cell_keeps_the_kernel_from_hearing_nobody_is_gone(pages: Pages) -> None:
    pages.heard(1, 0, visible=True)
    for second in range(int(3 * GONE_S)):
        pages.sent(second)
        assert seen(pages)
    pages.heard(1, 3 * GONE_S, visible=True)
    assert seen(pages)


def test_of_too_many_pages_those_that_can_be_seen_are_remembered(pages: Pages) -> None:
    pages.heard(1, 0, visible=True)
    for number in range(2, 2 + 3 * MOST):
        pages.heard(number, number, visible=False)
    assert seen(pages)
    pages.heard(1, 1000, visible=False)
    assert not seen(pages)
