"""What the front end may ask, and who answers: a table; but for `open` they change nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from draggan_widget.answers import Answer, Question
from draggan_widget.commands import When
from draggan_widget.errors import InputError
from draggan_widget.file_questions import (
    IsBlended,
    file_question,
    formats_question,
    open_question,
)
from draggan_widget.inputs import checked_index
from draggan_widget.protocol import (
    Ask,
    choice_of,
    count_argument,
    decode_args,
    index_argument,
    seed_argument,
    truncation_argument,
)
from draggan_widget.works import LongQuestion

if TYPE_CHECKING:
    from draggan_widget.frames import EncodedPicture
    from draggan_widget.session import DragSession


Understand = Callable[[Ask], Question | LongQuestion]
"""Checks what is asked; raises :class:`InputError`."""


def question_of(ask: Ask, is_blended: IsBlended) -> Question | LongQuestion:
    """Return a question, checked.

    Args:
        ask: What the front end has asked.
        is_blended: Whether the picture of a session is shown, and so kept, as it was outside the mask.

    Raises:
        InputError: Nobody can answer it.
    """
    understand = questions(is_blended)
    if ask.name not in understand:
        raise InputError(f"a question must be one of {', '.join(understand)}, got {ask.name!r}")
    return understand[ask.name](ask)


def picture_answer(picture: EncodedPicture, **more: Any) -> Answer:
    """Return a picture as an answer, with what else there is to say of it."""
    size = {"mime": picture.mime, "w": picture.width, "h": picture.height}
    return Answer({**size, **more}, (picture.data,))


def _picture(ask: Ask) -> Question:
    """Return the question for a picture: that from which the present latent began."""
    decode_args(ask.name, ask.args, {"of": choice_of("start")})

    def answer(session: DragSession) -> Answer:
        from draggan_widget.frames import encode_still
        from draggan_widget.session.pictures import picture_of

        return picture_answer(encode_still(picture_of(session.generator, session.state.start_w)))

    return Question(answer, When.BETWEEN_STEPS)


def _seed(ask: Ask) -> Question:
    """Return the question for the small picture of a seed, to choose by; it never holds up a drag."""
    kinds = {"seed": seed_argument, "truncation_psi": truncation_argument}
    args = decode_args(ask.name, ask.args, kinds)

    def answer(session: DragSession) -> Answer:
        from draggan_widget.session.seed_pictures import SEED_PICTURES

        seed, psi = args["seed"], args["truncation_psi"]
        return picture_answer(SEED_PICTURES.picture(session.generator, seed, psi))

    return Question(answer, When.AFTER_THE_DRAG)


def _thumbnail(ask: Ask) -> Question:
    """Return the question for the small picture of an entry of the history; it never holds up a drag."""
    entry_id = decode_args(ask.name, ask.args, {"entry": count_argument})["entry"]
    return Question(
        lambda session: picture_answer(session.thumbnail(entry_id), entry=entry_id),
        When.AFTER_THE_DRAG,
    )


def _film(ask: Ask) -> Question:
    """Return the question for one picture of the last drag, with its points and which of how many it is."""
    index = decode_args(ask.name, ask.args, {"index": index_argument})["index"]

    def answer(session: DragSession) -> Answer:
        from draggan_widget.frames import encode_live
        from draggan_widget.session.pictures import picture_of

        film, moments = session.film[0], session.trajectory
        place = checked_index("index", index, len(moments), "pictures of a drag")
        moment = moments[place]
        paired = moment.state.is_complete
        return picture_answer(
            encode_live(picture_of(session.generator, moment.w)),
            film=film,
            index=place,
            count=len(moments),
            point_ids=list(moment.state.point_ids) if paired else [],
            handles=moment.state.handle_points.tolist() if paired else [],
            targets=moment.state.target_points.tolist() if paired else [],
        )

    return Question(answer, When.BETWEEN_STEPS)


def questions(is_blended: IsBlended) -> Mapping[str, Understand]:
    """Return how each question is understood; arguments as for :func:`question_of`."""
    return {
        "file": functools.partial(file_question, is_blended=is_blended),
        "picture": _picture,
        "file_formats": formats_question,
        "open": open_question,
        "seed": _seed,
        "thumbnail": _thumbnail,
        "film": _film,
    }
