from draggan_widget.pulls import SILENCE_S, Pulls
from tests.clocks import Clock


def where(pulls: Pulls, *keys: int) -> tuple[int, float, float] | None:
    """Return the next place among some pairs."""
    place = pulls.next(keys)
    return None if place is None else (place.key, place.x, place.y)


def test_only_the_newest_place_of_a_pointer_counts() -> None:
    pulls = Pulls(Clock())
    assert [pulls.move(1, x, 5, x) for x in (1, 2, 3)] == [True] * 3
    assert where(pulls, 1) == (1, 3, 5)
    assert where(pulls, 1) is None


def test_a_message_that_was_overtaken_does_not_count() -> None:
    pulls = Pulls(Clock())
    pulls.move(1, 9, 5, 7)
    assert not pulls.move(1, 8, 5, 6)
    assert where(pulls, 1) == (1, 9, 5)


def test_a_pair_that_is_not_there_yet_waits() -> None:
    pulls = Pulls(Clock())
    pulls.move(4, 9, 5, 1)
    assert where(pulls, 1) is None
    assert where(pulls, 1, 4) == (4, 9, 5)


def test_a_pointer_that_rests_brings_no_new_place_and_is_not_lost() -> None:
    clock = Clock()
    pulls = Pulls(clock)
    pulls.move(1, 9, 5, 1)
    assert where(pulls, 1) == (1, 9, 5)
    for seq in range(2, 9):
        clock.now += 0.9 * SILENCE_S
        assert pulls.move(1, 9, 5, seq)
        assert where(pulls, 1) is None
        assert pulls.end == ""


def test_a_pointer_without_a_word_is_lost_and_the_picture_settles() -> None:
    clock = Clock()
    pulls = Pulls(clock)
    pulls.move(1, 9, 5, 1)
    clock.now = SILENCE_S
    assert pulls.end == "settle"


def test_the_end_waits_for_the_last_pointer() -> None:
    pulls = Pulls(Clock())
    pulls.move(1, 9, 5, 1)
    pulls.move(2, 3, 5, 2)
    pulls.release(1, "undo")
    assert pulls.end == ""
    pulls.release(2, "settle")
    assert pulls.end == "settle"
    pulls.finish()
    assert pulls.move(1, 9, 5, 3)
    assert where(pulls, 1) == (1, 9, 5)


def test_what_a_pointer_says_after_its_pull_was_ended_does_not_count_until_it_lets_go() -> None:
    clock = Clock()
    pulls = Pulls(clock)
    pulls.move(1, 9, 5, 1)
    pulls.finish()
    assert pulls.end == "stay"
    for seq in range(2, 6):
        clock.now += 0.9 * SILENCE_S
        assert not pulls.move(1, 9, seq, seq)
    assert where(pulls, 1) is None
    pulls.release(1, "settle")
    assert pulls.move(1, 10, 5, 9)
    assert where(pulls, 1) == (1, 10, 5)


def test_a_pull_that_was_ended_is_forgotten_with_a_lost_pointer() -> None:
    clock = Clock()
    pulls = Pulls(clock)
    pulls.move(1, 9, 5, 30)
    pulls.finish()
    clock.now = SILENCE_S
    assert pulls.move(1, 8, 5, 1)


def test_letting_go_of_nothing_does_nothing() -> None:
    pulls = Pulls(Clock())
    pulls.release(1, "undo")
    assert pulls.end == "stay"


def test_a_page_that_was_loaded_anew_pulls_on_at_once() -> None:
    pulls = Pulls(Clock())
    pulls.move(1, 9, 5, 200)
    assert where(pulls, 1) == (1, 9, 5)
    assert pulls.move(1, 4, 5, 1)
    assert where(pulls, 1) == (1, 4, 5)
    assert pulls.move(1, 3, 5, 2)
    assert where(pulls, 1) == (1, 3, 5)
