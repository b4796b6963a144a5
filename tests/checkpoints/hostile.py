"""Checkpoints that are damaged or mean harm, from a fixed seed, each with a word for what it does."""

from __future__ import annotations

import collections
import io
import os
import pickle
import random
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import torch

from tests.checkpoints.writers import ada_pickle, rosinality_file, tensorflow_pickle

SEED = 20261126


class Payload:
    """What runs a command when it is unpickled."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call, self.arguments


def files(tensors: dict[str, torch.Tensor], witness: str) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of hostile files.

    Args:
        tensors: Of a small whole generator, by stylegan2-ada-pytorch's names.
        witness: Path of a file that a payload makes if it is run.
    """
    yield from _payloads(tensors, witness)
    yield from _bombs()
    yield from _lies(tensors)
    yield from _mutations(tensors)


def _payloads(tensors: dict[str, torch.Tensor], witness: str) -> Iterator[tuple[str, bytes]]:
    """Yield files that run a command, alone and hidden in a checkpoint."""
    command = f"touch {witness}"
    calls = [
        Payload(os.system, command),
        Payload(eval, f"open({witness!r}, 'w')"),
        Payload(exec, f"open({witness!r}, 'w')"),
        Payload(getattr, Payload(__import__, "os"), "system"),
        Payload(pickle.loads, pickle.dumps(Payload(os.system, command))),
        Payload(torch.load, witness),
    ]
    for index, call in enumerate(calls):
        for protocol in range(6):
            yield f"payload {index}, protocol {protocol}", pickle.dumps(call, protocol)
        for where in ("G_ema", "training_set_kwargs"):
            data = {where: call} if where == "G_ema" else {where: call, "G_ema": {}}
            yield f"payload {index} as {where}", pickle.dumps(data, 4)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({"g_ema": call}, 2))
        yield f"payload {index} in PyTorch's archive", stream.getvalue()
        parts: tuple[Any, ...] = (0x1950A86A20F9469CFC6C, 1001, {}, {"g_ema": call}, [])
        legacy = b"".join(pickle.dumps(each, 2) for each in parts)
        yield f"payload {index} in PyTorch's old format", legacy
    yield "command in the oldest form", f"(cos\nsystem\nS'{command}'\no.".encode()
    yield "command by INST", f"(S'{command}'\nios\nsystem\n.".encode()


def _bombs() -> Iterator[tuple[str, bytes]]:
    """Yield files that want to use up memory, stack or time."""
    for depth in (1_000, 50_000, 150_000, 400_000):
        yield f"{depth} tuples inside each other", b")" + b"\x85" * depth + b"."
        yield f"{depth} lists inside each other", b"]" * depth + b"a" * (depth - 1) + b"."
        yield f"{depth} marks", b"(" * depth + b"."
    yield "a memo with a huge index", b"Nr\xff\xff\xff\x7f."
    yield "a text of no end", b"\x8d" + struct.pack("<Q", 2**40) + b"abc."
    yield "bytes of no end", b"\x8e" + struct.pack("<Q", 2**62) + b"abc."
    yield "a number of no end", b"\x8b" + struct.pack("<i", 2**31 - 1) + b"\x01."
    yield "a number in decimals of no end", b"I" + b"9" * 1_000_000 + b"\n."
    laughs = b"(lp0\n" + b"".join(
        b"(l" + b"g%d\na" % level * 10 + b"p%d\n" % (level + 1) for level in range(40)
    )
    yield "a billion laughs", laughs + b"."
    yield "a list that holds itself", b"]q\x00h\x00a."
    dictionary = b"}q\x00X\x05\x00\x00\x00G_emah\x00s."
    yield "a dict that holds itself", dictionary
    yield "extension codes", b"\x82\x01."
    yield "outside buffers", b"\x97."
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(300 << 20))
    yield "a zip bomb", stream.getvalue()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for index in range(30_000):
            archive.writestr(f"archive/data/{index}", b"")
    yield "an archive of very many entries", stream.getvalue()


def _lies(tensors: dict[str, torch.Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield whole files whose tensors are not what they say."""
    for shape in ((2**31, 2**31), (10**6, 10**6), (-1, 4), (2.5, 2), ("a",), (4,) * 40, True):
        yield f"a storage of 2 numbers as {str(shape)[:20]}", _tensor_file(shape, (1,), 0)
    for stride in ((2**40,), (0,), (-1,), "one", (1, 1)):
        yield f"a stride of {str(stride)[:20]}", _tensor_file((5,), stride, 0)
    for offset in (2**40, -1, None, 1.5):
        yield f"an offset of {offset}", _tensor_file((2,), (1,), offset)
    for value in (float("nan"), float("inf")):
        for name in ("synthesis.b4.const", "mapping.fc0.weight", "synthesis.b8.conv0.bias"):
            changed = dict(tensors)
            changed[name] = torch.full_like(tensors[name], value)
            yield f"{value} in {name}", ada_pickle(changed)
    for name in ("synthesis.b4.const", "mapping.fc0.weight", "synthesis.b8.conv1.weight"):
        for wrong in (
            torch.zeros(0),
            torch.zeros(1, 1, 1, 1, 1),
            torch.zeros([]),
            torch.zeros(3, 3),
        ):
            changed = dict(tensors)
            changed[name] = wrong
            yield f"{name} as {list(wrong.shape)}", ada_pickle(changed)
    for name in tensors:
        if name != "mapping.w_avg" and not name.endswith("resample_filter"):
            yield f"no {name}", ada_pickle({k: v for k, v in tensors.items() if k != name})


def _tensor_file(shape: Any, stride: Any, offset: Any) -> bytes:
    """Return a pickle with a tensor of two numbers that claims to be another one."""
    stream = io.BytesIO()
    torch.save(torch.zeros(2).untyped_storage(), stream, _use_new_zipfile_serialization=False)
    storage = Payload(torch.storage._load_from_bytes, stream.getvalue())
    rebuilt = Payload(
        torch._utils._rebuild_tensor_v2,
        storage,
        offset,
        shape,
        stride,
        False,
        collections.OrderedDict(),
    )
    return pickle.dumps({"G_ema": {"synthesis.b4.const": rebuilt}}, 4)


def _mutations(tensors: dict[str, torch.Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield whole files that were cut off, or whose parts were exchanged."""
    chance = random.Random(SEED)  # noqa: S311  # the same files every time
    sources = {
        "ada": ada_pickle(tensors),
        "tensorflow": tensorflow_pickle(tensors),
        "rosinality": rosinality_file(tensors, legacy=False),
        "rosinality, old": rosinality_file(tensors, legacy=True),
    }
    for name, content in sources.items():
        for index in range(12):
            end = chance.randrange(16, len(content) - 1)
            yield f"{name} cut off, {index}", content[:end]
        for index in range(12):
            damaged = bytearray(content)
            start = chance.randrange(0, min(len(content), 4000))
            for place in range(start, min(start + 200, len(content))):
                damaged[place] = chance.randrange(256)
            yield f"{name} overwritten, {index}", bytes(damaged)
