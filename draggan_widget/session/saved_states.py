"""The states of a session file, built out of its description and its tensors; everything is checked."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from draggan_widget.drag.protocols import MappedGenerator
from draggan_widget.drag.validation import Mask, check_mask, check_point_ids, check_points
from draggan_widget.errors import InputError, SessionFileError
from draggan_widget.inputs import TRUNCATION_PSI, checked_seed, checked_truncation
from draggan_widget.session.history import Entry
from draggan_widget.session.state import PictureGenerator, SessionState, closed

MAX_TEXT = 1000
"""Longest name or label that is read."""

T = TypeVar("T")


class Reader:
    """Takes entries out of a JSON object and says what is wrong with them."""

    def __init__(self, source: str, values: Mapping[str, Any]) -> None:
        self.source = source
        self._values = values

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """Return an entry of exactly this kind."""
        value = self._values.get(name, default)
        if type(value) is not kind or (isinstance(value, str) and len(value) > MAX_TEXT):
            raise SessionFileError(
                f"{self.source} is damaged: {name} must be {kind.__name__}, "
                f"got {str(value)[:80]!r}; save the session again"
            )
        return value


class StatePool:
    """Builds states out of a file's tensors and descriptions."""

    def __init__(
        self, source: str, generator: PictureGenerator, tensors: Mapping[str, Tensor]
    ) -> None:
        self._source = source
        self._size = size = generator.width, generator.height
        shape = (generator.num_ws, generator.w_dim)
        dtype = next(iter(generator.parameters())).dtype
        latents = tensors.get("latents")
        if latents is None or latents.shape[1:] != shape or latents.dtype != dtype:
            raise SessionFileError(
                f"{source} must hold latents [K, {shape[0]}, {shape[1]}] of {dtype}"
            )
        if not bool(latents.isfinite().all()):
            raise SessionFileError(f"{source} is damaged: its latents must be finite")
        masks = tensors.get("masks", torch.empty((0, size[1], size[0]), dtype=torch.bool))
        if masks.dtype != torch.bool or masks.shape[1:] != (size[1], size[0]):
            raise SessionFileError(f"{source} must hold boolean masks [M, {size[1]}, {size[0]}]")
        zs = tensors.get("zs")
        if zs is not None:
            z_dim = generator.z_dim if isinstance(generator, MappedGenerator) else None
            if zs.ndim != 2 or zs.shape[1] != z_dim or zs.dtype != dtype:
                raise SessionFileError(f"{source} must hold zs [L, {z_dim}] of {dtype}")
            if not bool(zs.isfinite().all()):
                raise SessionFileError(f"{source} is damaged: its zs must be finite")
        # Each row is copied, so that no state keeps the others alive.
        self._latents = [w[None].clone().to(generator.device) for w in latents]
        self._zs = [] if zs is None else [z[None].clone().to(generator.device) for z in zs]
        self._masks: list[Mask] = [closed(mask.numpy().copy()) for mask in masks]

    def entry(self, item: object, index: int) -> Entry[SessionState]:
        """Return the history entry of a description, one of many; what it does not say is as in a line of entries."""
        if not isinstance(item, dict):
            raise SessionFileError(f"{self._source} is damaged: an entry must be an object")
        reader = Reader(self._source, item)
        try:
            state = self._state(reader, item)
        except InputError as error:
            raise SessionFileError(f"{self._source} is damaged: {error}") from error
        parent = item.get("parent", index or None)
        if parent is not None and type(parent) is not int:
            raise SessionFileError(f"{self._source} is damaged: parent must be an id or null")
        return Entry(
            reader.take("label", str),
            state,
            words=reader.take("words", str, ""),
            time_s=reader.take("time_s", float, 0.0),
            id=reader.take("id", int, index + 1),
            parent=parent,
        )

    def _state(self, reader: Reader, item: Mapping[str, Any]) -> SessionState:
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
        w = self._picked(self._latents, reader.take("w", int), "w")
        held_w = self._picked_if_any(self._latents, item, "held_w")
        return SessionState(
            seed=seed,
            start_w=self._picked(self._latents, reader.take("start_w", int), "start_w"),
            w=w,
            held_w=w if held_w is None else held_w,
            handle_points=handles,
            target_points=targets,
            point_ids=ids,
            put_points=put,
            mask=None if check_mask(mask, *self._size) is None else mask,
            start_z=start_z,
            z=z,
            # Files of former versions do not say it: all of their pictures had this one.
            truncation_psi=checked_truncation(reader.take("truncation_psi", float, TRUNCATION_PSI)),
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
