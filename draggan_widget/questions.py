"""What the front end may ask, and who answers: a table; but for `open` they change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from draggan_widget.answers import Answer, Question
from draggan_widget.errors import InputError
from draggan_widget.file_questions import file_question, formats_question, open_question
from draggan_widget.protocol import Ask, choice_of, decode_args
from draggan_widget.runner import When
from draggan_widget.works import LongQuestion

if TYPE_CHECKING:
    from draggan_widget.frames import EncodedPicture
    from draggan_widget.session import DragSession


Understand = Callable[[Ask], Question | LongQuestion]
"""Checks what is asked; raises :class:`InputError`."""


def question_of(ask: Ask) -> Question | LongQuestion:
    """Return a question, checked.

    Raises:
        InputError: Nobody can answer it.
    """
    understand = QUESTIONS.get(ask.name)
    if understand is None:
        raise InputError(f"a question must be one of {', '.join(QUESTIONS)}, got {ask.name!r}")
    return understand(ask)


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


QUESTIONS: Mapping[str, Understand] = {
    "picture": _picture,
    "file": file_question,
    "file_formats": formats_question,
    "open": open_question,
}
"""How each question is understood."""
