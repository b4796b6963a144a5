"""What acknowledgements tell about the way to a front end: its delay without a queue, and what it carries.

The way is taken for a queue with a fixed delay before and after it, as congestion control does (BBR, Cardwell et al.
2016): the shortest answer of late is the delay, and what arrives while the queue is never empty tells the rate. Both
include what the front end does with a picture. What was sent twice measures neither, because nobody knows which of the
two is answered (Karn and Partridge 1987). Knows no clock of its own.
"""

from collections import deque
from dataclasses import dataclass, replace

DELAY_WINDOW_S = 20.0
"""The delay is the shortest answer of so much time, so that a way that has grown longer is believed by then."""

LATEST = 2
"""So many answers tell how long they take now, with queues."""

RATE_WINDOW_S = 5.0
"""The rate is the best of so much time: what else keeps the front end or the kernel only makes measurements worse."""

LEAST_BYTES = 4096
"""Less tells nothing about the rate: it arrives as fast as its message."""

LONGEST_PERIOD_S = 1.0
"""A queue that is never empty is measured anew after this time."""

LONGEST_DELAY_S = 1.0
"""No way is longer: a kernel that was busy with a cell has taken later answers so late."""

LONGEST_QUEUE_S = 5.0
"""No answer is waited for longer than this on account of queues."""

SHORTEST_S = 0.001
"""Answers are not told apart more finely."""

CALM_S = 0.08
"""Pictures that come this soon after the delay stand in no queue."""

LATE_S = 0.5
"""Pictures that come so much later than the delay show that what was measured before does not hold any more."""

RAISED = 1.5
"""As long as pictures are too small and too calm to tell the rate, it is taken to be this much higher every second,
until something larger can be tried."""

MOST_BYTES_PER_S = 10e6
"""More than this makes no difference, nor can it be measured."""

MOST_PENDING = 16
"""Pictures that are remembered; older ones were lost."""


@dataclass(frozen=True)
class _Sent:
    """A message on its way.

    Attributes:
        bytes: Its size.
        at_s: When it was sent first.
        awaited: Whether its answer is waited for.
        is_repeated: Whether it was sent more than once.
    """

    bytes: int
    at_s: float
    awaited: bool = True
    is_repeated: bool = False


@dataclass(frozen=True)
class _Answer:
    """How long an answer took, and for how many bytes."""

    at_s: float
    took_s: float
    bytes: int


class Link:
    """Measures the way to a front end by what was sent and acknowledged."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._sent: dict[int, _Sent] = {}
        self._answers: deque[_Answer] = deque()
        self._latest_s: deque[float] = deque(maxlen=LATEST)
        self._rates: deque[tuple[float, float]] = deque()
        self._rate = 0.0
        self._raised_s = 0.0
        self._arrived_s = 0.0
        self._period: tuple[float, int] | None = None

    @property
    def under_way(self) -> int:
        """How many messages are on their way."""
        return sum(message.awaited for message in self._sent.values())

    @property
    def delay_s(self) -> float | None:
        """How long an answer takes where nothing waits in a queue, None before the first one."""
        return min(self._answers[0].took_s, LONGEST_DELAY_S) if self._answers else None

    @property
    def queued_s(self) -> float | None:
        """How long the last answer took, with what it waited for in queues; None before the first one."""
        return min(self._answers[-1].took_s, LONGEST_QUEUE_S) if self._answers else None

    @property
    def latest_s(self) -> float | None:
        """How long the sooner one of the last answers took at most; None before the first one."""
        return min(self._latest_s, default=None)

    @property
    def bytes_per_s(self) -> float | None:
        """What the way carries, as far as it was tried; None before the first answer."""
        return self._rate or None

    def unanswered_s(self, now_s: float) -> float:
        """Return how long the oldest message has been without an answer, 0 where all are answered."""
        return now_s - min((message.at_s for message in self._sent.values()), default=now_s)

    def sent(self, seq: int, size_bytes: int, now_s: float) -> None:
        """Note a message; numbers grow, but for what is sent again."""
        before = self._sent.get(seq)
        if before is None:
            self._sent[seq] = _Sent(size_bytes, now_s)
        else:
            self._sent[seq] = _Sent(size_bytes, before.at_s, is_repeated=True)
        while len(self._sent) > MOST_PENDING:
            del self._sent[next(iter(self._sent))]

    def acknowledged(self, seq: int, now_s: float) -> bool:
        """Note that every message up to a number has arrived; return whether one of them was awaited."""
        arrived = sorted(number for number in self._sent if number <= seq)
        messages = [self._sent.pop(number) for number in arrived]
        if seq in arrived:
            self._measure(messages, now_s)
        return bool(arrived)

    def forget(self, before_s: float | None = None) -> None:
        """Wait no longer for what was sent before some time, by default all; an answer that comes still tells how late."""
        self._sent = {
            seq: replace(message, awaited=False)
            if before_s is None or message.at_s < before_s
            else message
            for seq, message in self._sent.items()
        }

    def _measure(self, messages: list[_Sent], now_s: float) -> None:
        """Learn from the answer to the last of some messages; earlier ones have arrived unseen."""
        last = messages[-1]
        took_s = max(now_s - last.at_s, SHORTEST_S)
        self._latest_s.append(took_s)
        if last.is_repeated:
            if self._answers:  # what is counted from here on is known again
                self._arrived_s = now_s - self._answers[0].took_s
                self._period = self._arrived_s, 0
            return
        self._note_answer(_Answer(now_s, took_s, last.bytes))
        shortest = self._answers[0]
        self._note_rate(last.bytes / took_s, now_s)
        measured = self._measure_period(messages, now_s - shortest.took_s, shortest.bytes)
        late_s = took_s - shortest.took_s
        if late_s > LATE_S:
            self._rates.clear()
            measured = last.bytes / late_s if measured is None else measured
        if measured is not None:
            self._note_rate(measured, now_s)
            self._rate = self._rates[0][1]
        elif late_s < CALM_S and self._rate and now_s - self._raised_s >= 1:
            self._raised_s = now_s
            self._rate = min(self._rate * RAISED, MOST_BYTES_PER_S)
        self._rate = max(self._rate, self._rates[0][1])

    def _measure_period(
        self, messages: list[_Sent], arrived_s: float, shortest_bytes: int
    ) -> float | None:
        """Return the rate at which messages have arrived while the queue was not empty, None where that tells nothing.

        Times are those of the kernel's end: when something was sent, and when its answer came, less the delay.
        """
        begin_s, count = messages[0].at_s, sum(message.bytes for message in messages)
        if self._period is None or begin_s >= self._arrived_s:
            # The delay was measured with a message that took its time, too.
            self._period = begin_s, count - shortest_bytes
        elif self._arrived_s - self._period[0] > LONGEST_PERIOD_S:
            self._period = self._arrived_s, count
        else:
            self._period = self._period[0], self._period[1] + count
        self._arrived_s = arrived_s
        start_s, carried = self._period
        if carried < LEAST_BYTES:
            return None
        return min(carried / max(arrived_s - start_s, SHORTEST_S), MOST_BYTES_PER_S)

    def _note_answer(self, answer: _Answer) -> None:
        """Keep the shortest answers of late, the shortest first."""
        while self._answers and self._answers[-1].took_s >= answer.took_s:
            self._answers.pop()
        self._answers.append(answer)
        while self._answers[0].at_s < answer.at_s - DELAY_WINDOW_S:
            self._answers.popleft()

    def _note_rate(self, rate: float, now_s: float) -> None:
        """Keep the best rates of late, the best first."""
        while self._rates and self._rates[-1][1] <= rate:
            self._rates.pop()
        self._rates.append((now_s, rate))
        while self._rates[0][0] < now_s - RATE_WINDOW_S:
            self._rates.popleft()
