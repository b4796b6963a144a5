from hypothesis import given, settings
from hypothesis import strategies as st

from draggan_widget.session.history import HISTORY_LIMIT, Entry, History


def start() -> History[int]:
    return History((Entry("sample", 0),))


def test_a_new_history_has_nothing_to_undo_or_redo() -> None:
    assert not start().can_undo
    assert not start().can_redo


def test_undo_and_redo_walk_along_the_entries() -> None:
    history = start().push(Entry("drag", 1)).push(Entry("drag", 2))
    back = history.undo().undo()
    assert back.current.state == 0
    assert back.redo().current.state == 1
    assert back.redo().redo() == history


def test_a_push_after_an_undo_drops_what_was_undone() -> None:
    history = start().push(Entry("drag", 1)).undo().push(Entry("mask", 2))
    assert [entry.state for entry in history.entries] == [0, 2]
    assert not history.can_redo


def test_a_history_is_never_changed() -> None:
    history = start()
    history.push(Entry("drag", 1))
    assert history == start()


def test_the_oldest_entries_are_dropped_at_the_limit() -> None:
    history = start()
    for state in range(1, HISTORY_LIMIT + 50):
        history = history.push(Entry("drag", state))
    assert len(history.entries) == HISTORY_LIMIT
    assert history.current.state == HISTORY_LIMIT + 49
    assert history.entries[0].state == 50


def test_changes_of_one_subject_are_undone_at_once() -> None:
    history = start().record(Entry("points", 1, subject="a"), completes=False)
    history = history.record(Entry("points", 2, subject="a"), completes=False)
    history = history.record(Entry("points", 3, subject="b"), completes=False)
    assert [entry.state for entry in history.entries] == [0, 2, 3]


def test_changes_without_a_subject_are_kept_apart() -> None:
    history = start().record(Entry("points", 1), completes=False)
    history = history.record(Entry("points", 2), completes=False)
    assert [entry.state for entry in history.entries] == [0, 1, 2]


def test_what_completes_the_newest_change_replaces_it() -> None:
    history = start().push(Entry("points", 1)).record(Entry("points", 2), completes=True)
    assert [entry.state for entry in history.entries] == [0, 2]


def test_the_first_entry_is_never_replaced() -> None:
    history = start().record(Entry("sample", 1), completes=True)
    assert [entry.state for entry in history.entries] == [0, 1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["push", "undo", "redo"]), max_size=40))
def test_any_walk_agrees_with_two_stacks(moves: list[str]) -> None:
    history, done, undone = start(), [0], list[int]()
    for number, move in enumerate(moves, start=1):
        if move == "push":
            history = history.push(Entry("drag", number))
            done.append(number)
            undone.clear()
        elif move == "undo" and history.can_undo:
            history = history.undo()
            undone.append(done.pop())
        elif move == "redo" and history.can_redo:
            history = history.redo()
            done.append(undone.pop())
        assert history.current.state == done[-1]
        assert (history.can_undo, history.can_redo) == (len(done) > 1, bool(undone))
