from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draggan_widget.errors import InputError
from draggan_widget.session import history as history_module
from draggan_widget.session.history import HISTORY_LIMIT, Entry, History


def start() -> History[int]:
    return History((Entry("sample", 0),))


@contextmanager
def small_limit(count: int) -> Iterator[None]:
    """Let histories keep only so many entries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "HISTORY_LIMIT", count)
        yield


def test_a_new_history_has_nothing_to_undo_or_redo() -> None:
    assert not start().can_undo
    assert not start().can_redo


def test_undo_and_redo_walk_along_the_entries() -> None:
    history = start().push(Entry("drag", 1)).push(Entry("drag", 2))
    back = history.undo().undo()
    assert back.current.state == 0
    assert back.redo().current.state == 1
    assert back.redo().redo() == history


def test_a_push_after_an_undo_begins_a_branch_and_drops_nothing() -> None:
    history = start().push(Entry("drag", 1)).undo().push(Entry("mask", 2))
    assert [(e.id, e.parent, e.state) for e in history.entries] == [
        (1, None, 0),
        (2, 1, 1),
        (3, 1, 2),
    ]
    assert not history.can_redo
    assert history.undo().redo().current.state == 2


def test_redo_goes_to_the_branch_that_was_visited_last() -> None:
    history = start().push(Entry("drag", 1)).push(Entry("drag", 2)).undo().undo()
    history = history.push(Entry("mask", 3))
    back = history.jump(3).undo().undo()
    assert back.current.state == 0
    assert back.redo().redo().current.state == 2
    assert [entry.state for entry in back.redo().redo().way] == [0, 1, 2]


def test_a_jump_to_an_entry_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(InputError, match="no entry 7; its entries are 1, 2"):
        start().push(Entry("drag", 1)).jump(7)


def test_a_history_is_never_changed() -> None:
    history = start()
    history.push(Entry("drag", 1))
    assert history == start()


def test_of_a_line_at_the_limit_the_oldest_entries_after_the_first_are_dropped() -> None:
    history = start()
    for state in range(1, HISTORY_LIMIT + 50):
        history = history.push(Entry("drag", state))
    assert len(history.entries) == HISTORY_LIMIT
    assert history.current.state == HISTORY_LIMIT + 49
    assert [entry.state for entry in history.entries[:2]] == [0, 51]
    assert [entry.state for entry in history.way] == [entry.state for entry in history.entries]
    while history.can_undo:
        history = history.undo()
    assert history.current.state == 0


def test_at_the_limit_entries_beside_the_present_branch_are_dropped_first() -> None:
    with small_limit(4):
        history = start().push(Entry("drag", 1)).push(Entry("drag", 2)).undo().undo()
        history = history.push(Entry("mask", 3)).push(Entry("mask", 4))
    # What was made from the dropped entry 1 follows the entry that this was made from.
    assert [(e.state, e.parent) for e in history.entries] == [(0, None), (2, 1), (3, 1), (4, 4)]


def test_changes_of_one_subject_are_undone_at_once() -> None:
    history = start().record(Entry("points", 1, subject="a"), completes=False)
    history = history.record(Entry("points", 2, subject="a"), completes=False)
    history = history.record(Entry("points", 3, subject="b"), completes=False)
    assert [entry.state for entry in history.entries] == [0, 2, 3]


def test_a_change_that_looks_different_is_merged_under_an_id_of_its_own() -> None:
    history = start().push(Entry("sample", 1, subject="a"))
    moved = history.record(Entry("sample", 2, subject="a"), completes=False)
    renewed = history.record(Entry("sample", 2, subject="a"), completes=False, renews=True)
    assert [(e.id, e.parent, e.state) for e in moved.entries] == [(1, None, 0), (2, 1, 2)]
    assert [(e.id, e.parent, e.state) for e in renewed.entries] == [(1, None, 0), (3, 1, 2)]
    assert renewed.undo().redo().current.id == 3
    assert set(renewed.visited.values()) == {3}


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


def test_changes_of_one_subject_are_kept_apart_on_another_branch() -> None:
    history = start().record(Entry("points", 1, subject="a"), completes=False)
    history = history.undo().push(Entry("drag", 2)).jump(2)
    history = history.record(Entry("points", 3, subject="a"), completes=False)
    assert [entry.state for entry in history.entries] == [0, 1, 2, 3]


MOVES = st.lists(
    st.tuples(st.sampled_from(["push", "push", "undo", "redo", "jump"]), st.integers(0, 999)),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(MOVES)
def test_any_walk_agrees_with_a_tree_of_nodes(moves: list[tuple[str, int]]) -> None:
    history, tree, visited, here = start(), {1: 0}, dict[int, int](), 1
    for move, number in moves:
        if move == "push":
            history = history.push(Entry("drag", number))
            new = max(tree) + 1
            tree[new], visited[here] = here, new
            here = new
        elif move == "undo" and history.can_undo:
            history, here = history.undo(), tree[here]
        elif move == "redo" and history.can_redo:
            history, here = history.redo(), visited[here]
        elif move == "jump":
            here = number % len(tree) + 1
            history, key = history.jump(here), here
            while tree[key]:
                visited[tree[key]] = key
                key = tree[key]
        assert history.current.id == here
        assert {e.id: e.parent or 0 for e in history.entries} == tree
        assert (history.can_undo, history.can_redo) == (here != 1, here in tree.values())


@settings(max_examples=100, deadline=None)
@given(MOVES)
def test_at_the_limit_what_stays_is_whole(moves: list[tuple[str, int]]) -> None:
    with small_limit(6):
        history, states = start(), {1: 0}
        for move, number in moves:
            way = [entry.id for entry in history.way]
            if move == "push":
                before = history
                history = history.push(Entry("drag", number))
                states[history.current.id] = number
                gone = {e.id for e in before.entries} - {e.id for e in history.entries}
                beside = [e.id for e in before.entries if e.id not in way]
                if len(before.entries) == 6:
                    assert gone == {beside[0] if beside else before.entries[1].id}
                else:
                    assert not gone
                assert [e.id for e in history.way] == [
                    *(k for k in way if k not in gone),
                    max(states),
                ]
            elif move == "undo" and history.can_undo:
                history = history.undo()
            elif move == "redo" and history.can_redo:
                history = history.redo()
            elif move == "jump":
                history = history.jump(history.entries[number % len(history.entries)].id)
            ids = [entry.id for entry in history.entries]
            assert ids == sorted(set(ids))
            assert len(ids) <= 6
            assert all(e.parent in ids[:k] for k, e in enumerate(history.entries) if k)
            assert history.entries[0].parent is None
            assert all(entry.state == states[entry.id] for entry in history.entries)
            assert set(history.visited) | set(history.visited.values()) <= set(ids)
            ways = {e.id: e.parent for e in history.entries}
            assert all(ways[child] == parent for parent, child in history.visited.items())
