"""Session files: safetensors with a description in JSON; reading one executes nothing.

The tensors are ``latents [K, num_ws, w_dim]`` and, where there are any, ``zs [L, z_dim]`` and ``masks [M, H, W]``
(bool); everything else is in the metadata entry ``session``, which refers to them by index.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from draggan_widget._version import __version__
from draggan_widget.drag import DragConfig
from draggan_widget.drag.charts import check_suits
from draggan_widget.drag.protocols import MappedGenerator
from draggan_widget.drag.validation import Mask, check_mask, check_point_ids, check_points
from draggan_widget.errors import InputError, SessionFileError
from draggan_widget.export import write_whole
from draggan_widget.inputs import checked_seed
from draggan_widget.session.history import HISTORY_LIMIT, Entry, History
from draggan_widget.session.state import PictureGenerator, SessionState, closed

FORMAT = "draggan_widget session 1"
"""Value of the metadata entry ``format``; the number changes with the meaning of the entries."""

MAX_TEXT = 1000
"""Longest name or label that is read."""

T = TypeVar("T")


@dataclass(frozen=True)
class SavedSession:
    """What a session file holds.

    Attributes:
        config: Settings of the drag.
        history: States, with the present one.
    """

    config: DragConfig
    history: History[SessionState]


def save_session(
    path: str | os.PathLike[str], generator: PictureGenerator, saved: SavedSession
) -> Path:
    """Write a session file, whole or not at all; return its path.

    Raises:
        InputError: The folder does not exist.
    """
    states = [entry.state for entry in saved.history.entries]
    latents = _Distinct(w for state in states for w in (state.start_w, state.w))
    zs = _Distinct(z for state in states for z in (state.start_z, state.z) if z is not None)
    masks = _Distinct(state.mask for state in states if state.mask is not None)
    entries = [
        {
            "label": label.label,
            "seed": state.seed,
            "start_w": latents.index(state.start_w),
            "w": latents.index(state.w),
            "start_z": None if state.start_z is None else zs.index(state.start_z),
            "z": None if state.z is None else zs.index(state.z),
            "handle_points": state.handle_points.tolist(),
            "target_points": state.target_points.tolist(),
            "put_points": state.put_points.tolist(),
            "point_ids": list(state.point_ids),
            "mask": None if state.mask is None else masks.index(state.mask),
        }
        for label, state in zip(saved.history.entries, states, strict=True)
    ]
    description = {
        "generator": describe(generator),
        "config": saved.config.to_json(),
        "position": saved.history.position,
        "entries": entries,
    }
    tensors = {"latents": torch.cat([w.detach().cpu() for w in latents.values])}
    if zs.values:
        tensors["zs"] = torch.cat([z.detach().cpu() for z in zs.values])
    if masks.values:
        tensors["masks"] = torch.from_numpy(np.stack(masks.values))
    metadata = {"format": FORMAT, "version": __version__, "session": json.dumps(description)}
    data = save(tensors, metadata)
    target = Path(path)
    write_whole(target, lambda stream: stream.write(data))
    return target


def load_session(
    path: str | os.PathLike[str], find_generator: Callable[[str], PictureGenerator]
) -> tuple[PictureGenerator, SavedSession]:
    """Return the generator and the content of a session file; everything in it is checked.

    Args:
        path: A file that :func:`save_session` wrote.
        find_generator: Returns the generator of a name.

    Raises:
        SessionFileError: The file is absent, damaged, of another kind, or made with another generator.
    """
    source = Path(path)
    description, tensors = _read(source)
    reader = _Reader(source, description)
    made_with = reader.take("generator", dict)
    generator = find_generator(_Reader(source, made_with).take("name", str))
    _check_generator(source, made_with, describe(generator))
    try:
        config = DragConfig.from_json(reader.take("config", dict))
        check_suits(config, generator)
    except InputError as error:
        raise SessionFileError(f"{source} holds an unusable config: {error}") from error
    entries = reader.take("entries", list)
    position = reader.take("position", int)
    if not 1 <= len(entries) <= HISTORY_LIMIT or not 0 <= position < len(entries):
        raise SessionFileError(
            f"{source} must hold 1 to {HISTORY_LIMIT} entries and the position of one of them, "
            f"got {len(entries)} and {position}"
        )
    pool = _Pool(source, generator, tensors)
    history = History(tuple(pool.entry(item) for item in entries), position)
    return generator, SavedSession(config, history)


def describe(generator: PictureGenerator) -> dict[str, Any]:
    """Return what tells one generator from another, as JSON."""
    digest = hashlib.sha256()
    for weights in generator.parameters():
        digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
    return {
        "name": generator.name,
        "width": generator.width,
        "height": generator.height,
        "num_ws": generator.num_ws,
        "w_dim": generator.w_dim,
        "weights_sha256": digest.hexdigest(),
    }


class _Distinct:
    """Values without repetition, found again by identity."""

    def __init__(self, values: Any) -> None:
        self._by_id = {id(value): value for value in values}
        self._indices = {key: index for index, key in enumerate(self._by_id)}

    @property
    def values(self) -> list[Any]:
        """The values in the order of their indices."""
        return list(self._by_id.values())

    def index(self, value: object) -> int:
        """Return the index of one of the values."""
        return self._indices[id(value)]


class _Reader:
    """Takes entries out of a JSON object and says what is wrong with them."""

    def __init__(self, path: Path, values: Mapping[str, Any]) -> None:
        self._path = path
        self._values = values

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Return an entry of exactly this kind."""
        value = self._values.get(name, default)
        if type(value) is not kind or (isinstance(value, str) and len(value) > MAX_TEXT):
            raise SessionFileError(
                f"{self._path} is damaged: {name} must be {kind.__name__}, "
                f"got {str(value)[:80]!r}; save the session again"
            )
        return value


class _Pool:
    """Builds states out of a file's tensors and descriptions."""

    def __init__(
        self, path: Path, generator: PictureGenerator, tensors: Mapping[str, Tensor]
    ) -> None:
        self._path = path
        self._size = size = generator.width, generator.height
        shape = (generator.num_ws, generator.w_dim)
        dtype = next(iter(generator.parameters())).dtype
        latents = tensors.get("latents")
        if latents is None or latents.shape[1:] != shape or latents.dtype != dtype:
            raise SessionFileError(
                f"{path} must hold latents [K, {shape[0]}, {shape[1]}] of {dtype}"
            )
        if not bool(latents.isfinite().all()):
            raise SessionFileError(f"{path} is damaged: its latents must be finite")
        masks = tensors.get("masks", torch.empty((0, size[1], size[0]), dtype=torch.bool))
        if masks.dtype != torch.bool or masks.shape[1:] != (size[1], size[0]):
            raise SessionFileError(f"{path} must hold boolean masks [M, {size[1]}, {size[0]}]")
        zs = tensors.get("zs")
        if zs is not None:
            z_dim = generator.z_dim if isinstance(generator, MappedGenerator) else None
            if zs.ndim != 2 or zs.shape[1] != z_dim or zs.dtype != dtype:
                raise SessionFileError(f"{path} must hold zs [L, {z_dim}] of {dtype}")
            if not bool(zs.isfinite().all()):
                raise SessionFileError(f"{path} is damaged: its zs must be finite")
        # Each row is copied, so that no state keeps the others alive.
        self._latents = [w[None].clone().to(generator.device) for w in latents]
        self._zs = [] if zs is None else [z[None].clone().to(generator.device) for z in zs]
        self._masks: list[Mask] = [closed(mask.numpy().copy()) for mask in masks]

    def entry(self, item: object) -> Entry[SessionState]:
        """Return the history entry of a description."""
        if not isinstance(item, dict):
            raise SessionFileError(f"{self._path} is damaged: an entry must be an object")
        reader = _Reader(self._path, item)
        try:
            state = self._state(reader, item)
        except InputError as error:
            raise SessionFileError(f"{self._path} is damaged: {error}") from error
        return Entry(reader.take("label", str), state)

    def _state(self, reader: _Reader, item: Mapping[str, Any]) -> SessionState:
        """Return the state of a description."""
        seed = checked_seed(reader.take("seed", int))
        handles, targets, put = (
            closed(check_points(name, reader.take(name, list), *self._size))
            for name in ("handle_points", "target_points", "put_points")
        )
        if len(put) != len(handles):
            raise InputError("put_points must have one point per handle")
        ids, _ = check_point_ids(reader.take("point_ids", list), (), len(handles))
        if min(ids, default=1) < 1:
            raise InputError("point_ids must be from 1")
        mask = self._picked_if_any(self._masks, item, "mask")
        start_z, z = (self._picked_if_any(self._zs, item, name) for name in ("start_z", "z"))
        if (start_z is None) != (z is None):
            raise InputError("start_z and z must both be there or both be absent")
        return SessionState(
            seed=seed,
            start_w=self._picked(self._latents, reader.take("start_w", int), "start_w"),
            w=self._picked(self._latents, reader.take("w", int), "w"),
            handle_points=handles,
            target_points=targets,
            point_ids=ids,
            put_points=put,
            mask=None if check_mask(mask, *self._size) is None else mask,
            start_z=start_z,
            z=z,
        )

    @classmethod
    def _picked_if_any(cls, values: Sequence[T], item: Mapping[str, Any], name: str) -> T | None:
        """Return the value of the index in an entry, or None where it has none."""
        index = item.get(name)
        return None if index is None else cls._picked(values, index, name)

    @staticmethod
    def _picked(values: Sequence[T], index: object, name: str) -> T:
        """Return the value of an index."""
        if type(index) is not int or not 0 <= index < len(values):
            raise InputError(f"{name} must be an index below {len(values)}, got {index!r}")
        return values[index]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return a session file's description and tensors."""
    if not path.is_file():
        raise SessionFileError(f"there is no session file {path}; check the path")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise SessionFileError(
                    f"{path} is no session file: its format is {metadata.get('format')!r}, "
                    f"expected {FORMAT!r}; DragSession.save writes one"
                )
            names = set(file.keys()) & {"latents", "zs", "masks"}
            tensors = {name: file.get_tensor(name) for name in names}
        description = json.loads(metadata.get("session", "null"))
    except SafetensorError as error:
        raise SessionFileError(
            f"{path} is no complete session file: {error}; save the session again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SessionFileError(f"{path} is damaged: {error}; save the session again") from error
    if not isinstance(description, dict):
        raise SessionFileError(f"{path} is damaged: its description must be an object")
    return description, tensors


def _check_generator(path: Path, saved: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Refuse a generator other than the one a session was made with."""
    differing = [name for name in found if saved.get(name) != found[name]]
    if differing:
        said = ", ".join(f"{name} {saved.get(name)!r} (here {found[name]!r})" for name in differing)
        raise SessionFileError(
            f"{path} was made with another generator: {said}; "
            "give that one to DragSession.load(path, generator=...)"
        )
