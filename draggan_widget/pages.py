"""Which pages show a widget, and whether anybody looks at it in one of them; knows no clock of its own."""

from dataclasses import dataclass

MOST = 64
"""So many pages are remembered."""

GONE_S = 30.0
"""A page that has left a picture without an answer for so long, while others spoke, was closed without a word."""


@dataclass
class _Page:
    """What is known of a page.

    Attributes:
        visible: Whether it can be seen, as it said last.
        heard_s: When it has last spoken.
        owes_s: Since when it owes an answer, None while it owes none.
    """

    visible: bool
    heard_s: float
    owes_s: float | None = None


class Pages:
    """Remembers what pages have said of themselves, each under its number."""

    def __init__(self) -> None:
        """Know of none, and take it that somebody looks."""
        self._pages: dict[int, _Page] = {}

    @property
    def is_seen(self) -> bool:
        """Whether anybody can see the widget, as far as is known."""
        return not self._pages or any(page.visible for page in self._pages.values())

    def sees(self, number: int) -> bool:
        """Return whether a page is one that can be seen, or has not spoken yet."""
        return number not in self._pages or self._pages[number].visible

    def sent(self, now_s: float) -> None:
        """Note that a picture was sent to all of them."""
        for page in self._pages.values():
            page.owes_s = now_s if page.owes_s is None else page.owes_s

    def heard(self, number: int, now_s: float, *, visible: bool) -> None:
        """Note whether a page can be seen, as it has just said; others may turn out to be gone.

        Without a word of any page nobody is taken to be gone: a cell may keep the kernel from hearing them.
        """
        self._pages[number] = _Page(visible, now_s)
        for key, page in [*self._pages.items()]:
            if page.owes_s is not None and now_s - page.owes_s > GONE_S:
                del self._pages[key]
        if len(self._pages) > MOST:
            del self._pages[min(self._pages, key=self._worth)]

    def _worth(self, number: int) -> tuple[bool, float]:
        """Return how much is lost with a page: one that can be seen, and has spoken of late, counts most."""
        page = self._pages[number]
        return page.visible, page.heard_s
