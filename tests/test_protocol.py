"""The kernel's side of the protocol against the examples that bind the front end, too."""

import base64
import contextlib
import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from draggan_widget import protocol
from draggan_widget.errors import InputError

FIXTURES = Path(__file__).parent / "fixtures" / "protocol"
SIZE = (128, 128)
DECODED = {
    "hello": protocol.Hello,
    "ack": protocol.Ack,
    "poll": protocol.Poll,
    "cmd": protocol.Command,
    "ask": protocol.Ask,
    "pull": protocol.Pull,
    "release": protocol.Release,
    "set": protocol.Setting,
}


def fixture(name: str) -> dict[str, Any]:
    """Return the examples of one kind of message."""
    content: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return content


def examples(kind: str, *names: str) -> list[Any]:
    """Return the examples of some files as parameters with their names."""
    return [
        pytest.param(name, example, id=f"{name}: {example['name']}")
        for name in names
        for example in fixture(name)[kind]
    ]


@pytest.mark.parametrize(("name", "example"), examples("valid", *DECODED))
def test_a_valid_message_of_the_browser_is_decoded(name: str, example: dict[str, Any]) -> None:
    message = example["message"]
    decoded = protocol.decode_message(message)
    assert type(decoded) is DECODED[name]
    for field, value in vars(decoded).items():
        expected = message.get(field, ())
        assert value == (tuple(expected) if isinstance(expected, list) else expected)


@pytest.mark.parametrize(("name", "example"), examples("hostile", *DECODED))
def test_a_hostile_message_of_the_browser_is_refused(name: str, example: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        protocol.decode_message(example["message"])


@pytest.mark.parametrize("place", [(-0.01, 5), (5, -1), (127.01, 5), (5, 128)])
def test_a_pull_out_of_the_picture_is_refused(place: tuple[float, float]) -> None:
    protocol.check_inside(protocol.Pull(1, 127, 0, 1), SIZE)
    with pytest.raises(InputError, match=r"pull: a point must lie in 0 \.\. 127"):
        protocol.check_inside(protocol.Pull(1, *place, 1), SIZE)


@pytest.mark.parametrize(
    "content", [None, 3, "hello", [], {}, {"k": None}, {"k": ["cmd"]}, {"k": "frame"}, {"k": {}}]
)
def test_what_is_no_message_is_refused(content: object) -> None:
    with pytest.raises(InputError, match=r"a message must be an object|k must be one of hello"):
        protocol.decode_message(content)


@pytest.mark.parametrize(("name", "example"), examples("valid", "frame"))
def test_the_kernel_makes_the_frames_that_the_browser_takes(
    name: str, example: dict[str, Any]
) -> None:
    message = {key: value for key, value in example["message"].items() if key != "fps"}
    way = protocol.Way(message.get("delay_ms", 0), message.get("lean", False))
    parts = message.get("parts", 0)
    info = protocol.FrameInfo(
        step=message["step"],
        final=message["final"],
        point_ids=tuple(message["point_ids"]),
        handles=np.array(message["handles"], dtype=float).reshape(-1, 2),
        targets=np.array(message["targets"], dtype=float).reshape(-1, 2),
        distances=np.array(message["distances"], dtype=float),
        loss=message["loss"],
        pull=message["pull"],
    )
    size = (message["w"], message["h"])
    made = protocol.frame_message(message["seq"], info, size, message["mime"], way=way, parts=parts)
    plain = {"delay_ms": 0, "lean": False, "parts": 0}
    assert json.loads(json.dumps(made, allow_nan=False)) == plain | message


@pytest.mark.parametrize(("name", "example"), examples("valid", "part"))
def test_the_kernel_makes_the_parts_that_the_browser_takes(
    name: str, example: dict[str, Any]
) -> None:
    message = example["message"]
    assert protocol.part_message(message["seq"], message["index"]) == message


@pytest.mark.parametrize(("name", "example"), examples("valid", "reply"))
def test_the_kernel_makes_the_replies_that_the_browser_takes(
    name: str, example: dict[str, Any]
) -> None:
    message = example["message"]
    assert protocol.reply_message(message["rid"], message["error"]) == message


@pytest.mark.parametrize(("name", "example"), examples("valid", "progress"))
def test_the_kernel_tells_progress_as_the_browser_takes_it(
    name: str, example: dict[str, Any]
) -> None:
    message = example["message"]
    values = (message[key] for key in ("rid", "part", "words", "shows"))
    assert protocol.progress_message(*values) == message


@pytest.mark.parametrize(("name", "example"), examples("valid", "answer"))
def test_the_kernel_makes_the_answers_that_the_browser_takes(
    name: str, example: dict[str, Any]
) -> None:
    message = example["message"]
    made = protocol.answer_message(message["rid"], message["error"], message["result"])
    if "sizes" in message:
        made = protocol.in_pieces(made, message["sizes"])
    assert made == message


def test_files_beside_a_question_are_its_own() -> None:
    message = {"k": "ask", "rid": 1, "name": "open", "args": {}}
    ask = protocol.decode_message(message, [memoryview(b"one"), bytearray(b"two")])
    assert isinstance(ask, protocol.Ask)
    assert ask.buffers == (b"one", b"two")
    with pytest.raises(InputError, match="at most 64 MB"):
        protocol.decode_message(message, [bytes(2**26), b"one more"])
    with pytest.raises(InputError, match="files must have"):
        protocol.decode_message(message, ["a text"])


# Traits


def decode_traits(traits: dict[str, Any], size: protocol.Size = SIZE) -> None:
    """Decode what the front end writes."""
    points = {name: traits[name] for name in protocol.POINT_TRAITS if name in traits}
    if points:
        protocol.decode_points(points, size=size, known={})
    if "mask" in traits:
        mask = traits["mask"]
        protocol.decode_mask(base64.b64decode(mask["base64"]) if mask else None, size)
    if "auto_run" in traits:
        protocol.decode_flag("auto_run", traits["auto_run"])


@pytest.mark.parametrize(("name", "example"), examples("from_browser", "traits"))
def test_what_the_front_end_writes_is_taken(name: str, example: dict[str, Any]) -> None:
    decode_traits(example["traits"])


@pytest.mark.parametrize(("name", "example"), examples("hostile_from_browser", "traits"))
def test_what_a_hostile_front_end_writes_is_refused(name: str, example: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        decode_traits(example["traits"])


def test_a_complete_edit_is_decoded() -> None:
    (example,) = (e for e in fixture("traits")["from_browser"] if e["name"] == "a complete pair")
    assert protocol.decode_points(example["traits"], size=SIZE, known={}) == protocol.PointEdit(
        1, (1,), ((64.25, 70.5),), ((80.0, 70.0),), frozenset({1})
    )


def test_what_an_edit_leaves_out_is_what_the_kernel_knows() -> None:
    state = {
        "target_points": [[5, 6], [7, 8]],
        "point_edit": {"rev": 4, "ids": [3, 1], "placed": []},
    }
    known = {1: ((1.0, 1.5), (2.0, 2.5)), 3: ((3.0, 3.5), (4.0, 4.5))}
    edit = protocol.decode_points(state, size=SIZE, known=known)
    assert edit.handles == ((3.0, 3.5), (1.0, 1.5))
    assert edit.targets == ((5.0, 6.0), (7.0, 8.0))


def test_an_edit_must_bring_what_the_kernel_does_not_know() -> None:
    state = {"target_points": [[5, 6]], "point_edit": {"rev": 4, "ids": [9], "placed": []}}
    with pytest.raises(InputError, match=r"handle_points must come .* new id 9"):
        protocol.decode_points(state, size=SIZE, known={})


def test_points_without_an_edit_are_refused() -> None:
    with pytest.raises(InputError, match="handle_points must come with point_edit"):
        protocol.decode_points({"handle_points": [[1, 1]]}, size=SIZE, known={})


@pytest.mark.parametrize(
    "change",
    [
        {"handle_points": [[10**400, 1]]},
        {"handle_points": [[True, 1]]},
        {"handle_points": [["1", 1]]},
        {"handle_points": {"0": [1, 1]}},
        {"handle_points": [[1, 1]] * 100_000},
        {"point_ids": [1.0]},
        {"point_ids": [True]},
        {"point_ids": [0]},
        {"point_edit": None},
        {"point_edit": {"rev": -1, "ids": [1], "placed": []}},
        {"point_edit": {"rev": 2**60, "ids": [1], "placed": []}},
        {"point_edit": {"rev": 2**53 - 1, "ids": [1], "placed": []}},
        {"point_ids": [2**53 - 1], "point_edit": {"rev": 1, "ids": [2**53 - 1], "placed": []}},
        {"point_edit": {"rev": 1, "ids": "1", "placed": []}},
        {"point_edit": {"rev": 1, "ids": [1], "placed": None}},
    ],
)
def test_a_damaged_edit_is_refused_with_a_short_message(change: dict[str, Any]) -> None:
    state: dict[str, Any] = {
        "handle_points": [[1, 1]],
        "target_points": [[2, 2]],
        "point_ids": [1],
        "point_edit": {"rev": 1, "ids": [1], "placed": []},
    }
    with pytest.raises(InputError) as caught:
        protocol.decode_points(state | change, size=SIZE, known={})
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("state", "rev"),
    [
        ({"point_edit": {"rev": 7}}, 7),
        ({"point_edit": {"rev": -7}}, None),
        ({"point_edit": {"rev": 2**53 - 1}}, None),
        ({"point_edit": {"rev": "7"}}, None),
        ({"point_edit": [7]}, None),
        ({}, None),
    ],
)
def test_the_number_of_a_refused_edit_is_read_where_it_can_be(
    state: dict[str, Any], rev: int | None
) -> None:
    assert protocol.decode_rev(state) == rev


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["k", "v", "rid", "args", "seq", "rev", "ids"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_no_json_makes_the_decoder_of_messages_fail_otherwise(content: object) -> None:
    with contextlib.suppress(InputError):
        protocol.decode_message(content)


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(protocol.POINT_TRAITS, JSON)))
def test_no_json_makes_the_decoder_of_points_fail_otherwise(state: dict[str, object]) -> None:
    with contextlib.suppress(InputError):
        protocol.decode_points(state, size=SIZE, known={})


# Masks


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, data: bytes = b"") -> bytes:
    """Return a PNG with this header and these compressed pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return protocol.PNG_SIGNATURE + body


def test_the_shared_mask_is_decoded_exactly() -> None:
    mask = fixture("traits")["mask"]
    decoded = protocol.decode_mask(base64.b64decode(mask["png_base64"]), tuple(mask["size"]))
    assert decoded is not None
    assert decoded.tolist() == mask["may_move"]


def test_the_shared_mask_that_lets_nothing_move_is_refused() -> None:
    mask = fixture("traits")["mask_all_false"]
    with pytest.raises(InputError, match="something that may move"):
        protocol.decode_mask(base64.b64decode(mask["png_base64"]), tuple(mask["size"]))


def test_a_mask_makes_the_way_out_and_back() -> None:
    mask = np.random.default_rng(0).random((48, 64)) > 0.5
    decoded = protocol.decode_mask(memoryview(protocol.encode_mask(mask)), (64, 48))
    assert np.array_equal(decoded, mask)  # type: ignore[arg-type]
    assert protocol.decode_mask(None, (64, 48)) is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("iVBORw0KGgo=", "must be a PNG or null, got 'iVBOR"),
        ([1, 2], "must be a PNG or null"),
        (b"", "must be a PNG"),
        (b"GIF89a", "must be a PNG"),
        (protocol.PNG_SIGNATURE, "must be a PNG"),
        (png(64, 32, data=b"\0" * 65 * 32), "64 x 48, got 64 x 32"),
        (png(2**31 - 1, 2**31 - 1), "64 x 48, got 2147483647"),
        (png(64, 48, depth=1, data=b"\0" * 9 * 48), "8-bit grey"),
        (png(64, 48, colour=6, data=b"\0" * 257 * 48), "8-bit grey"),
        (png(64, 48)[:33] + png(2**30, 2**30)[8:], "complete PNG: .*exceeds limit"),
        (png(64, 48)[:33] + png(32, 48)[8:], r"complete PNG: it says \(32, 48\) elsewhere"),
        (png(64, 48, data=b"\0" * 10), "complete PNG"),
        (png(64, 48, data=b"\1" * 65 * 48)[:-40], "complete PNG"),
    ],
)
def test_a_damaged_mask_is_refused(value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        protocol.decode_mask(value, (64, 48))


def test_a_picture_of_another_kind_inside_is_not_opened() -> None:
    stream = io.BytesIO()
    Image.new("L", (64, 48), 255).save(stream, "GIF")
    disguised = png(64, 48)[:33] + stream.getvalue()
    with pytest.raises(InputError, match="complete PNG"):
        protocol.decode_mask(disguised, (64, 48))
