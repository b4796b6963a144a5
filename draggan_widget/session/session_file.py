"""Session files: safetensors with a description in JSON; reading one executes nothing.

A PNG with such a file in it is read like one.

The metadata entry ``sha256`` is the digest of all that is in it, by which a damaged file is told.

The tensors are ``latents [K, num_ws, w_dim]`` and, where there are any, ``zs [L, z_dim]`` and ``masks [M, H, W]``
(bool); everything else is in the metadata entry ``session``, which refers to them by index. Of a
generator that was tuned to a photo there are the differences of its weights too, ``tuned.`` and their names.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from draggan_widget._version import __version__
from draggan_widget.digests import tensors_digest
from draggan_widget.drag import DragConfig
from draggan_widget.drag.charts import check_suits
from draggan_widget.errors import InputError, SessionFileError
from draggan_widget.session.embedding import embedded_session
from draggan_widget.session.history import History
from draggan_widget.session.recipe import Recipe
from draggan_widget.session.saved_history import read_history, saved_entry
from draggan_widget.session.saved_states import Reader, StatePool
from draggan_widget.session.state import PictureGenerator, SessionState
from draggan_widget.session.tuned_weights import held_changes, with_changes
from draggan_widget.whole_files import write_whole

FORMAT = "draggan_widget session 2"
"""Value of the metadata entry ``format``; the number changes with the meaning of the entries."""

LINEAR_FORMAT = "draggan_widget session 1"
"""Files of before histories were trees are read, too: each entry was made from the one before."""

TENSORS = ("latents", "zs", "masks")
TUNED_PREFIX = "tuned."
"""What a session file may hold; anything else is left alone."""

HEADER_AT = 8
"""A safetensors file begins with the length of its header, in bytes of this number."""


@dataclass(frozen=True)
class SavedSession:
    """What a session file holds.

    Attributes:
        config: Settings of the drag.
        history: States, with the present one.
        recipe: What was done, or None where that is not known.
    """

    config: DragConfig
    history: History[SessionState]
    recipe: Recipe | None = None


def save_session(
    path: str | os.PathLike[str], generator: PictureGenerator, saved: SavedSession
) -> Path:
    """Write a session file, whole or not at all; return its path.

    Raises:
        InputError: The folder does not exist.
    """
    target = Path(path)
    write_whole(target, session_bytes(generator, saved))
    return target


def session_bytes(generator: PictureGenerator, saved: SavedSession) -> bytes:
    """Return the content of a session file."""
    states = [entry.state for entry in saved.history.entries]
    latents = _Distinct(w for state in states for w in (state.start_w, state.w, state.held_w))
    zs = _Distinct(z for state in states for z in (state.start_z, state.z) if z is not None)
    masks = _Distinct(state.mask for state in states if state.mask is not None)
    entries = [
        {
            **saved_entry(entry),
            "seed": state.seed,
            "truncation_psi": state.truncation_psi,
            "start_w": latents.index(state.start_w),
            "w": latents.index(state.w),
            "held_w": latents.index(state.held_w),
            "start_z": None if state.start_z is None else zs.index(state.start_z),
            "z": None if state.z is None else zs.index(state.z),
            "handle_points": state.handle_points.tolist(),
            "target_points": state.target_points.tolist(),
            "put_points": state.put_points.tolist(),
            "point_ids": list(state.point_ids),
            "mask": None if state.mask is None else masks.index(state.mask),
        }
        for entry, state in zip(saved.history.entries, states, strict=True)
    ]
    description = {
        "generator": describe(generator),
        "config": saved.config.to_json(),
        "position": saved.history.position,
        "visited": [list(pair) for pair in saved.history.visited.items()],
        "entries": entries,
        "recipe": None if saved.recipe is None else saved.recipe.to_json(),
    }
    tensors = {"latents": torch.cat([w.detach().cpu() for w in latents.values])}
    if zs.values:
        tensors["zs"] = torch.cat([z.detach().cpu() for z in zs.values])
    if masks.values:
        tensors["masks"] = torch.from_numpy(np.stack(masks.values))
    tensors |= {TUNED_PREFIX + name: each for name, each in held_changes(generator).items()}
    text = json.dumps(description)
    metadata = {"format": FORMAT, "version": __version__, "session": text}
    return save(tensors, {**metadata, "sha256": _digest(text, tensors)})


def load_session(
    path: str | os.PathLike[str], find_generator: Callable[[str], PictureGenerator]
) -> tuple[PictureGenerator, SavedSession]:
    """Return the generator and the content of a file with a session; everything in it is checked.

    Args:
        path: A file that :func:`save_session` wrote, or a PNG with a session in it.
        find_generator: Returns the generator of a name.

    Raises:
        SessionFileError: The file is absent, damaged, of another kind, or made with another generator.
    """
    source = Path(path)
    if not source.is_file():
        raise SessionFileError(f"there is no session file {source}; check the path")
    return read_session(str(source), source.read_bytes(), find_generator)


def read_session(
    source: str, data: bytes, find_generator: Callable[[str], PictureGenerator]
) -> tuple[PictureGenerator, SavedSession]:
    """Return the generator and the content of what is in a file; as :func:`load_session`.

    Args:
        source: What messages call it.
        data: Content of the file.
        find_generator: Returns the generator of a name.
    """
    description, tensors = _read(source, embedded_session(source, data))
    reader = Reader(source, description)
    made_with = reader.take("generator", dict)
    generator = find_generator(Reader(source, made_with).take("name", str))
    generator = _tuned(source, generator, made_with, tensors)
    _check_generator(source, made_with, describe(generator))
    try:
        config = DragConfig.from_json(reader.take("config", dict))
        check_suits(config, generator)
    except InputError as error:
        raise SessionFileError(f"{source} holds an unusable config: {error}") from error
    history = read_history(reader, StatePool(source, generator, tensors))
    return generator, SavedSession(config, history, _recipe(source, description.get("recipe")))


def _tuned(
    source: str,
    generator: PictureGenerator,
    made_with: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
) -> PictureGenerator:
    """Return a generator with the tuned weights of a file, where it has some and the generator is not tuned so already."""
    changes = {
        n.removeprefix(TUNED_PREFIX): t for n, t in tensors.items() if n.startswith(TUNED_PREFIX)
    }
    if not changes or describe(generator) == made_with:
        return generator
    try:
        return cast(PictureGenerator, with_changes(cast(nn.Module, generator), changes))
    except InputError as error:
        raise SessionFileError(f"{source} holds tuned weights: {error}") from error


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


def _read(source: str, data: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return a session file's description and tensors."""
    try:
        tensors = load(data)
        metadata = _metadata(data)
        if metadata.get("format") not in (FORMAT, LINEAR_FORMAT):
            raise SessionFileError(
                f"{source} is no session file: its format is {metadata.get('format')!r}, "
                f"expected {FORMAT!r}; DragSession.save writes one"
            )
        text = metadata.get("session", "null")
        if metadata.get("sha256", "") not in ("", _digest(text, tensors)):
            raise SessionFileError(
                f"{source} is damaged: it is not what was written; take another copy of it"
            )
        description = json.loads(text)
    except SafetensorError as error:
        raise SessionFileError(
            f"{source} is no complete session file: {error}; save the session again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SessionFileError(f"{source} is damaged: {error}; save the session again") from error
    if not isinstance(description, dict):
        raise SessionFileError(f"{source} is damaged: its description must be an object")
    known = {n: t for n, t in tensors.items() if n in TENSORS or n.startswith(TUNED_PREFIX)}
    return description, known


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 digest of a description and its tensors; files of before there was one have none."""
    return hashlib.sha256(f"{tensors_digest(tensors)} {text}".encode()).hexdigest()


def _metadata(data: bytes) -> Mapping[str, str]:
    """Return the texts of a safetensors file, which :func:`load` has found to be whole."""
    length = int.from_bytes(data[:HEADER_AT], "little")
    metadata: Mapping[str, str] = json.loads(data[HEADER_AT : HEADER_AT + length]).get(
        "__metadata__", {}
    )
    return metadata


def _recipe(source: str, value: object) -> Recipe | None:
    """Return the recipe of a session file."""
    if value is None:
        return None
    try:
        return Recipe.from_json(value)
    except InputError as error:
        raise SessionFileError(f"{source} holds an unusable recipe: {error}") from error


def _check_generator(source: str, saved: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Refuse a generator other than the one a session was made with."""
    differing = [name for name in found if saved.get(name) != found[name]]
    if differing:
        said = ", ".join(f"{name} {saved.get(name)!r} (here {found[name]!r})" for name in differing)
        raise SessionFileError(
            f"{source} was made with another generator: {said}; "
            "give that one to DragSession.load(path, generator=...)"
        )
