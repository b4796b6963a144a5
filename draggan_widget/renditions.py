"""How a moving picture may be encoded, from the best to the smallest, and which of these a slow way can carry."""

from dataclasses import dataclass

LARGE_SIDE_PX = 512
"""Moving pictures with longer sides are sent at half size."""

SMALLEST_SIDE_PX = 128
"""The longest side of a picture is never made shorter than this; it is small enough."""

BETTER_SHARE = 0.7
"""A better rendition is tried where it would take this much of what is allowed, and a worse one beyond all of it."""

BETTER_WAIT_S = 1.0
"""So long after a change nothing better is tried: first it is seen what the change has brought."""

FULL_BYTES_PER_PX = 0.35
"""What the best rendition takes, until one was made."""


@dataclass(frozen=True)
class Rendition:
    """How a moving picture is encoded.

    Attributes:
        divisor: Width and height are divided by it.
        quality: Of a lossy WebP, None for the JPEG of a fast way.
        share: About how many bytes that takes, the best being 1.
    """

    divisor: int
    quality: int | None
    share: float


def ladder(width: int, height: int) -> tuple[Rendition, ...]:
    """Return the renditions of pictures of a size, the best first.

    As long as there is a choice, compressing more loses less than making smaller: measured on pictures of animals.
    """
    side = max(width, height)
    first = 2 if side > LARGE_SIDE_PX else 1
    steps = [Rendition(first, None, 1.0), Rendition(first, 80, 0.3), Rendition(first, 45, 0.1)]
    divisor, share = first, 0.1
    while side / (2 * divisor) >= SMALLEST_SIDE_PX and divisor < 4 * first:
        divisor, share = 2 * divisor, share * 0.4
        steps.append(Rendition(divisor, 70, share))
    return tuple(steps)


class Chooser:
    """Chooses renditions by how many bytes a picture may have.

    Attributes:
        index: How far from the best the present one is.
    """

    def __init__(self) -> None:
        """Begin with the best."""
        self.index = 0
        self._size = (0, 0)
        self._steps: tuple[Rendition, ...] = ladder(0, 0)
        self._taken: dict[int, int] = {}
        self._changed_s = -BETTER_WAIT_S

    def choose(
        self, width: int, height: int, allowed_bytes: float | None, now_s: float
    ) -> Rendition:
        """Return the rendition of the next picture.

        Args:
            width, height: Of the picture, px.
            allowed_bytes: What it may take, None for anything.
            now_s: The time.
        """
        if (width, height) != self._size:
            self._size, self._steps, self._taken = (width, height), ladder(width, height), {}
            self.index = min(self.index, len(self._steps) - 1)
        before = self.index
        if allowed_bytes is None:
            self.index = 0
        else:
            while self.index < len(self._steps) - 1 and self._bytes(self.index) > allowed_bytes:
                self.index += 1
            may_rise = self.index == before > 0 and now_s - self._changed_s >= BETTER_WAIT_S
            if may_rise and self._bytes(before - 1) <= BETTER_SHARE * allowed_bytes:
                self.index -= 1
        if self.index != before:
            self._changed_s = now_s
        return self._steps[self.index]

    def took(self, size_bytes: int) -> None:
        """Note how many bytes the last rendition took."""
        self._taken[self.index] = size_bytes

    def _bytes(self, index: int) -> float:
        """Return what a rendition takes: as it did, or as its neighbours lead to expect."""
        known = min(self._taken, key=lambda each: abs(each - index), default=None)
        if known is None:
            width, height = self._size
            pixels = width * height / self._steps[0].divisor ** 2
            return FULL_BYTES_PER_PX * pixels * self._steps[index].share
        return self._taken[known] * self._steps[index].share / self._steps[known].share
