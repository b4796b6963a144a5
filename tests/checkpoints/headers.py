"""Archives and safetensors files whose directories and headers lie about what is in them."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from tests.checkpoints.writers import rosinality_file


def _archive(entries: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytearray:
    """Return a zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return bytearray(stream.getvalue())


def archives(tensors: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield archives that lie about their entries."""
    good = rosinality_file(tensors, legacy=False)
    directory = good.index(b"PK\x01\x02")
    for field, offset in (("flags", 8), ("time", 12), ("checksum", 16), ("size there", 20)):
        for value in (1, 0xFFFF, 0x0801):
            changed = bytearray(good)
            struct.pack_into("<H", changed, directory + offset, value)
            if field != "time":
                yield f"an archive whose {field} is {value}", bytes(changed)
    for field, offset in (("size", 24), ("place", 42)):
        for number in (2**32 - 1, 2**31, 1, len(good)):
            changed = bytearray(good)
            struct.pack_into("<I", changed, directory + offset, number)
            yield f"an archive whose {field} is {number}", bytes(changed)
    for field, offset in (("name", 28), ("extra", 30), ("comment", 32)):
        for number in (0xFFFF, 1000):
            changed = bytearray(good)
            struct.pack_into("<H", changed, directory + offset, number)
            yield f"an archive whose length of {field} is {number}", bytes(changed)
    data = pickle.dumps({"g_ema": {}}, 2)
    for name in ("../data.pkl", "/data.pkl", "a/../../data.pkl", "C:/data.pkl", "a\\/data.pkl"):
        yield f"an archive of {name}", bytes(_archive({name: data}))
    yield "two contents", bytes(_archive({"a/data.pkl": data, "b/data.pkl": data}))
    changed = _archive({"a/data.pkl": data, "a/data.pkm": data})
    yield "two contents of one name", bytes(changed.replace(b"data.pkm", b"data.pkl"))
    yield "a compressed content", bytes(_archive({"a/data.pkl": data}, zipfile.ZIP_DEFLATED))
    yield "another order of bytes", bytes(_archive({"a/data.pkl": data, "a/byteorder": b"big"}))
    with_text = _archive({"ä/data.pkl": data})
    yield "a name that is no text", bytes(with_text.replace("ä".encode(), b"\xff\xff"))
    yield "very many entries", good[:directory] + good[directory : directory + 46] * 200_000
    storage = bytes(good).index(b"PK\x03\x04", 4)
    for place in range(storage, storage + 4000, 800):
        damaged = bytearray(good)
        damaged[place : place + 64] = bytes(64)
        yield f"an archive damaged at {place - storage}", bytes(damaged)
    ends = bytearray(good)
    struct.pack_into("<I", ends, len(ends) - 6, 0)
    yield "an archive whose directory begins at its start", bytes(ends)
    yield "an archive's end alone", b"PK\x03\x04" + good[-22:]
    yield "an archive's start alone", good[:40]


def safetensors(tensors: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield safetensors files whose headers lie."""

    def written(header: Any, data: bytes = bytes(64)) -> bytes:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data

    def tensor(shape: Any, start: Any, end: Any, kind: Any = "F32") -> dict[str, Any]:
        return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}

    yield "a header of no end", struct.pack("<Q", 2**63) + b"{" + bytes(64)
    yield "a header of 9 MB", struct.pack("<Q", 9 << 20) + b"{" + bytes(9 << 20)
    many = {f"t{index}": tensor([0], 0, 0) for index in range(150_000)}
    yield "very many empty tensors", written(many, b"")
    yield "tensors over each other", written({"a": tensor([16], 0, 64), "b": tensor([16], 0, 64)})
    yield "a hole between tensors", written({"a": tensor([1], 0, 4), "b": tensor([1], 60, 64)})
    for shape in ([2**31, 2**31, 0], [2**62], [-1], [1.5], [2**40, 0], ["a"], 16, None):
        yield f"a tensor of shape {shape}", written({"a": tensor(shape, 0, 64)})
        yield f"an empty tensor of shape {shape}", written({"a": tensor(shape, 0, 0)}, b"")
    for kind in ("F4", "F8_E4M3", "C64", "I64", "BOOL", "U64", "X", 3, None):
        yield f"numbers of type {kind}", written({"input.input": tensor([8], 0, 64, kind)})
    nested = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "a header of objects inside each other", written(nested)
    yield "metadata that is no text", written({"__metadata__": {"format": 1}})
    yield "a header that is no JSON", written(b"{not json}      ")
    yield "a long name", written({"n" * 3_000_000: tensor([16], 0, 64)})
    whole = {name: value for name, value in tensors.items() if value.is_floating_point()}
    for name in ("mapping.fc0.weight", "synthesis.b4.const", "synthesis.b8.conv0.weight"):
        header, data = {}, b""
        for key, value in whole.items():
            content = b"" if key == name else value.contiguous().numpy().tobytes()
            shape = [0] if key == name else list(value.shape)
            header[key] = tensor(shape, len(data), len(data) + len(content))
            data += content
        yield f"{name} empty", written(header, data)


HUGE_CONFIGS: tuple[dict[str, Any], ...] = (
    {"resolution": 4096, "channel_base": 2**20, "channel_max": 4096, "z_dim": 4096, "w_dim": 4096},
    {"resolution": 4096, "channel_max": 4096, "mapping_layers": 32, "w_dim": 4096, "z_dim": 4096},
    {"resolution": 4096, "channel_max": 1, "z_dim": 1, "w_dim": 1, "mapping_layers": 1},
    {"resolution": 8, "mapping_layers": 32, "w_dim": 4096, "z_dim": 4096, "channel_max": 1},
    {"resolution": 8, "w_dim": 4096, "z_dim": 1, "mapping_layers": 1, "channel_max": 1},
    {"resolution": 64.0},
    {"resolution": float("nan")},
    {"resolution": [64]},
    {"resolution": 64, "z_dim": float("inf")},
    {"resolution": 64, "conv_clamp": float("nan")},
    {"resolution": 64, "conv_clamp": 10**400},
    {"resolution": 64, "mapping_lr_multiplier": -1.0},
)
"""Architectures of hostile files, for either kind of generator."""


def own_files() -> Iterator[tuple[str, bytes]]:
    """Yield files of this project whose architecture is not what their tensors are."""
    stylegan2: tuple[dict[str, Any], ...] = (
        {"resolution": 64, "split": {"dims": 1.5, "rows": 1}},
        {"resolution": 64, "split": {"dims": True, "rows": True}},
        {"resolution": 64, "split": [1, 2]},
        {"resolution": 64, "split": {"rows": 1}},
        {"resolution": 64, "base_width": 10**9},
        {"resolution": 4096, "base_width": 16, "block_channels": [4096] * 11},
        {"resolution": 64, "block_channels": 5},
        {"resolution": 64, "block_channels": [1, 2]},
        {"resolution": 64, "unknown": 1},
        {},
    )
    stylegan3: tuple[dict[str, Any], ...] = (
        {"resolution": 4096, "layers": 64, "conv_kernel": 15, "channel_max": 4096},
        {"resolution": 4096, "layers": 1, "critical_layers": 1, "first_stopband": 1.0},
        {"resolution": 64, "first_cutoff": 1e-300},
        {"resolution": 64, "first_cutoff": 1e300},
        {"resolution": 64, "first_stopband": 1e-300},
        {"resolution": 64, "first_stopband": 1e300},
        {"resolution": 64, "last_stopband_ratio": 1e-300},
        {"resolution": 64, "last_stopband_ratio": 1e300},
        {"resolution": 64, "output_scale": float("inf")},
        {"resolution": 64, "margin": 10**9},
        {"resolution": 64, "filter_size": 10**9},
        {
            "resolution": 4096,
            "layers": 2,
            "critical_layers": 1,
            "radial": True,
            "first_cutoff": 0.4,
            "first_stopband": 0.5,
            "filter_size": 32,
            "nonlinearity_upsampling": 8,
            "channel_max": 1,
        },
        {"resolution": 64, "radial": 1},
    )
    for kind, configs in (
        ("stylegan2", (*HUGE_CONFIGS, *stylegan2)),
        ("stylegan3", (*HUGE_CONFIGS, *stylegan3)),
    ):
        for config in configs:
            yield f"a {kind} of {str(config)[:60]}", _own_file(kind, json.dumps(config))
    for text in ("", "[" * 100_000, "null", "[]", "1e999", '{"resolution": ' + "9" * 5000 + "}"):
        yield f"an architecture {text[:20]!r}", _own_file("stylegan2", text)
    yield "another kind", _own_file("k" * 1_000_000, "{}")


def _own_file(kind: str, config: str) -> bytes:
    """Return a file of this project with one small tensor."""
    metadata = {"format": "draggan_widget generator 1", "kind": kind, "name": "n", "config": config}
    header = json.dumps(
        {
            "__metadata__": metadata,
            "mapping.w_avg": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]},
        }
    ).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)
