"""Messages that no front end would send: garbage, and good ones with something bad put in its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.faults.audit import MARKER

FIXTURES = Path(__file__).parents[1] / "fixtures" / "protocol"
KINDS = ("hello", "ack", "poll", "cmd", "ask", "pull", "release", "set")

TEXTS = (
    f"/etc/{MARKER}",
    f"../../{MARKER}.safetensors",
    f"file:///{MARKER}",
    f"http://127.0.0.1:9/{MARKER}",
    f"__import__('os').system('touch {MARKER}')",
    f"{MARKER}\0",
    "__class__",
    "_trait_lock",
    "IPY_MODEL_" + MARKER,
    "<script>" + MARKER,
    "\ud800",
    "x" * 100_000,
    "",
)
NUMBERS = (-1, 0, 2**31, 2**53, 2**64, 10**400, 1e308, -1e308, float("nan"), float("inf"), 0.5)


def nested(depth: int) -> list[Any]:
    """Return lists within lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


LEAVES = (
    st.none()
    | st.booleans()
    | st.sampled_from(NUMBERS)
    | st.sampled_from(TEXTS)
    | st.just([[1, 2]] * 2000)
    | st.just({str(k): k for k in range(2000)})
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(TEXTS) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
BUFFERS = st.lists(
    st.binary(max_size=200) | st.just(b"\x89PNG\r\n\x1a\n" + bytes(64)) | st.just(bytes(2**20)),
    max_size=3,
)


def good_messages() -> list[dict[str, Any]]:
    """Return the messages that the protocol's examples call valid."""
    contents = [json.loads((FIXTURES / f"{k}.json").read_text(encoding="utf-8")) for k in KINDS]
    return [example["message"] for content in contents for example in content["valid"]]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to everything in a message."""
    found = [path] if path else []
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else ())
    )
    for key, each in inner:
        found += places(each, (*path, key))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a message with something else in one place."""
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = put(value[path[0]], path[1:], new)
    return changed


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a good message with one or two things in it replaced, added or missing."""
    message: dict[str, Any] = draw(st.sampled_from(good_messages()))
    for _ in range(draw(st.integers(1, 2))):
        ways, replaces = places(message), draw(st.booleans())
        if ways and replaces:
            message = put(message, draw(st.sampled_from(ways)), draw(VALUES))
        else:
            message = {**message, draw(st.sampled_from(TEXTS)): draw(VALUES)}
    return message


ENVELOPES = (
    st.fixed_dictionaries(
        {
            "method": st.sampled_from(["update", "request_state", "custom", "close", "echo_update"])
            | VALUES
        },
        optional={
            "state": VALUES
            | st.dictionaries(
                st.sampled_from(
                    ["mask", "layout", "running", "_esm", "point_edit", "_dom_classes", "auto_run"]
                ),
                VALUES,
                max_size=3,
            ),
            "content": VALUES,
            "buffer_paths": VALUES
            | st.lists(st.lists(st.sampled_from(["mask", "x", 0]), max_size=2), max_size=2),
        },
    )
    | VALUES
)
