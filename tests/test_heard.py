"""What was heard of pages: nothing is done twice, what was lost is named, and what was overtaken is not taken."""

import pytest

from draggan_widget.errors import InputError
from draggan_widget.heard import KEPT, PAGES, Heard
from draggan_widget.protocol import Ack, Ask, Command, Hello, Message, Poll

HELLO = Hello(dpr=1.0, loopback=True, visible=True, n=1, page=5)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def command(rid: int) -> Command:
    return Command(rid, "undo", {})


def question(rid: int) -> Ask:
    return Ask(rid, "seed", {})


def write(n: int, page: int = 5, **state: object) -> dict[str, object]:
    return {**state, "page_write": {"page": page, "n": n}}


def test_a_number_is_new_once_and_commands_and_questions_have_numbers_of_their_own(
    heard: Heard,
) -> None:
    assert heard.is_new(command(7))
    assert not heard.is_new(command(7))
    assert heard.is_new(question(7))
    assert heard.is_new(command(8))


@pytest.mark.parametrize(
    "message", [HELLO, Poll(have=0, n=2), Ack(seq=1, shown=True, visible=True)]
)
def test_what_has_no_number_is_always_new(heard: Heard, message: Message) -> None:
    assert all(heard.is_new(message) for _ in range(2))


def test_who_asks_is_told_what_has_not_come(heard: Heard) -> None:
    heard.is_new(command(7))
    heard.is_new(question(3))
    come = heard.come_of(Poll(have=0, n=2, page=5, replies=(6, 7, 8), answers=(3, 7)))
    assert (come.lost_commands, come.lost_questions) == ([6, 8], [7])


def test_only_the_newest_numbers_are_remembered(heard: Heard) -> None:
    for rid in range(1, KEPT + 2):
        heard.is_new(command(rid))
    come = heard.come_of(Poll(have=0, replies=(1, 2, KEPT + 1)))
    assert come.lost_commands == [1]


def test_the_newest_write_of_each_trait_is_told_to_its_page_alone(heard: Heard) -> None:
    assert heard.newest_of(write(1, mask=b"1", auto_run=True)) == {"mask": b"1", "auto_run": True}
    heard.newest_of(write(2, mask=b"2"))
    heard.newest_of(write(9, page=6, mask=b"3"))
    assert heard.come_of(HELLO).writes == {"mask": 2, "auto_run": 1}
    assert heard.come_of(Poll(have=0, page=6)).writes == {"mask": 9}
    assert heard.come_of(Poll(have=0)).writes == {}


def test_what_a_later_write_of_the_same_page_has_overtaken_is_left_out(heard: Heard) -> None:
    heard.newest_of(write(3, mask=b"new"))
    assert heard.newest_of(write(2, mask=b"old", auto_run=True)) == {"auto_run": True}
    assert heard.newest_of(write(3, mask=b"new")) == {"mask": b"new"}
    assert heard.newest_of(write(1, page=6, mask=b"other")) == {"mask": b"other"}
    assert heard.newest_of({"mask": b"no number"}) == {"mask": b"no number"}


def test_only_the_pages_that_have_written_last_are_remembered(heard: Heard) -> None:
    for page in range(1, PAGES + 1):
        heard.newest_of(write(1, page=page, mask=b""))
    heard.newest_of(write(2, page=1, mask=b""))
    heard.newest_of(write(1, page=PAGES + 1, mask=b""))
    assert heard.come_of(Poll(have=0, page=1)).writes == {"mask": 2}
    assert heard.come_of(Poll(have=0, page=2)).writes == {}


@pytest.mark.parametrize(
    "number", [None, 3, {}, {"page": 1}, {"page": -1, "n": 1}, {"page": 1, "n": 0}]
)
def test_a_write_with_a_number_that_is_none_is_refused(heard: Heard, number: object) -> None:
    with pytest.raises(InputError, match="page_write"):
        heard.newest_of({"mask": None, "page_write": number})
