"""What a widget leaves in the cells of a notebook: itself, the result behind it, snapshots."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from draggan_widget.commands import When
from draggan_widget.front_end import FrontEnd
from draggan_widget.kept_result import (
    REST_S,
    KeptResult,
    NotebookPlace,
    Place,
    result_bundle,
    words_of,
)
from draggan_widget.marimo_host import (
    PictureTrait,
    end_with_its_cell,
    is_marimo,
    is_unattended,
    show_picture,
)
from draggan_widget.notebook import Bundle, Output, kernel_shell

if TYPE_CHECKING:
    from PIL import Image

    from draggan_widget.session import DragSession

T = TypeVar("T")


class Outputs(FrontEnd):
    """The model with a front end, and its outputs in the notebook."""

    _kept_result: KeptResult | None = None

    def __init__(self, seed: int, **traits: Any) -> None:
        """Show nothing yet; as :class:`DragModel`."""
        self._own_output = Output()
        super().__init__(seed, **traits)
        self._in_marimo = is_marimo(self.comm)
        # What an export shows is what there is when its last cell has run.
        self._is_exported = self._in_marimo and is_unattended()
        if self._in_marimo:
            end_with_its_cell(self, self.comm)

    def _ipython_display_(self, **_: object) -> None:
        """Show the widget in the cell that runs, and behind it the result that stays there."""
        bundle = self._repr_mimebundle_() if kernel_shell() is not None else None
        if bundle is None:
            raise NotImplementedError  # for IPython, which then shows the line of text
        data, metadata = bundle
        if self._kept_result is None:
            self._own_output.show(data, metadata)
            return
        # Who cannot show the widget shows the picture, and needs no line of text in its place.
        self._own_output.show({**data, "text/plain": ""}, metadata)
        self._kept_result.show()

    def publish(self, session: DragSession | None) -> bool:
        """Bring the traits up to date with the session, and at rest the result in the notebook."""
        done = super().publish(session)
        if session is not None and self._kept_result is not None:
            self._kept_result.note(session)
        return done

    def snapshot(self) -> Image.Image:
        """Return the picture as it is now."""
        return self._do(self._worker.resting.image, When.BETWEEN_STEPS)

    def show_snapshot(self, caption: str | None = None) -> None:
        """Put the picture as it is now into the cell that runs, where it stays.

        Args:
            caption: Text below it, as Markdown; None says what it is, and an empty one nothing.
        """
        (data, metadata), words = self._do(self._snapshot_of, When.BETWEEN_STEPS)
        text = words if caption is None else caption
        if self._in_marimo:
            show_picture(data, metadata, text)
            return
        Output().show(data, metadata)
        if text:
            Output().show({"text/markdown": text, "text/plain": text})

    def freeze(self) -> None:
        """Put the picture in the place of the widget, wherever that is shown, and close the widget.

        What is left in the notebook needs no kernel and no front end. A drag that runs is stopped first. In marimo the
        picture is put into the cell that runs.
        """
        (data, metadata), _ = self._do(self._snapshot_of)
        if self._kept_result is not None:
            self._kept_result.end(keep=False)
        if self._in_marimo:  # which changes the output of no other cell
            show_picture(data, metadata, "")
        elif self._own_output.is_shown:
            self._own_output.update(data, metadata)
        else:
            self._own_output.show(data, metadata)
        self.close()

    def close(self) -> None:
        """Leave the outputs as they are, and remove every view."""
        if self._kept_result is not None:
            self._kept_result.end()
        super().close()

    # Inside

    def _keep_result(self, keep: bool) -> None:
        """Have the notebook keep the result, or not; to be called once there is a runner."""
        if keep:
            submit = functools.partial(self._worker.submit, when=When.BETWEEN_STEPS, told=True)
            worker = self._worker
            place: Place = PictureTrait(self._keep_picture) if self._in_marimo else NotebookPlace()
            self._kept_result = KeptResult(
                submit,
                lambda: worker.is_running,
                worker.resting,
                place,
                rest_s=0 if self._is_exported else REST_S,
            )

    def _snapshot_of(self, session: DragSession) -> tuple[tuple[Bundle, Bundle], str]:
        """Return the picture as it is shown as an output, and what can be said of it."""
        image = self._worker.resting.image(session)
        return result_bundle(session, image, hidden=False), words_of(session)

    def _do(self, call: Callable[[DragSession], T], when: When = When.INSTEAD_OF_THE_DRAG) -> T:
        """Do something with the session in the runner's thread, and wait for it."""
        return self._worker.submit(call, when).result()
