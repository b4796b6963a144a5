"""What travels between the kernel and the browser: types, and validation of all that the browser sends.

Nothing here trusts its input; a value that is not exactly as agreed raises :class:`InputError`. The examples in
``tests/fixtures/protocol`` bind this module and ``js/src/core/protocol.ts`` alike.
"""

import io
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from draggan_widget.errors import InputError
from draggan_widget.inputs import MAX_SEED, checked_truncation

PROTOCOL_VERSION = 1

MAX_INTEGER = 2**53 - 1
"""Largest integer that JavaScript holds exactly."""

MAX_DPR = 16
"""No display has more device pixels in a pixel of the page."""

MAX_POINTS = 1000
"""More points than anybody places by hand; a longer list is an accident."""

MAX_SETTINGS = 40
"""More than there are settings of a drag."""

MAX_NAME = 40
"""Longer than the name of any question."""

MAX_GENERATOR_NAME = 200
"""Longer than the name of any generator."""

MAX_UPLOAD = 64 * 2**20
"""Bytes of a file that a person hands over; no session file or photo is larger."""

PULL_ENDS = ("settle", "stay", "undo")
"""What becomes of a picture whose pointer lets go: it goes on until it arrives, stays as it is, or goes back."""

POINT_TRAITS = ("handle_points", "target_points", "point_ids", "point_edit")
"""The traits that an edit of points consists of; a browser sends those of them that it has changed."""

SET_TRAITS = (*POINT_TRAITS, "mask", "auto_run", "blend_outside")
"""The traits that a browser may set by a message; a mask that is there comes beside them."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

GREY_8_BIT = (8, 0)
"""Bit depth and colour type of a mask, as in a PNG's header."""

MAY_MOVE = 255
"""Grey level of what may move in a mask that is sent; anything from half of it on counts."""

Check = Callable[[str, object], object]
"""Gives the checked value of an argument from its name and value."""

NOTHING_MORE: Mapping[str, Check] = MappingProxyType({})
"""No optional arguments."""

Size = tuple[int, int]
"""Width and height in pixels."""

Pair = tuple[float, float]
"""A position (x, y) in pixels of the picture."""


@dataclass(frozen=True)
class Hello:
    """A view was drawn.

    Attributes:
        dpr: Device pixels in a pixel of the page.
        loopback: Whether the page comes from the machine that shows it.
        visible: Whether it can be seen.
    """

    dpr: float
    loopback: bool
    visible: bool


@dataclass(frozen=True)
class Ack:
    """Every frame up to ``seq`` has left the browser's queue; ``shown`` tells whether that one was drawn."""

    seq: int
    shown: bool
    visible: bool


@dataclass(frozen=True)
class Poll:
    """A frame newer than ``have`` is awaited."""

    have: int


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


@dataclass(frozen=True)
class PointEdit:
    """A complete change of the points.

    Attributes:
        rev: The browser's number of the edit, from 0.
        ids: One id a pair.
        handles, targets: Where they are.
        placed: Ids whose handle was put down by hand.
    """

    rev: int
    ids: tuple[int, ...]
    handles: tuple[Pair, ...]
    targets: tuple[Pair, ...]
    placed: frozenset[int]


def decode_message(content: object, buffers: Sequence[object] = ()) -> Message:
    """Return a custom message of the browser.

    Args:
        content: What it says.
        buffers: What came beside it; for questions only.

    Raises:
        InputError: It is none.
    """
    message = _record("a message", content)
    kind = message.get("k")
    decode = _DECODERS.get(kind) if isinstance(kind, str) else None
    if decode is None:
        raise InputError(f"k must be one of {', '.join(_DECODERS)}, got {_brief(kind)}")
    decoded = decode(message)
    return replace(decoded, buffers=_files(buffers)) if isinstance(decoded, Ask) else decoded


def decode_args(
    name: str,
    value: object,
    kinds: Mapping[str, Check],
    optional: Mapping[str, Check] = NOTHING_MORE,
) -> dict[str, Any]:
    """Return the arguments of a command or question.

    Args:
        name: Of the command or question.
        value: An object with the arguments that ``kinds`` names, and perhaps ``optional`` ones.
        kinds: Gives each argument's checked value from its name and value.
        optional: Does so for arguments that may be absent.

    Raises:
        InputError: One is missing, unknown or not as agreed.
    """
    arguments = _record("args", value)
    if not set(kinds) <= set(arguments) <= {*kinds, *optional}:
        wanted = f"args {{{', '.join((*kinds, *optional))}}}" if kinds else "no args"
        raise InputError(f"{name} takes {wanted}, got {_brief(dict(arguments))}")
    checks = {**kinds, **optional}
    return {key: check(key, arguments[key]) for key, check in checks.items() if key in arguments}


def seed_argument(name: str, value: object) -> int:
    """Return a seed; raise :class:`InputError` if it is none."""
    return _integer(name, value, 0, MAX_SEED)


def truncation_argument(name: str, value: object) -> float:
    """Return a truncation; raise :class:`InputError` if it is none."""
    return checked_truncation(_number(name, value))


def generator_argument(name: str, value: object) -> str:
    """Return what may be the name of a generator; raise :class:`InputError` if it cannot be."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_GENERATOR_NAME:
        raise InputError(f"{name} must be the name of a generator, got {_brief(value)}")
    return value


def settings_argument(name: str, value: object) -> dict[str, Any]:
    """Return values of some settings, which are checked with the others; raise :class:`InputError` if it has none."""
    settings = _record(name, value)
    if not 0 < len(settings) <= MAX_SETTINGS:
        raise InputError(f"{name} must have 1 to {MAX_SETTINGS} entries, got {len(settings)}")
    for key, each in settings.items():
        plain = each is None or isinstance(each, bool | int | float | str)
        if len(str(key)) > MAX_NAME or not plain or len(str(each)) > MAX_NAME:
            raise InputError(f"{name} must have plain values, got {_brief(key)}: {_brief(each)}")
    return {str(key): each for key, each in settings.items()}


def count_argument(name: str, value: object) -> int:
    """Return a whole number from 0; raise :class:`InputError` if it is none."""
    return _integer(name, value, 0)


def index_argument(name: str, value: object) -> int:
    """Return an index from 0, or -1 for the last; raise :class:`InputError` if it is neither."""
    return _integer(name, value, -1)


def choice_of(*choices: str) -> Callable[[str, object], str]:
    """Return a check for one of some words."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InputError(f"{name} must be one of {', '.join(choices)}, got {_brief(value)}")
        return value

    return check


def text_argument(longest: int) -> Callable[[str, object], str]:
    """Return a check for a text of a length."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise InputError(
                f"{name} must be a text of at most {longest} letters, got {_brief(value)}"
            )
        return value

    return check


def rid_argument(name: str, value: object) -> int:
    """Return the number of a question; raise :class:`InputError` if it is none."""
    return _integer(name, value, 1)


COMMANDS: Mapping[str, Mapping[str, Check]] = {
    **{name: {} for name in ("run", "step", "stop", "undo", "redo", "reset", "clear_points")},
    "sample": {"seed": seed_argument},
    "generator": {"name": generator_argument},
    "configure": {"settings": settings_argument},
    "jump": {"entry": count_argument},
    "take": {"index": index_argument},
}
"""The actions of a person, and the check of each argument."""

OPTIONAL_ARGS: Mapping[str, Mapping[str, Check]] = {
    "sample": {"truncation_psi": truncation_argument},
}
"""The arguments of actions that may be absent, and their checks."""


def decode_points(
    state: Mapping[str, object], *, size: Size, known: Mapping[int, tuple[Pair, Pair]]
) -> PointEdit:
    """Return an edit of the points.

    Args:
        state: Those of :data:`POINT_TRAITS` that have changed; ``point_edit`` is always among them.
        size: Width and height of the picture.
        known: Handle and target of each id that the kernel knows, for what the browser left out.

    Raises:
        InputError: Anything in it is not as agreed.
    """
    if "point_edit" not in state:
        raise InputError(f"{', '.join(sorted(state))} must come with point_edit")
    edit = _record("point_edit", state["point_edit"])
    rev = _integer("point_edit.rev", edit.get("rev"), 0)
    ids = _ids("point_edit.ids", edit.get("ids"))
    placed = _ids("point_edit.placed", edit.get("placed"))
    if "point_ids" in state and _ids("point_ids", state["point_ids"]) != ids:
        raise InputError("point_edit.ids must equal point_ids")
    if unknown := sorted(set(placed).difference(ids)):
        raise InputError(f"point_edit.placed must be among point_ids {list(ids)}, got {unknown}")
    sides: list[tuple[Pair, ...]] = []
    for side, name in enumerate(("handle_points", "target_points")):
        if name in state:
            points = _points(name, state[name], size)
        else:
            points = tuple(_known(name, key, known)[side] for key in ids)
        if len(points) != len(ids):
            raise InputError(
                "handle_points, target_points and point_ids must be equally long, "
                f"got {len(points)} {name} and {len(ids)} ids"
            )
        sides.append(points)
    return PointEdit(rev, ids, sides[0], sides[1], frozenset(placed))


def decode_rev(state: Mapping[str, object]) -> int | None:
    """Return the number of an edit whose rest could not be read, so that it can be answered; else None."""
    edit = state.get("point_edit")
    try:
        return _integer("rev", edit.get("rev") if isinstance(edit, Mapping) else None, 0)
    except InputError:
        return None


def check_inside(pull: Pull, size: Size) -> None:
    """Raise :class:`InputError` if a pull goes out of a picture of this size."""
    _points("pull", [[pull.x, pull.y]], size)


def decode_flag(name: str, value: object) -> bool:
    """Return a boolean trait.

    Raises:
        InputError: It is none.
    """
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false, got {_brief(value)}")
    return value


def decode_mask(value: object, size: Size) -> NDArray[np.bool_] | None:
    """Return a mask, ``[H, W]``, True where the picture may move; None for everywhere.

    Args:
        value: An 8-bit grey PNG exactly as large as the picture, or None.
        size: Width and height of the picture.

    Raises:
        InputError: It is no such PNG, or nothing may move.
    """
    if value is None:
        return None
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InputError(f"mask must be a PNG or null, got {_brief(value)}")
    data = bytes(value)
    # The header is read by hand: no library sees a picture whose size is not the one expected.
    if data[:8] != PNG_SIGNATURE or data[12:16] != b"IHDR" or len(data) < 26:
        raise InputError("mask must be a PNG")
    width, height, *kind = struct.unpack(">IIBB", data[16:26])
    if (width, height) != size:
        raise InputError(
            f"mask must be exactly as large as the image, {size[0]} x {size[1]}, got {width} x {height}"
        )
    if tuple(kind) != GREY_8_BIT:
        raise InputError("mask must be an 8-bit grey PNG without transparency")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.size != size:  # a second header, which the first one hides
                raise ValueError(f"it says {picture.size} elsewhere")
            grey = np.asarray(picture.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"mask must be a complete PNG: {error}") from error
    mask: NDArray[np.bool_] = grey > MAY_MOVE // 2
    if not mask.any():
        raise InputError("a mask must leave something that may move; null means no mask")
    return mask


def encode_mask(mask: NDArray[np.bool_]) -> bytes:
    """Return a mask ``[H, W]`` as an 8-bit grey PNG."""
    stream = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * MAY_MOVE).save(stream, "PNG")
    return stream.getvalue()


@dataclass(frozen=True)
class FrameInfo:
    """What is known about a picture that is sent.

    Attributes:
        step: How many times the latent was moved.
        final: Whether the picture is at rest.
        point_ids: One id a pair.
        handles, targets: ``[N, 2]`` px.
        distances: From each handle to its target, ``[N]`` px.
        loss: Value of the loss, or None.
        pull: Number of the newest pull that the picture follows, 0 for none.
    """

    step: int
    final: bool
    point_ids: tuple[int, ...]
    handles: NDArray[np.float64]
    targets: NDArray[np.float64]
    distances: NDArray[np.float64]
    loss: float | None
    pull: int = 0


def frame_message(seq: int, info: FrameInfo, size: Size, mime: str) -> dict[str, Any]:
    """Return the message that goes with a picture of this size and type."""
    return {
        "k": "frame",
        "seq": seq,
        "step": info.step,
        "w": size[0],
        "h": size[1],
        "mime": mime,
        "final": info.final,
        "point_ids": list(info.point_ids),
        "handles": info.handles.tolist(),
        "targets": info.targets.tolist(),
        "distances": info.distances.tolist(),
        "loss": info.loss,
        "pull": info.pull,
    }


def here_message() -> dict[str, Any]:
    """Return the answer to a poll: handlers are called, so that no cell keeps a person waiting."""
    return {"k": "here"}


def answer_message(rid: int, error: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a question; its files are buffers beside it, and an empty error means that there is one."""
    return {"k": "answer", "rid": rid, "ok": not error, "error": error, "result": dict(result)}


def progress_message(rid: int, part: float) -> dict[str, Any]:
    """Return how much of a question is answered, 0..1."""
    return {"k": "progress", "rid": rid, "part": part}


def reply_message(rid: int, error: str = "") -> dict[str, Any]:
    """Return the answer to a command; an empty error means that it was done."""
    return {"k": "reply", "rid": rid, "ok": not error, "error": error}


def _decode_hello(message: Mapping[str, object]) -> Hello:
    """Return a greeting."""
    if type(message.get("v")) is not int or message["v"] != PROTOCOL_VERSION:
        raise InputError(
            f"v must be {PROTOCOL_VERSION}, got {_brief(message.get('v'))}; "
            "restart the kernel and reload the page after an update"
        )
    dpr = message.get("dpr")
    if not isinstance(dpr, int | float) or isinstance(dpr, bool) or not 0 < dpr <= MAX_DPR:
        raise InputError(f"dpr must be a number above 0 and at most {MAX_DPR}, got {_brief(dpr)}")
    return Hello(float(dpr), *(decode_flag(n, message.get(n)) for n in ("loopback", "visible")))


def _decode_ack(message: Mapping[str, object]) -> Ack:
    """Return an acknowledgement."""
    seq = _integer("seq", message.get("seq"), 0)
    return Ack(seq, *(decode_flag(n, message.get(n)) for n in ("shown", "visible")))


def _decode_poll(message: Mapping[str, object]) -> Poll:
    """Return a question for a frame."""
    return Poll(_integer("have", message.get("have"), 0))


def _decode_command(message: Mapping[str, object]) -> Command:
    """Return an action."""
    rid = _integer("rid", message.get("rid"), 1)
    name = message.get("name")
    if not isinstance(name, str) or name not in COMMANDS:
        raise InputError(f"name must be one of {', '.join(COMMANDS)}, got {_brief(name)}")
    optional = OPTIONAL_ARGS.get(name, NOTHING_MORE)
    return Command(rid, name, decode_args(name, message.get("args"), COMMANDS[name], optional))


def _decode_ask(message: Mapping[str, object]) -> Ask:
    """Return a question, whose name and args are checked by who answers it."""
    rid, name = _integer("rid", message.get("rid"), 1), message.get("name")
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise InputError(f"name must be a short text, got {_brief(name)}")
    return Ask(rid, name, _record("args", message.get("args")))


def _decode_pull(message: Mapping[str, object]) -> Pull:
    """Return where a pointer pulls."""
    key, seq = (_integer(name, message.get(name), 1) for name in ("id", "seq"))
    x, y = (_number(name, message.get(name)) for name in ("x", "y"))
    return Pull(key, x, y, seq)


def _decode_release(message: Mapping[str, object]) -> Release:
    """Return the end of a pull."""
    key, end = _integer("id", message.get("id"), 1), message.get("end")
    if not isinstance(end, str) or end not in PULL_ENDS:
        raise InputError(f"end must be one of {', '.join(PULL_ENDS)}, got {_brief(end)}")
    return Release(key, end)


def _decode_setting(message: Mapping[str, object]) -> Setting:
    """Return traits to be set."""
    state = _record("state", message.get("state"))
    if unknown := sorted(str(name) for name in state if name not in SET_TRAITS):
        raise InputError(f"state may hold {', '.join(SET_TRAITS)}, got {_brief(unknown)}")
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


def _record(name: str, value: object) -> Mapping[str, object]:
    """Return an object of JSON."""
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be an object, got {_brief(value)}")
    return value


def _integer(name: str, value: object, least: int, most: int = MAX_INTEGER) -> int:
    """Return a whole number of a range."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        bounds = f"from {least}" if most == MAX_INTEGER else f"from {least} to {most}"
        raise InputError(f"{name} must be an integer {bounds}, got {_brief(value)}")
    return value


def _number(name: str, value: object) -> float:
    """Return a finite number."""
    if not isinstance(value, int | float) or not _is_finite(value):
        raise InputError(f"{name} must be a finite number, got {_brief(value)}")
    return float(value)


def _files(buffers: Sequence[object]) -> tuple[bytes, ...]:
    """Return the files beside a question."""
    views = [
        memoryview(each) for each in buffers if isinstance(each, bytes | bytearray | memoryview)
    ]
    if len(views) != len(buffers) or sum(view.nbytes for view in views) > MAX_UPLOAD:
        raise InputError(f"files must have at most {MAX_UPLOAD // 2**20} MB together")
    return tuple(bytes(view) for view in views)


def _list(name: str, value: object) -> Sequence[object]:
    """Return a list that is not too long."""
    if not isinstance(value, list | tuple):
        raise InputError(f"{name} must be a list, got {_brief(value)}")
    if len(value) > MAX_POINTS:
        raise InputError(f"{name} must have at most {MAX_POINTS} entries, got {len(value)}")
    return value


def _ids(name: str, value: object) -> tuple[int, ...]:
    """Return ids of points, all different."""
    ids = tuple(_integer(f"{name} entries", each, 1) for each in _list(name, value))
    if len(set(ids)) != len(ids):
        raise InputError(f"{name} must be distinct, got {_brief(list(ids))}")
    return ids


def _points(name: str, value: object, size: Size) -> tuple[Pair, ...]:
    """Return positions inside the picture."""
    points = []
    for each in _list(name, value):
        if not isinstance(each, list | tuple) or len(each) != 2:
            raise InputError(f"{name}: a point must be [x, y], got {_brief(each)}")
        if not all(_is_finite(number) for number in each):
            raise InputError(f"{name}: a point must hold two finite numbers, got {_brief(each)}")
        x, y = float(each[0]), float(each[1])
        if not (0 <= x <= size[0] - 1 and 0 <= y <= size[1] - 1):
            raise InputError(
                f"{name}: a point must lie in 0 .. {size[0] - 1} and 0 .. {size[1] - 1}, "
                f"got ({x:g}, {y:g})"
            )
        points.append((x, y))
    return tuple(points)


def _is_finite(value: object) -> bool:
    """Return whether a value is a number that a position can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= MAX_INTEGER and math.isfinite(value)


def _known(name: str, key: int, known: Mapping[int, tuple[Pair, Pair]]) -> tuple[Pair, Pair]:
    """Return the pair of an id that the browser takes as known."""
    if key not in known:
        raise InputError(f"{name} must come with an edit that brings the new id {key}")
    return known[key]


def _brief(value: object, longest: int = 80) -> str:
    """Return a value for a message, cut where it is long."""
    if isinstance(value, list | tuple | dict) and len(value) > longest:
        return f"a {type(value).__name__} of {len(value)} entries"
    text = repr(value)
    return text if len(text) <= longest else text[:longest] + "..."
