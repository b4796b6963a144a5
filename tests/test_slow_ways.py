"""Drags over ways of many kinds, in virtual time: pictures come soon and often, and nothing piles up."""

from dataclasses import replace

import pytest

from tests.virtual_way import Shown, VirtualDrag, Way

LAN = Way(delay_s=0.03, bytes_per_s=5e6, jitter_s=0.03)
SLOW = Way(delay_s=0.3, bytes_per_s=110e3, jitter_s=0.06)
"""1 Mbit/s, less what else goes that way."""

STILL_BYTES = 300_000
SLOW_WAYS = {
    "slow": SLOW,
    "trembling": replace(SLOW, jitter_s=0.2),
    "losing answers": replace(SLOW, loss=0.2),
    "short": replace(SLOW, delay_s=0.03),
    "very slow": Way(delay_s=0.6, bytes_per_s=30e3, jitter_s=0.1),
}
FEWEST_PER_S = 3.0
LATEST_S = 0.9
"""From the kernel to the page, beyond the way itself; a pointer's message takes that before, and a step its time."""


def per_s(shown: list[Shown]) -> float:
    """Return how many pictures a second came."""
    return (len(shown) - 1) / (shown[-1].at_s - shown[0].at_s)


def oldest_s(shown: list[Shown]) -> float:
    """Return the age of the oldest picture when it came."""
    return max(each.age_s for each in shown)


@pytest.mark.parametrize("way", SLOW_WAYS.values(), ids=SLOW_WAYS.keys())
@pytest.mark.parametrize(("side", "full_bytes"), [(512, 90_000), (128, 6_000)])
def test_a_drag_over_a_slow_way_is_shown_at_once_and_never_falls_behind(
    way: Way, side: int, full_bytes: int
) -> None:
    drag = VirtualDrag(way, side=side, full_bytes=full_bytes)
    drag.rest(15, STILL_BYTES * side**2 // 512**2)
    for _ in range(6):
        shown = drag.drag(5)
        assert per_s(shown) >= FEWEST_PER_S
        assert oldest_s(shown) < LATEST_S + way.delay_s / 2
        assert drag.queue_s < LATEST_S


@pytest.mark.parametrize("way", [LAN, replace(LAN, delay_s=0.3), replace(LAN, jitter_s=0.2)])
def test_a_fast_way_has_the_best_pictures_however_long_it_is(way: Way) -> None:
    drag = VirtualDrag(way)
    drag.rest(2, STILL_BYTES)
    drag.drag(5)
    shown = drag.drag(5)
    best = [each for each in shown if each.index == 0]
    assert len(best) >= 0.75 * len(shown)
    assert per_s(shown) >= 2 * FEWEST_PER_S


def test_a_way_that_becomes_slow_is_behind_for_a_moment_only() -> None:
    drag = VirtualDrag(replace(LAN))
    drag.rest(2, STILL_BYTES)
    drag.drag(5)
    drag.way = SLOW
    shown = drag.drag(4)
    assert oldest_s(shown) < 2.5, "two of the best were under way, and one came in the silence"
    shown = drag.drag(30)
    assert oldest_s(shown) < LATEST_S
    assert per_s(shown) >= FEWEST_PER_S


def test_a_way_that_becomes_fast_has_the_best_pictures_again() -> None:
    drag = VirtualDrag(replace(SLOW))
    drag.rest(5, STILL_BYTES)
    assert 0 not in {each.index for each in drag.drag(5)}
    drag.way = LAN
    drag.drag(10)
    assert {each.index for each in drag.drag(5)} == {0}


def test_nothing_piles_up_on_a_way_that_stands_still() -> None:
    drag = VirtualDrag(replace(SLOW))
    drag.rest(5, STILL_BYTES)
    drag.drag(5)
    drag.way = replace(SLOW, bytes_per_s=1e3, delay_s=20.0)
    before_s = drag.now_s
    drag.drag(10)
    sent_bytes = (drag.queue_s + drag.now_s - before_s) * 1e3
    assert sent_bytes < 110e3, "it is over in a second once the way goes on"


def test_a_picture_at_rest_goes_in_parts_on_a_slow_way_so_that_a_drag_can_begin_at_once() -> None:
    drag = VirtualDrag(replace(SLOW))
    drag.rest(5, STILL_BYTES)
    drag.drag(5)
    assert drag.rest(0.5, STILL_BYTES) > 5
    shown = drag.drag(5)
    assert shown[0].age_s < LATEST_S
    assert per_s(shown) >= FEWEST_PER_S


def test_a_picture_at_rest_goes_at_once_on_a_fast_way_and_where_it_is_small() -> None:
    drag = VirtualDrag(replace(LAN))
    drag.drag(3)
    assert drag.rest(1, STILL_BYTES) == 1
    drag = VirtualDrag(replace(SLOW))
    drag.drag(3)
    assert drag.rest(1, 16_000) == 1
