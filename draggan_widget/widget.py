"""The notebook widget over one session, as scripts use it."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from draggan_widget.beginning import SESSION_ARGUMENTS, check_names, checked_beginning
from draggan_widget.commands import When
from draggan_widget.drag_bar import drag_bar
from draggan_widget.errors import DragganError
from draggan_widget.kernel_mends import keep_to_the_shell_of_the_page, mend_kernel
from draggan_widget.outputs import Outputs
from draggan_widget.photos import check_untuned, looked_for, name_of
from draggan_widget.runner import Runner

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from draggan_widget.drag import DragStep
    from draggan_widget.inversion import Inversion
    from draggan_widget.inversion.photo import Photo
    from draggan_widget.session import DragResult, DragSession, Recipe
    from draggan_widget.session.state import PictureGenerator


def bundle_text(name: str, folder: Path = Path(__file__).parent / "static") -> str:
    """Return the content of a file of the front end.

    Raises:
        DragganError: It was not built.
    """
    path = folder / name
    if not path.is_file():
        raise DragganError(
            f"the front end is not built: there is no {path}; run `make build` or `npm run build` "
            "in the project's folder, or install the package from a wheel"
        )
    return path.read_text(encoding="utf-8")


class DragWidget(Outputs):
    """A picture in the notebook whose points can be dragged.

    Setting a trait checks the value; a bad one raises :class:`InputError` and changes nothing. The first three wait
    until the picture is loaded.

    Attributes:
        handle_points: What is held, read-only ``[N, 2]`` px.
        target_points: Where it should go, read-only ``[N, 2]`` px.
        mask: Read-only boolean ``[H, W]``, True where the picture may move, or None for everywhere.
        running: Whether a drag runs; setting it starts or stops one.
        auto_run: Whether the picture follows pulls live, and a drag starts when a pair is complete.
        seed: Seed of the picture; setting it goes to another one, without points and mask.
        blend_outside: Whether the picture at rest is shown, given, saved and copied as it was before the drags
            outside the mask (:meth:`DragSession.blended_image`); the picture inside the mask stays as it is.
        change_outside: By how much drags have changed the picture outside the mask, of 255; None while a drag runs
            and where there is no mask.
        truncation_psi: Truncation of the pictures of seeds, -1 to 1.5: 0 is the average picture, 1 the whole variety;
            setting it goes to the seed's picture at that truncation.
        generators: Names of the generators that a person can choose in the front end; read-only.
        config: Settings of the drag; setting them stops a drag that runs.
        step: Steps since the drag began; calling it moves the latent once.
        status: ``"loading"``, ``"idle"``, ``"running"``, ``"arrived"``, ``"stalled"``, ``"max_steps"``,
            ``"stopped"`` or ``"failed"``.
        status_text: The status in words, where the front end has none of its own.
        distance_px: The largest distance of a handle from its target.
        error: The last failure, ``{seq, message, details}``, or ``{}``.
        history: Every change so far, oldest first; each has ``id``, ``parent``, ``label``, ``words``, ``time_s`` and
            ``picture``. A change after an undo begins a branch and drops nothing.
        history_position: Id of the present entry.
        film: Number of the last drag's film, and how many pictures it has; 0 while a drag runs.
    """

    # As text: anywidget keeps every widget whose front end is given by path.
    _esm = bundle_text("widget.js")
    _css = bundle_text("widget.css")

    def __init__(
        self,
        session: DragSession | PictureGenerator | str | PathLike[str] | None = None,
        *,
        generator: Any = None,
        seed: int | None = None,
        w: Tensor | ArrayLike | None = None,
        truncation_psi: float | None = None,
        config: Any = None,
        device: Any = None,
        auto_run: bool = True,
        keep_result: bool = True,
        **others: Any,
    ) -> None:
        """Show a session, or start to load a new one, and return at once.

        Args:
            session: The session to show; or the generator of a new one, as for ``generator``.
            generator, seed, w, truncation_psi, config, device: Otherwise the arguments of a new
                :class:`DragSession`.
            auto_run: Whether the picture follows pulls of the front end live, and a drag starts when a pair of points
                is complete.
            keep_result: Whether the notebook keeps a picture of the result behind the widget, for when no kernel runs.
            others: ``layout``, as every widget takes it.

        Raises:
            InputError: An unusable seed or configuration, a session as well as arguments of one, or two generators.
            TypeError: An unknown argument.
        """
        check_names(others)
        values = (generator, seed, w, truncation_psi, config, device)
        given = dict(zip(SESSION_ARGUMENTS, values, strict=True))
        beginning = checked_beginning(session, given)
        psi = beginning.truncation_psi
        mend_kernel()
        super().__init__(beginning.seed, auto_run=auto_run, truncation_psi=psi, **others)
        keep_to_the_shell_of_the_page(self.comm)
        self.on_msg(self._receive)
        self._runner = Runner(beginning.make_session, self)
        self._keep_result(keep_result)
        weakref.finalize(self, self._runner.close)
        self._runner.begin()
        if self._is_exported:
            with contextlib.suppress(DragganError):  # what has failed is shown
                self._do(lambda session: None, When.BETWEEN_STEPS)

    def __repr__(self) -> str:
        """Return the widget in a line."""
        points = len(self.handle_points)
        return f"<DragWidget seed {self.seed}, {points} points, {self.status}>"

    # What a script may do

    @property
    def session(self) -> DragSession:
        """The session, with everything that was set so far.

        To change it while a drag runs, use the widget: a session belongs to one thread at a time.

        Raises:
            DragganError: It could not be loaded.
        """
        return self._do(lambda session: session, When.BETWEEN_STEPS)

    @property
    def image(self) -> Image.Image:
        """The picture, as it is shown at rest."""
        return self._do(self._worker.resting.image, When.BETWEEN_STEPS)

    @property
    def w(self) -> Tensor:
        """Latent of the picture ``[1, num_ws, w_dim]``; setting it stops a drag that runs."""
        return self._do(lambda session: session.w, When.BETWEEN_STEPS)

    @w.setter
    def w(self, w: Tensor | ArrayLike) -> None:
        self._do(lambda session: setattr(session, "w", w))

    @property
    def generator(self) -> Any:
        """The generator.

        Setting it to a name, a file or a ``Generator`` waits until that is loaded, and goes to its picture of the same
        seed; setting a former one goes back to the picture and the history that were left there.

        Raises:
            GeneratorError: It cannot be found or read; the present one stays.
        """
        return self.session.generator

    @generator.setter
    def generator(self, source: Any) -> None:
        self._switch(source, told=False).result()

    def run(self) -> None:
        """Start a drag, unless one runs, and return at once."""
        self.running = True

    def stop(self) -> None:
        """End the drag within a step, and return at once."""
        self._worker.stop()

    def drag(self, max_steps: int | None = None, *, progress: bool | None = None) -> DragResult:
        """Drag and wait for the end; as :meth:`DragSession.drag`. Interrupting the cell stops it.

        Args:
            max_steps: Most moves of the latent; None is ``config.max_steps``.
            progress: Whether a bar is shown; None shows one in notebooks.
        """
        with drag_bar(self, progress) as ended:
            try:
                result = self._worker.drag(max_steps).result()
            except KeyboardInterrupt:
                self.stop()
                self._do(lambda session: None)  # what was interrupted has ended
                raise
            ended(result)
            return result

    async def drag_async(
        self, max_steps: int | None = None, *, progress: bool | None = None
    ) -> DragResult:
        """Drag while the notebook stays responsive: ``result = await widget.drag_async()``; as :meth:`drag`.

        Cancelling it, as interrupting the cell does, stops the drag.
        """
        with drag_bar(self, progress) as ended:
            try:
                result = await asyncio.wrap_future(self._worker.drag(max_steps))
            except asyncio.CancelledError:
                self.stop()
                raise
            ended(result)
            return result

    @property
    def recipe(self) -> Recipe | None:
        """What was done from the first picture on, for :meth:`DragSession.replay`; as :attr:`DragSession.recipe`."""
        return self._do(lambda session: session.recipe, When.BETWEEN_STEPS)

    def take_step(self) -> DragStep[Any]:
        """Move the latent once, and return the picture after it; the same as calling ``step``."""
        return self._do(lambda session: session.step())

    def undo(self) -> bool:
        """Go back by one change; return whether there was one. A drag that runs is stopped first."""
        return self._do(lambda session: session.undo())

    def redo(self) -> bool:
        """Take one undone change up again; return whether there was one."""
        return self._do(lambda session: session.redo())

    def jump(self, entry_id: int) -> bool:
        """Go to any entry of the history; return whether it was another one than the present.

        Raises:
            InputError: There is no entry of this id.
        """
        return self._do(lambda session: session.jump(entry_id))

    def take(self, index: int) -> None:
        """Make one picture of the last drag the present one; as :meth:`DragSession.take`."""
        self._do(lambda session: session.take(index))

    def image_at(self, entry_id: int) -> Image.Image:
        """Return the picture of an entry of the history.

        Raises:
            InputError: There is no entry of this id.
        """
        return self._do(lambda session: session.image_at(entry_id), When.BETWEEN_STEPS)

    def reset(self) -> None:
        """Go back to the first picture of this seed or latent."""
        self._do(lambda session: session.reset())

    def sample(self, seed: int, truncation_psi: float | None = None) -> None:
        """Go to the picture of a seed; as :meth:`DragSession.sample`."""
        self._do(lambda session: session.sample(seed, truncation_psi))

    def clear_points(self) -> None:
        """Remove every handle and target."""
        self._do(lambda session: session.clear_points())

    def stats(self) -> dict[str, float]:
        """Return ``pictures_per_s`` and ``steps_per_s`` of the last drag's last seconds, and ``lag_ms``.

        The lag is the time from a pointer's message to the word that the picture that follows it is seen; what was
        never measured is 0.
        """
        return self._worker.pace.figures

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the session to a file; ``DragWidget(DragSession.load(path))`` opens it."""
        return self._do(lambda session: session.save(path), When.AFTER_THE_DRAG)

    def open_file(self, path: str | PathLike[str]) -> None:
        """Go to picture, points and mask of a session file or saved PNG, as one change; as :meth:`DragSession.open_file`."""
        self._do(lambda session: session.open_file(path))

    def invert(self, photo: Photo, **options: Any) -> Inversion:
        """Go to the picture that is most like a photo, as one change; interrupting the cell leaves all as it was.

        Args:
            photo: A path, the bytes of a file, a picture, or an array.
            options: ``crop``, ``steps``, ``start``, ``perceptual``, ``on_look`` and ``progress`` of :func:`invert`.

        Raises:
            InputError: The photo cannot be read, or an option cannot be used.
        """
        from draggan_widget.inversion import invert

        check_untuned(options)
        return self._open_photo(invert(photo, self.generator, **options), photo)

    async def invert_async(self, photo: Photo, **options: Any) -> Inversion:
        """Likewise while the notebook stays responsive: ``found = await widget.invert_async(photo)``."""
        check_untuned(options)
        found = await looked_for(photo, self.generator, **options)
        return self._open_photo(found, photo)

    def _open_photo(self, found: Inversion, photo: Photo) -> Inversion:
        """Go to what was found for a photo."""
        self._do(lambda session: found.open_in(session, name_of(photo)))
        return found

    def save_image(self, path: str | PathLike[str], **options: Any) -> Path:
        """Write the picture as PNG, JPEG or WebP, by the ending of the path; as :meth:`DragSession.save_image`.

        It is blended where ``blend_outside`` shows it so, unless ``blended`` says otherwise.
        """
        resting = self._worker.resting
        return self._do(
            lambda session: session.save_image(
                path, **{"blended": resting.is_blended(session), **options}
            ),
            When.BETWEEN_STEPS,
        )

    def save_animation(self, path: str | PathLike[str], **options: Any) -> Path:
        """Write the last drag as an animation; as :meth:`DragSession.save_animation`."""
        return self._do(
            lambda session: session.save_animation(path, **options), When.AFTER_THE_DRAG
        )

    def close(self) -> None:
        """End the worker and remove every view."""
        if getattr(self, "_runner", None) is not None:
            self._worker.close()
            self._shelf.clear()
        super().close()
