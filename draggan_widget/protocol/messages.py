"""What a browser says, as types, and its validation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from draggan_widget.errors import InputError
from draggan_widget.protocol.arguments import (
    COMMANDS,
    MAX_NAME,
    NOTHING_MORE,
    OPTIONAL_ARGS,
    decode_args,
)
from draggan_widget.protocol.points import POINT_TRAITS
from draggan_widget.protocol.values import (
    Size,
    brief,
    decode_flag,
    integer,
    number,
    points_inside,
    record,
)

PROTOCOL_VERSION = 1

MAX_DPR = 16
"""No display has more device pixels in a pixel of the page."""

MAX_WAITS = 256
"""No page waits for more answers at a time."""

MAX_UPLOAD = 64 * 2**20
"""Bytes of a file that a person hands over; no session file or photo is larger."""

PULL_ENDS = ("settle", "stay", "undo")
"""What becomes of a picture whose pointer lets go: it goes on until it arrives, stays as it is, or goes back."""

SET_TRAITS = (*POINT_TRAITS, "mask", "auto_run", "blend_outside", "page_write")
"""The traits that a browser may set by a message; a mask that is there comes beside them."""


@dataclass(frozen=True)
class Hello:
    """A view was drawn.

    Attributes:
        dpr: Device pixels in a pixel of the page.
        loopback: Whether the page comes from the machine that shows it.
        visible: Whether it can be seen.
        n: The page's number of the message, which comes back with the answer.
        page: Number of the page; 0 if it has none.
        state_rev: Number of the newest message of traits that the page has with all before it; None if it has none.
    """

    dpr: float
    loopback: bool
    visible: bool
    n: int = 0
    page: int = 0
    state_rev: int | None = None


@dataclass(frozen=True)
class Ack:
    """Every frame up to ``seq`` has left a page's queue; ``shown`` tells whether that one was drawn.

    Attributes:
        visible: Whether the page can be seen; others may.
        page: Its number, as that of :class:`Hello`.
    """

    seq: int
    shown: bool
    visible: bool
    page: int = 0


@dataclass(frozen=True)
class Poll:
    """A page wants to know what it may have missed.

    Attributes:
        have: Number of the newest frame that it has; a newer one is awaited.
        n, page, state_rev: As those of :class:`Hello`.
        seen: Number of its newest question to which the answer has come; 0 if none has.
        replies: Numbers of the commands that it has no reply to.
        answers: Numbers of the questions that it has no answer to.
    """

    have: int
    n: int = 0
    page: int = 0
    state_rev: int | None = None
    seen: int = 0
    replies: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Command:
    """An action of a person, to be answered under its number.

    Attributes:
        rid: The browser's number of the command.
        name: One of :data:`COMMANDS`.
        args: What its entry there asks for.
    """

    rid: int
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """A question that changes nothing, to be answered under its number.

    Attributes:
        rid: The browser's number of the question.
        name: What is asked; the kernel's table of questions checks it and what follows.
        args: Not checked yet.
        buffers: Files that belong to it.
    """

    rid: int
    name: str
    args: Mapping[str, object]
    buffers: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Pull:
    """A pointer pulls at a pair: its target belongs at ``(x, y)`` px; of several such messages the newest counts.

    Attributes:
        id: Of the pair; a new one is told beside this message.
        x, y: Where the pointer is.
        seq: The browser's number of the message, from 1, which comes back with the pictures that follow it.
    """

    id: int
    x: float
    y: float
    seq: int


@dataclass(frozen=True)
class Release:
    """A pointer has let go of a pair; ``end`` is one of :data:`PULL_ENDS`."""

    id: int
    end: str


@dataclass(frozen=True)
class Setting:
    """Traits that a browser sets by a message of its own, because writes of its host may wait for a lost answer.

    Attributes:
        state: The traits by name, still to be checked, as a host would write them.
        mask: Whether the mask comes with them, as the first buffer of the message.
    """

    state: Mapping[str, object]
    mask: bool


Message = Hello | Ack | Poll | Command | Ask | Pull | Release | Setting
"""What a browser says."""


def check_inside(pull: Pull, size: Size) -> None:
    """Raise :class:`InputError` if a pull goes out of a picture of this size."""
    points_inside("pull", [[pull.x, pull.y]], size)


def decode_message(content: object, buffers: Sequence[object] = ()) -> Message:
    """Return a custom message of the browser.

    Args:
        content: What it says.
        buffers: What came beside it; for questions only.

    Raises:
        InputError: It is none.
    """
    message = record("a message", content)
    kind = message.get("k")
    decode = _DECODERS.get(kind) if isinstance(kind, str) else None
    if decode is None:
        raise InputError(f"k must be one of {', '.join(_DECODERS)}, got {brief(kind)}")
    decoded = decode(message)
    return replace(decoded, buffers=_files(buffers)) if isinstance(decoded, Ask) else decoded


def _decode_hello(message: Mapping[str, object]) -> Hello:
    """Return a greeting."""
    if type(message.get("v")) is not int or message["v"] != PROTOCOL_VERSION:
        raise InputError(
            f"v must be {PROTOCOL_VERSION}, got {brief(message.get('v'))}; "
            "restart the kernel and reload the page after an update"
        )
    dpr = message.get("dpr")
    if not isinstance(dpr, int | float) or isinstance(dpr, bool) or not 0 < dpr <= MAX_DPR:
        raise InputError(f"dpr must be a number above 0 and at most {MAX_DPR}, got {brief(dpr)}")
    loopback, visible = (decode_flag(n, message.get(n)) for n in ("loopback", "visible"))
    return Hello(float(dpr), loopback, visible, *_numbers(message))


def _decode_ack(message: Mapping[str, object]) -> Ack:
    """Return an acknowledgement."""
    seq = integer("seq", message.get("seq"), 0)
    shown, visible = (decode_flag(n, message.get(n)) for n in ("shown", "visible"))
    return Ack(seq, shown, visible, integer("page", message.get("page", 0), 0))


def _decode_poll(message: Mapping[str, object]) -> Poll:
    """Return a question for what was missed."""
    have = integer("have", message.get("have"), 0)
    seen = integer("seen", message.get("seen", 0), 0)
    rids = (_rids(name, message) for name in ("replies", "answers"))
    return Poll(have, *_numbers(message), seen, *rids)


def _decode_command(message: Mapping[str, object]) -> Command:
    """Return an action."""
    rid = integer("rid", message.get("rid"), 1)
    name = message.get("name")
    if not isinstance(name, str) or name not in COMMANDS:
        raise InputError(f"name must be one of {', '.join(COMMANDS)}, got {brief(name)}")
    optional = OPTIONAL_ARGS.get(name, NOTHING_MORE)
    return Command(rid, name, decode_args(name, message.get("args"), COMMANDS[name], optional))


def _decode_ask(message: Mapping[str, object]) -> Ask:
    """Return a question, whose name and args are checked by who answers it."""
    rid, name = integer("rid", message.get("rid"), 1), message.get("name")
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise InputError(f"name must be a short text, got {brief(name)}")
    return Ask(rid, name, record("args", message.get("args")))


def _decode_pull(message: Mapping[str, object]) -> Pull:
    """Return where a pointer pulls."""
    key, seq = (integer(name, message.get(name), 1) for name in ("id", "seq"))
    x, y = (number(name, message.get(name)) for name in ("x", "y"))
    return Pull(key, x, y, seq)


def _decode_release(message: Mapping[str, object]) -> Release:
    """Return the end of a pull."""
    key, end = integer("id", message.get("id"), 1), message.get("end")
    if not isinstance(end, str) or end not in PULL_ENDS:
        raise InputError(f"end must be one of {', '.join(PULL_ENDS)}, got {brief(end)}")
    return Release(key, end)


def _decode_setting(message: Mapping[str, object]) -> Setting:
    """Return traits to be set."""
    state = record("state", message.get("state"))
    if unknown := sorted(str(name) for name in state if name not in SET_TRAITS):
        raise InputError(f"state may hold {', '.join(SET_TRAITS)}, got {brief(unknown)}")
    return Setting(state, decode_flag("mask", message.get("mask")))


_DECODERS: Mapping[str, Callable[[Mapping[str, object]], Message]] = {
    "hello": _decode_hello,
    "ack": _decode_ack,
    "poll": _decode_poll,
    "cmd": _decode_command,
    "ask": _decode_ask,
    "pull": _decode_pull,
    "release": _decode_release,
    "set": _decode_setting,
}


def _rids(name: str, message: Mapping[str, object]) -> tuple[int, ...]:
    """Return the numbers of what a page waits for."""
    rids = message.get(name, [])
    if not isinstance(rids, list) or len(rids) > MAX_WAITS:
        raise InputError(f"{name} must be a list of at most {MAX_WAITS}, got {brief(rids)}")
    return tuple(integer(name, each, 1) for each in rids)


def _numbers(message: Mapping[str, object]) -> tuple[int, int, int | None]:
    """Return the number of a message, that of its page, and that of the traits that this has."""
    rev = message.get("state_rev")
    known = None if rev is None else integer("state_rev", rev, 0)
    n, page = (integer(name, message.get(name, 0), 0) for name in ("n", "page"))
    return n, page, known


def _files(buffers: Sequence[object]) -> tuple[bytes, ...]:
    """Return the files beside a question."""
    views = [
        memoryview(each) for each in buffers if isinstance(each, bytes | bytearray | memoryview)
    ]
    if len(views) != len(buffers) or sum(view.nbytes for view in views) > MAX_UPLOAD:
        raise InputError(f"files must have at most {MAX_UPLOAD // 2**20} MB together")
    return tuple(bytes(view) for view in views)
