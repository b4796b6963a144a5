"""Checkpoints that mean harm in ways that need knowledge of the formats and of the reader, from a fixed seed."""

from __future__ import annotations

import collections
import io
import pickle
import random
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.checkpoints import cunning_networks, headers
from tests.checkpoints.cunning_networks import SharedArray
from tests.checkpoints.hostile import Payload
from tests.checkpoints.writers import ada_pickle, rosinality_file

SEED = 64

MAGIC = 0x1950A86A20F9469CFC6C

BEGINNING: tuple[Any, ...] = (MAGIC, 1001, {"little_endian": True})
"""Of a file of PyTorch before 1.6."""


def files(tensors: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of files; ``tensors`` are a small whole generator's by stylegan2-ada-pytorch's names."""
    yield from _pickles()
    yield from _shared(tensors)
    yield from cunning_networks.modules()
    yield from headers.archives(tensors)
    yield from _old_files()
    yield from headers.safetensors(tensors)
    yield from headers.own_files()
    yield from _names_and_shapes(tensors)
    yield from cunning_networks.arrays(tensors)
    yield from _mutations(tensors)


def _text(value: str) -> bytes:
    """Return the opcodes that push a text."""
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _pickles() -> Iterator[tuple[str, bytes]]:
    """Yield pickles whose opcodes cost far more than their bytes."""
    many = b"".join(_text(f"{index}") + b"N" for index in range(20_000))
    keywords = b"cx\ny\nq\x00)q\x01}q\x02(" + many + b"u0"
    yield "keywords over and over", keywords + b"]" + b"(" + b"h\x00h\x01h\x02\x92" * 10_000 + b"e."
    long = _text("a" * 5_000_000) + b"q\x000"
    yield "long names over and over", long + b"](" + b"h\x00h\x00\x93" * 20_000 + b"e."
    yield "one long name", b"c" + b"a" * 3_000_000 + b"\nb\n."
    yield "a mark where a value belongs", b"(\x85."
    yield "marks in a list", b"]" + b"(" * 100_000 + b"e" * 100_000 + b"."
    yield "a list of its own many times", b"]q\x00(" + b"h\x00" * 150_000 + b"e."
    yield "keys that are lists", b"}(]N]Nu."
    yield "keys that are dicts", b"}q\x00(h\x00h\x00u."
    yield "a state that holds itself", b"cx\ny\n)\x81q\x00h\x00b."
    yield "an object called by a number", b"K\x01)R."
    yield "a name called with no tuple", b"cx\ny\nK\x01R."
    yield "an escape that no text has", b"(S'\\d\\q'\n."
    yield "a text without end", b"(S'abc\n."
    yield "half of a character", b"(V\\ud800\n."
    yield "a surrogate as a key", b"}V\\ud800\nNs."
    yield "a number in words", b"(Iabc\n."
    yield "a number of many digits", b"(L" + b"9" * 100_000 + b"L\n."
    yield "a float without end", b"(F" + b"9" * 1_000_000 + b"\n."
    yield "a protocol of the future", b"\x80\xff."
    yield "a frame of no end", b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b"N."
    yield "bytes that can be changed, of no end", b"\x80\x05\x96" + struct.pack("<Q", 2**60) + b"."
    yield "two values at the end", b"\x80\x04NN."
    yield "nothing at the end", b"\x80\x04."
    yield "a memo that was never written", b"\x80\x02h\x05."
    yield "a number before the memo", b"(Np-5\ng-5\n."
    yield "a persistent text", b"(Pname\n."
    for count in (1, 7, 63):
        yield f"{count} pops of nothing", b"\x80\x02" + b"0" * count + b"N."


def _view(storage: Any, offset: Any, size: Any, stride: Any) -> Payload:
    """Return a tensor of a storage as PyTorch pickles it."""
    extra = False, collections.OrderedDict[str, Any]()
    return Payload(torch._utils._rebuild_tensor_v2, storage, offset, size, stride, *extra)


def _pickled_storage(count: int) -> Payload:
    """Return a storage that travels as a file of its own."""
    stream = io.BytesIO()
    torch.save(torch.zeros(count).untyped_storage(), stream, _use_new_zipfile_serialization=False)
    return Payload(torch.storage._load_from_bytes, stream.getvalue())


def _shared(tensors: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield files whose tensors are the same bytes over and over."""
    storage = _pickled_storage(1_000_000)
    whole = {f"t{index}": _view(storage, 0, (1_000_000,), (1,)) for index in range(5000)}
    yield "one storage as 5000 tensors", pickle.dumps({"G_ema": whole}, 4)
    ends = {f"t{index}": _view(storage, 0, (2,), (3_999_999,)) for index in range(5000)}
    yield "the ends of one storage as 5000 tensors", pickle.dumps({"G_ema": ends}, 4)
    stream = io.BytesIO()
    block = torch.zeros(4_000_000)
    torch.save({"g_ema": {f"t{index}": block for index in range(3000)}}, stream)
    yield "one storage of an archive as 3000 tensors", stream.getvalue()
    stream = io.BytesIO()
    pair = torch.zeros(2_000_000), torch.zeros(2_000_000)
    torch.save({"g_ema": {f"t{index}": pair[index % 2][:1] for index in range(3000)}}, stream)
    yield "two storages of an archive in turn", stream.getvalue()
    array = np.zeros(1_000_000, np.float32)
    state = pickle.dumps({"G_ema": {"t": array}}, 4)
    assert len(state) > array.nbytes
    content = array.tobytes()
    record = Payload(_reconstruct, *_array_state(content, (1_000_000,)))
    copies = {f"t{index}": SharedArray((1_000_000,), content) for index in range(3000)}
    yield "the bytes of one array as 3000 arrays", pickle.dumps({"G_ema": copies}, 4)
    yield "an array called with its state", pickle.dumps({"G_ema": {"t": record}}, 4)
    inner = b"".join(pickle.dumps(each, 2) for each in BEGINNING)
    inner += b"\x80\x02](" + b"N" * 150_000 + b"e." + pickle.dumps([], 2)
    slow = {
        f"t{i}": _view(Payload(torch.storage._load_from_bytes, inner), 0, (1,), (1,))
        for i in range(50)
    }
    yield "storages whose own pickles are long", pickle.dumps({"G_ema": slow}, 4)
    quick = _pickled_storage(1).arguments[0]
    several = {
        f"t{i}": _view(Payload(torch.storage._load_from_bytes, quick), 0, (1,), (1,))
        for i in range(9_000)
    }
    yield "9000 storages", pickle.dumps({"G_ema": several}, 4)
    short = {name: _view(_pickled_storage(1), 0, (1,), (1,)) for name in tensors}
    yield "every tensor of one number", pickle.dumps({"G_ema": short}, 4)


def _reconstruct(*_: Any) -> None:
    """Stand for NumPy's function of this name."""


_reconstruct.__module__ = "tests.checkpoints.cunning"


def _array_state(content: bytes, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return what NumPy's arrays pickle as their state."""
    return 1, shape, np.dtype("<f4"), False, content


def _old_files() -> Iterator[tuple[str, bytes]]:
    """Yield files of PyTorch before 1.6 that lie about their storages."""
    key = ("storage", torch.FloatStorage, "0", "cpu", 4)
    head = b"".join(pickle.dumps(each, 2) for each in BEGINNING)

    class Outer(pickle.Pickler):
        """Writes a storage as a thing that lies outside."""

        def persistent_id(self, thing: Any) -> Any:
            return thing.key if isinstance(thing, Outside) else None

    def content(key: Any, keys: Any, rest: bytes) -> bytes:
        stream = io.BytesIO()
        Outer(stream, 2).dump({"g_ema": {"t": _view(Outside(key), 0, (4,), (1,))}})
        return head + stream.getvalue() + pickle.dumps(keys, 2) + rest

    for count in (-1, -(2**63), 2**62, 2**63 - 1, 0, 3):
        yield f"a storage of {count} numbers", content(key, ["0"], struct.pack("<q", count) + b"ab")
    for keys in (["1"], ["0"] * 50_000, [0], "0", {"0": 1}, [], ["0", "0", "x" * 1_000_000]):
        yield f"the keys {str(keys)[:20]}", content(key, keys, b"\x00" * 400_000)
    for wrong in (
        ("storage",),
        None,
        1,
        ("storage", 1, "0", "cpu", 4),
        ("s", torch.Size, "0", 1, 4),
    ):
        yield f"a storage called {str(wrong)[:40]}", content(wrong, ["0"], bytes(64))
    for number in (-4, 2**60, 2.5, True, "4", None):
        there = (*key[:4], number)
        yield f"a storage of {number!r} elements", content(there, ["0"], bytes(64))
    slow = b"\x80\x02](" + b"N" * 190_000 + b"e."
    yield "five long pickles", head[: len(pickle.dumps(MAGIC, 2))] + slow * 4


class Outside:
    """A storage that lies outside of a pickle."""

    def __init__(self, key: Any) -> None:
        self.key = key


def _names_and_shapes(tensors: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield networks with names of huge numbers, and shapes that cost no bytes."""
    one = torch.zeros(1)
    marks = {"input.input": one, "conv1.conv.weight": one, "to_rgb1.conv.weight": one}
    for index in ("999999999", "9" * 5000, "٣", "99"):
        for name in (f"convs.{index}.conv.weight", f"to_rgbs.{index}.bias"):
            yield f"rosinality's {name[:30]}", _zipped({**marks, name: one})
        for name in (f"style.{index}.weight", f"noises.noise_{index}"):
            yield f"rosinality's {name[:30]}", _zipped({**marks, name: one})
        yield (
            f"the block {index[:20]}",
            ada_pickle(tensors | {f"synthesis.b{index}.conv1.weight": one}),
        )
        yield (
            f"a layer L{index[:20]}",
            _zipped(
                {
                    f"synthesis.L{index}_4_4.weight": one,
                    "synthesis.input.weight": one,
                    "mapping.a": one,
                }
            ),
        )
    for shape in ((), (1,), (0,), (1, 1), (2, 0, 3), (1,) * 5):
        value = torch.zeros(shape)
        for name in marks:
            yield f"rosinality's {name} of {shape}", _zipped({**marks, name: value})
    wide = dict(tensors)
    for block in (4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096):
        wide[f"synthesis.b{block}.conv1.weight"] = torch.zeros(4096, 0, 3, 3)
        wide[f"synthesis.b{block}.conv1.affine.weight"] = torch.zeros(0, 4096)
    wide["mapping.fc0.weight"] = torch.zeros(0, 4096)
    yield "channels that cost no bytes", ada_pickle(wide)
    for shape in ((2**40, 0), (2**20, 2**20, 0), (2**47, 0, 2**47)):
        empty = _view(_pickled_storage(1), 0, shape, (1,) * len(shape))
        data = {"G_ema": {**_floats(tensors), "synthesis.b4.const": empty}}
        yield f"an empty tensor of {shape}", pickle.dumps(data, 4)
    for name in ("mapping.fc0.weight", "synthesis.b4.conv1.affine.weight", "mapping.w_avg"):
        for kind in (torch.int64, torch.uint8, torch.bool):
            yield f"{name} as {kind}", ada_pickle_of(tensors | {name: tensors[name].to(kind)})
    embedding = {"mapping.embed.weight": torch.zeros(8, 3), "mapping.embed.bias": torch.zeros(8)}
    yield "classes", ada_pickle(tensors | embedding)
    deep = {"synthesis.input.weight": one, "mapping.fc0.weight": torch.zeros(8, 8)}
    deep |= {"synthesis.input.affine.weight": torch.zeros(4, 8)}
    for layer in range(3):
        deep[f"synthesis.L{layer}_4096_4096.weight"] = torch.zeros(4096, 0, 3, 3)
    yield "a StyleGAN3 of no bytes", ada_pickle(deep, channel_base=2**20, channel_max=4096)
    numbers: tuple[Any, ...] = (float("nan"), float("inf"), -1, 10**400, True)
    for number in numbers:
        yield f"a StyleGAN3 of {str(number)[:9]} channels", ada_pickle(deep, channel_base=number)
        yield f"a network clamped at {str(number)[:9]}", ada_pickle(deep, conv_clamp=number)
    yield "a name of no end", ada_pickle(tensors | {"n" * 500_000: one})


def ada_pickle_of(tensors: Mapping[str, Tensor]) -> bytes:
    """Return a state dict of any types in a pickle."""
    return pickle.dumps({"G_ema": _floats(tensors)}, 4)


def _floats(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return tensors as plain tensors."""
    return {name: value.detach().clone() for name, value in tensors.items()}


def _zipped(tensors: dict[str, Tensor]) -> bytes:
    """Return a running average in PyTorch's archive."""
    stream = io.BytesIO()
    torch.save({"g_ema": tensors}, stream)
    return stream.getvalue()


def _mutations(tensors: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield whole files in which single bytes of the opcodes were exchanged, many at once."""
    chance = random.Random(SEED)  # noqa: S311  # the same files every time
    for protocol in range(6):
        content = ada_pickle(tensors, protocol=protocol)
        for index in range(10):
            damaged = bytearray(content)
            for _ in range(60):
                damaged[chance.randrange(2, len(damaged))] = chance.randrange(256)
            yield f"protocol {protocol}, bytes exchanged, {index}", bytes(damaged)
    archive = rosinality_file(tensors, legacy=False)
    for index in range(20):
        damaged = bytearray(archive)
        for _ in range(40):
            damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
        yield f"archive, bytes exchanged, {index}", bytes(damaged)
