"""Does tasks, one after the other, in whatever process it is; each generator is loaded once.

What comes out depends on the task alone: torch has one thread, unless a recipe tells that it was made with more.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
import time
from typing import Any

import torch

from draggan_widget.batch.rows import BatchRow, Finished, failed, plain_points
from draggan_widget.batch.tasks import Origin, Task, check_name
from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.processes import one_thread
from draggan_widget.session import DragSession, Recipe
from draggan_widget.session.plain_values import mask_from_json, state_from_json
from draggan_widget.session.session_file import SavedSession, read_session
from draggan_widget.session.sources import found_generator
from draggan_widget.session.state import PictureGenerator

DRAGS = frozenset({"drag", "settle", "step", "follow"})
"""What moves the latent of a recipe; one without any of them is dragged at its end."""

BEGUN = "Begun"
"""What the history says of the state where an item begins."""

_ONE_AT_A_TIME = threading.Lock()
"""Held while a task is done: two at once would share the number of threads, which belongs to the process."""


class Workshop:
    """Generators by key, and the drags of tasks on them."""

    def __init__(self, device: str | None) -> None:
        """Begin with no generator.

        Args:
            device: Where those of names and files are loaded; None is a CUDA device where there is one.
        """
        self._device = device
        self._loaded: dict[str, PictureGenerator] = {}
        self._pickled: dict[str, bytes] = {}

    def put(self, key: str, generator: PictureGenerator) -> None:
        """Take a generator that is loaded."""
        self._loaded[key] = generator

    def receive(self, key: str, pickled: bytes) -> None:
        """Take a generator from a process of our own; it is unpacked when it is first needed."""
        if self._pickled.get(key) != pickled:
            self._pickled[key] = pickled
            self._loaded.pop(key, None)

    def generator(self, key: str) -> PictureGenerator:
        """Return the generator of a key.

        Raises:
            GeneratorError: There is none of this name, or it cannot be read here.
        """
        if key not in self._loaded:
            if key in self._pickled:
                self._loaded[key] = _unpickled(self._pickled[key])
            else:
                self._loaded[key] = found_generator(key, self._device)
        return self._loaded[key]

    def session_file(
        self, source: str, data: bytes, key: str | None
    ) -> tuple[PictureGenerator, SavedSession]:
        """Return the generator and the content of a session file.

        Args:
            source: What messages call it.
            data: Content of the file.
            key: Of its generator; None is the one that it names.

        Raises:
            GeneratorError: There is no such generator.
            SessionFileError: It is no session file, or was made with another generator.
        """

        def find(name: str) -> PictureGenerator:
            if key is None:
                check_name(name)
            return self.generator(name if key is None else key)

        return read_session(source, data, find)

    def drawer(self, origin: Origin, name: str) -> PictureGenerator:
        """Return the generator of an item's pictures.

        Args:
            origin: Where it is found.
            name: Of it.

        Raises:
            GeneratorError: It cannot be found or read any more.
            InputError: The file that it comes from is gone, or is another one by now.
        """
        if origin.file is None:
            return self.generator(origin.generator or name)
        data = origin.file.read_bytes() if origin.file.is_file() else b""
        if hashlib.sha256(data).hexdigest() != origin.sha256:
            raise InputError(
                f"{origin.file} is gone, or another file than when it was dragged; put it back to draw its pictures"
            )
        found, _ = self.session_file(origin.file.name, data, origin.generator)
        return found

    def do(self, task: Task) -> Finished:
        """Return what comes out of a task; whatever is wrong with it, it fails alone."""
        with _ONE_AT_A_TIME, one_thread():
            try:
                return self._done(task)
            except Exception as error:  # that of any library, on what anybody has given
                return failed(task, error)

    def _done(self, task: Task) -> Finished:
        """Do a task."""
        if task.kind == "unusable":
            raise InputError(task.content["error"])
        generator = (
            None
            if task.generator is None or task.kind == "file"
            else self.generator(task.generator)
        )
        started = time.perf_counter()
        if task.kind == "recipe":
            session = _replayed(task.content, generator)
            start_w = session.state.start_w
        else:
            begun = self._begun(task, generator)
            session, start_w = begun, begun.w
            session.drag(task.content["max_steps"] if task.kind == "job" else None)
        seconds = time.perf_counter() - started
        row = _row(task, session, seconds)
        return Finished(row, start_w.cpu().numpy().copy(), session.w.cpu().numpy())

    def _begun(self, task: Task, generator: PictureGenerator | None) -> DragSession:
        """Return a session that stands where a task begins."""
        if task.kind == "file":
            found, saved = self.session_file(task.label, task.content, task.generator)
            session = DragSession(found, config=saved.config)
            session.go_to(saved.history.current.state, BEGUN)
            return session
        assert generator is not None
        content = task.content
        config = DragConfig.from_json(content["config"])
        if task.kind == "state":
            session = DragSession(generator, config=config)
            session.go_to(state_from_json(generator, content["state"]), BEGUN)
            return session
        session = DragSession(
            generator,
            seed=content["seed"],
            truncation_psi=content["truncation_psi"],
            config=config,
        )
        session.mask = mask_from_json(generator, content["mask"])
        session.set_points(content["handle_points"], content["target_points"])
        return session


def _replayed(content: Any, generator: PictureGenerator | None) -> DragSession:
    """Return the session of a recipe, dragged."""
    recipe = Recipe.from_json(content)
    session = DragSession.replay(recipe, generator=generator)
    if not any(edit["do"] in DRAGS for edit in recipe.edits):
        session.drag()
    return session


def _row(task: Task, session: DragSession, seconds: float) -> BatchRow:
    """Return what came out of a session."""
    state, result = session.state, session.result
    return BatchRow(
        index=task.index,
        item=task.label,
        generator=session.generator.name,
        seed=session.seed,
        status=session.status,
        words="done again; it does not end with a drag" if result is None else result.words,
        steps=session.steps,
        evaluations=0 if result is None else result.generator_evaluations,
        seconds=seconds,
        distances_px=tuple(session.distances_px.tolist()),
        put_points=plain_points(state.put_points),
        handle_points=plain_points(state.handle_points),
        target_points=plain_points(state.target_points),
    )


def _unpickled(data: bytes) -> PictureGenerator:
    """Return a generator that a process of our own has pickled."""
    try:
        with torch.inference_mode(False):
            generator: PictureGenerator = pickle.loads(data)  # noqa: S301 - our own parent has written it
    except Exception as error:  # whatever a class of somebody does when it is unpacked
        raise GeneratorError(
            f"the generator cannot be unpacked in another process: {error!r}; give its name or file, or processes=1"
        ) from error
    return generator
