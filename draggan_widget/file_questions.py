"""What the front end asks about files: which there can be, one of them, and to open one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from draggan_widget.answers import Answer, Question
from draggan_widget.commands import When
from draggan_widget.errors import InputError
from draggan_widget.photos import photo_work
from draggan_widget.protocol import Ask, choice_of, decode_args, decode_flag, text_argument
from draggan_widget.works import LongQuestion, Progress, Work

if TYPE_CHECKING:
    from PIL import Image

    from draggan_widget.session import DragSession

IsBlended = Callable[["DragSession"], bool]
"""Says of a session whether its picture is shown as it was outside the mask."""

STILLS = {"png": "image/png", "session": "application/octet-stream"}
ANIMATIONS = {"gif": "image/gif", "mp4": "video/mp4"}
"""Types of files, by the names under which they are asked for."""

ENDINGS = {"session": ".dgs"}
"""Endings of files that are not the names themselves."""

MOST_PICTURES = 150
"""Pictures of an animation: of a longer drag so many are taken evenly."""

LONGEST_NAME = 255
"""So long the name of a file may be."""


def formats_question(ask: Ask) -> Question:
    """Return the question which animations there can be: pictures of the last drag, and whether MP4 can be written."""
    decode_args(ask.name, ask.args, {})

    def answer(session: DragSession) -> Answer:
        from draggan_widget.video import can_write_mp4

        return Answer({"pictures": len(session.trajectory), "mp4": can_write_mp4()})

    return Question(answer, When.BETWEEN_STEPS)


def file_question(ask: Ask, is_blended: IsBlended) -> Question | LongQuestion:
    """Return the question for a file to keep: picture, session or animation, with the points drawn or without.

    Args:
        ask: What the front end has asked.
        is_blended: Says when the answer is made whether the picture is shown blended, for then it is kept so.
    """
    kinds = {"format": choice_of(*STILLS, *ANIMATIONS), "points": decode_flag}
    args = decode_args(ask.name, ask.args, kinds)
    name, points = args["format"], args["points"]
    if name in ANIMATIONS:
        return LongQuestion(lambda session: _animate(session, name, points=points))

    def answer(session: DragSession) -> Answer:
        if name == "png":
            data = session.to_png(points=points, blended=is_blended(session))
        else:
            data = session.to_bytes()
        return _file(name, STILLS[name], data)

    return Question(answer, When.AFTER_THE_DRAG if name == "session" else When.BETWEEN_STEPS)


def open_question(ask: Ask) -> LongQuestion:
    """Return the request to open the one file beside it: the only question that changes the session.

    A session is opened at once; a photo is looked for first.
    """
    name = decode_args(ask.name, ask.args, {"name": text_argument(LONGEST_NAME)})["name"]
    if len(ask.buffers) != 1:
        raise InputError(f"open takes one file, got {len(ask.buffers)}; drop one at a time")
    data = ask.buffers[0]
    if not data:
        raise InputError(f"{name} is empty; take another copy of it")
    return LongQuestion(lambda session: _open(session, data, name), ends_drag=True)


def _open(session: DragSession, data: bytes, name: str) -> Work:
    """Open a session, or look for a photo."""
    from draggan_widget.session.embedding import holds_session

    if not holds_session(data) and not name.lower().endswith(ENDINGS["session"]):
        return (yield from photo_work(session, data, name))
    session.open_file(data, name)
    answer = Answer({"points": len(session.point_ids)})
    return lambda: answer


def _file(name: str, mime: str, data: bytes) -> Answer:
    """Return a file as an answer."""
    return Answer({"mime": mime, "ending": ENDINGS.get(name, f".{name}")}, (data,))


def _animate(session: DragSession, name: str, *, points: bool) -> Work:
    """Draw the pictures of the last drag one by one."""
    from draggan_widget.session.pictures import pictures_of
    from draggan_widget.video import CURE, can_write_mp4

    if not session.trajectory:
        raise InputError("there is no drag yet; pull at the picture first")
    if name == "mp4" and not can_write_mp4():
        raise InputError(f"an MP4 needs the package av: {CURE}")
    moments = evenly(session.trajectory, MOST_PICTURES)
    pictures: list[Image.Image] = []
    for picture in pictures_of(session.generator, moments, points=points):
        pictures.append(picture)
        yield Progress(len(pictures) / len(moments))
    return _encoder(name, pictures)


def _encoder(name: str, pictures: Sequence[Image.Image]) -> Callable[[], Answer]:
    """Return what makes an animation of pictures."""

    def make() -> Answer:
        from draggan_widget.export import ANIMATION_FPS, animation_bytes

        data = animation_bytes(pictures, f".{name}", fps=ANIMATION_FPS)
        return _file(name, ANIMATIONS[name], data)

    return make


def evenly(values: Sequence[Any], most: int) -> Sequence[Any]:
    """Return at most so many values, evenly spaced; the first and the last are among them."""
    if len(values) <= most:
        return values
    last = len(values) - 1
    return [values[round(last * k / (most - 1))] for k in range(most)]
