"""The sessions of a widget, one for each generator that it was given: one is shown, the others wait as they were left."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from draggan_widget.errors import DragganError, GeneratorError, InputError

if TYPE_CHECKING:
    from draggan_widget.drag import DragConfig
    from draggan_widget.session import DragSession
    from draggan_widget.session.state import PictureGenerator


class Shelf:
    """Sessions by the names under which a person chooses their generators."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._sessions: dict[str, DragSession] = {}
        self._files: dict[str, str] = {}

    def name_of(self, session: DragSession) -> str:
        """Return the name of a session's generator, which no other one on the shelf has; puts the session there."""
        with self._lock:
            for name, each in self._sessions.items():
                if each is session:
                    return name
            name = self._free_name(session.generator.name)
            self._sessions[name] = session
            return name

    @property
    def names(self) -> tuple[str, ...]:
        """What a person can choose: the generators that are on this machine by name, and those that were given."""
        known = _registered()
        with self._lock:
            return (*known, *(name for name in self._sessions if name not in known))

    def check(self, name: str) -> None:
        """Raise :class:`InputError` if a name is none of :attr:`names`: nobody names a file by it."""
        if name not in self.names:
            raise InputError(
                f"generator must be one of {', '.join(self.names)}, got {name!r}; "
                "set widget.generator to open a file"
            )

    def clear(self) -> None:
        """Keep no session any more."""
        with self._lock:
            self._sessions.clear()
            self._files.clear()

    def find(self, source: Any, present: DragSession) -> DragSession:
        """Return the session of a generator: the one that was left, or a new one with the seed of the present one.

        Args:
            source: A name of :attr:`names`, a ``Generator``, or what ``load_generator`` takes.
            present: The session whose seed, truncation and settings a new one takes over.

        Raises:
            GeneratorError: It cannot be found, read or drawn.
            InputError: It is no generator, or cannot be dragged.
        """
        self.name_of(present)
        known = self._known(source)
        if known is not None:
            return known
        try:
            session = _opened(source, present)
        except DragganError as error:
            kept = f"{present.generator.name!r} is still there"
            raise type(error)(
                f"{error}; {kept}, choose another generator or put the file right"
            ) from error
        except Exception as error:
            raise GeneratorError(
                f"the generator {source!s:.200} cannot be used ({type(error).__name__}: {error}); "
                f"{present.generator.name!r} is still there, choose a smaller one or another device"
            ) from error
        with self._lock:
            if isinstance(source, str) and source in _registered():
                self._sessions[source] = session
            elif isinstance(source, str | os.PathLike):
                self._files[os.path.abspath(source)] = self.name_of(session)
        return session

    def _known(self, source: Any) -> DragSession | None:
        """Return the session that was left of a generator, a name or a file."""
        with self._lock:
            if isinstance(source, str) and source in self._sessions:
                return self._sessions[source]
            if isinstance(source, str | os.PathLike):
                name = self._files.get(os.path.abspath(source))
                return None if name is None else self._sessions[name]
            return next((s for s in self._sessions.values() if s.generator is source), None)

    def _free_name(self, wanted: str) -> str:
        """Return a name that no session has, as near as possible to one that is wanted."""
        name, count = wanted, 1
        while name in self._sessions:
            count += 1
            name = f"{wanted} ({count})"
        return name


def _registered() -> tuple[str, ...]:
    """Return the names of the generators that are on this machine."""
    from draggan_widget.pretrained import generators_here  # with torch, in the runner's thread

    return generators_here()


def _opened(source: Any, present: DragSession) -> DragSession:
    """Return a new session, with its first picture drawn."""
    from draggan_widget.session import DragSession
    from draggan_widget.session.sources import found_generator

    by_name = isinstance(source, str | os.PathLike)
    generator = found_generator(source, present.generator.device if by_name else None)
    session = DragSession(
        generator,
        seed=present.seed,
        truncation_psi=present.truncation_psi,
        config=_fitting(present.config, generator),
    )
    assert session.image  # drawn now: what cannot be drawn is not taken up
    return session


def _fitting(config: DragConfig, generator: PictureGenerator) -> DragConfig:
    """Return settings for a generator; what it does not have is left to the solver."""
    from draggan_widget.session.sources import checked_config

    try:
        return checked_config(config, generator)
    except InputError:
        return checked_config(replace(config, feature_block=None, space="w+"), generator)
