"""A photo that is opened: looked for among the generator's pictures, while the session stays as it is until the end."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from draggan_widget.answers import Answer
from draggan_widget.errors import DragganError, InputError
from draggan_widget.works import Progress, Work

if TYPE_CHECKING:
    from draggan_widget.inversion import Inversion, Look
    from draggan_widget.inversion.photo import Photo
    from draggan_widget.session import DragSession

PREVIEW_S = 0.4
"""The picture that was found so far is shown so often."""

LARGEST_PREVIEW_PX = 512
"""A larger picture is shown at half its size meanwhile."""

STAGES = {
    "samples": "Comparing pictures",
    "starts": "Trying the nearest",
    "w": "Fitting the whole",
    "w+": "Fitting details",
}
"""What is done in each stage of a search, for people."""


def photo_work(session: DragSession, data: bytes, name: str) -> Work:
    """Look for a photo a step at a time, and go to what was found as one change.

    Args:
        session: Where it is opened; changed in the end, and only then.
        data: The file.
        name: What the file is called.

    Raises:
        InputError: It is no photo that can be read, or another generator was chosen meanwhile.
    """
    from draggan_widget.inversion.invert import STEPS, prepared
    from draggan_widget.inversion.search import searched

    sought = prepared(data, session.generator)
    words = STAGES["samples"]
    _check_same(session, (yield Progress(0.0, words, "photo", _encoded(sought.target))))
    shown_s, w = 0.0, None
    for look in searched(sought.generator, sought.likeness, STEPS, None, sought.known):
        w, progress = look.w, Progress(look.done / look.total, STAGES[look.stage])
        if look.picture is not None and time.monotonic() - shown_s >= PREVIEW_S:
            shown_s = time.monotonic()
            progress = Progress(progress.part, progress.words, "picture", _preview(look))
        _check_same(session, (yield progress))
    assert w is not None
    found = sought.inversion(sought.generator, w)
    _check_same(session, (yield Progress(1.0, STAGES["w+"])))
    found.open_in(session, name)
    score = {"words": found.score.words, "warning": found.score.warning}
    answer = Answer({"points": 0, "photo": {**score, "psnr_db": found.score.psnr_db}})
    return lambda: answer


async def looked_for(photo: Photo, generator: Any, **options: Any) -> Inversion:
    """Look for a photo in a thread of its own; being cancelled ends that with the step under way.

    Args:
        photo: As for :func:`invert`.
        generator: Likewise.
        options: Further arguments of it.
    """
    from draggan_widget.inversion import invert

    ended = threading.Event()
    told = options.pop("on_look", None)

    def tell(look: Look) -> None:
        if ended.is_set():
            raise DragganError("the search was cancelled")
        if told is not None:
            told(look)

    try:
        return await asyncio.to_thread(invert, photo, generator, on_look=tell, **options)
    except asyncio.CancelledError:
        ended.set()
        raise


def check_untuned(options: Mapping[str, Any]) -> None:
    """Refuse to tune the generator of a widget.

    Raises:
        InputError: The options ask for it.
    """
    if options.get("tune"):
        raise InputError(
            "tune makes another generator, which this widget does not have; "
            "show it in a new one: DragWidget(invert(photo, tune=...).session())"
        )


def name_of(photo: Photo) -> str:
    """Return what a photo is called; empty where it is no file."""
    return Path(photo).name if isinstance(photo, str | os.PathLike) else ""


def _check_same(session: DragSession, present: DragSession) -> None:
    """Refuse to go on where another session has come in the place of this one."""
    if present is not session:
        raise InputError("another generator was chosen meanwhile; open the photo again")


def _preview(look: Look) -> bytes:
    """Return the picture that was found so far as it is shown."""
    from draggan_widget.frames import to_picture

    assert look.picture is not None
    return _encoded(to_picture(look.picture))


def _encoded(picture: Any) -> bytes:
    """Return a picture as a file to be shown for a moment."""
    from draggan_widget.frames import encode_live

    return encode_live(picture, divisor=2 if max(picture.size) > LARGEST_PREVIEW_PX else 1).data
