"""What the optimizer sees, beside a widget or a session: drawn in a thread of its own while a drag runs."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets

from draggan_widget.errors import DragganError, InputError
from draggan_widget.inspector.beat import Beat
from draggan_widget.inspector.captions import (
    caption_of_curves,
    caption_of_map,
    caption_of_zoom,
    title_of_map,
)
from draggan_widget.inspector.drawings import draw_curves, draw_ground, draw_marks, draw_zoom
from draggan_widget.inspector.look import GROUNDS, Look, Looker
from draggan_widget.inspector.panel import STYLE, USUAL_RATE, Canvases, Controls, Figure
from draggan_widget.inspector.throttle import Throttle
from draggan_widget.inspector.watch import Watch
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget

if TYPE_CHECKING:
    from ipycanvas import Canvas

LOSS_UNITS = {"kinematic": "px²"}
"""By solver; the loss of the others is a sum of feature differences, which have no unit."""


TELLING_TRAITS = ("generator_name", "seed", "status", "can_undo")
"""Of a widget: one of them changes when it goes over to another session."""


class Inspector(ipywidgets.VBox):  # type: ignore[misc]  # the package has no types
    """Shows what the optimizer sees; to be shown in a notebook like any widget.

    A map of the picture, its features or their distances from a handle's reference, with the ways of the handles;
    the distances around one handle; and the curves of the drag. It is drawn a few times a second while a drag runs or
    a pointer pulls, the newest state only, and less often where it would take more than a few percent of a core. While
    it is paused, or no page shows it, nothing is computed.

    Attributes:
        controls: The controls; a script sets the ``value`` of any of them.
        look: The arrays and numbers that are shown, None before the first time.
    """

    def __init__(
        self,
        subject: DragWidget | DragSession,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to watch; waits until the picture of a widget is loaded.

        Args:
            subject: A widget or a session.
            clock: Seconds from some moment on.

        Raises:
            InputError: It is neither.
            DragganError: The widget was closed, or its picture cannot be loaded.
        """
        if not isinstance(subject, DragWidget | DragSession):
            raise InputError(
                f"only a DragWidget or a DragSession can be inspected, got {type(subject).__name__}"
            )
        session = subject.session if isinstance(subject, DragWidget) else subject
        self._session_now: Callable[[], DragSession] = lambda: session
        self.controls, self._canvases = Controls(), Canvases()
        self.look: Look | None = None
        self._figures = (
            Figure(self._canvases.map),
            Figure(self._canvases.zoom),
            Figure(self._canvases.curves),
        )
        super().__init__(_children(self.controls, self._figures), _view_count=0)
        self.add_class("dgw-inspector")
        self._beat = Beat(
            _weakly(self._show), _weakly(self._is_wanted), Throttle(USUAL_RATE, clock)
        )
        weakref.finalize(self, self._beat.close)
        self._watch = self._watching(session)
        self.controls.observe(self._was_chosen)
        self.observe(lambda _: self._beat.look_again(), names="_view_count")
        for canvas in (self._canvases.overlay, self._canvases.zoom, self._canvases.curves):
            canvas.on_client_ready(self._beat.ask)
        self._unobserve = _nothing
        if isinstance(subject, DragWidget):
            self._follow(subject)
        self._beat.ask()

    def __repr__(self) -> str:
        """Return the inspector in a line."""
        return f"<Inspector of {self._watch.session!r}>"

    @property
    def overlay(self) -> Canvas:
        """An ipycanvas layer over the map for scripts to draw on, in pixels of the picture.

        It is never cleared here. In a page that was reloaded it is empty: its ``on_client_ready`` takes what draws it
        again.
        """
        return self._canvases.overlay

    def look_now(self, ground: str | None = None) -> Look:
        """Return what is to be shown of this moment, as arrays; computed here and now, also without a page.

        Args:
            ground: ``"picture"``, ``"features"`` or ``"distances"``; None is what the controls say, as are block and
                handle.

        Raises:
            InputError: There is no such ground.
        """
        if ground not in (None, *GROUNDS):
            raise InputError(f"ground must be one of {list(GROUNDS)} or None, got {ground!r}")
        choice = self.controls.choice
        choice = choice if ground is None else replace(choice, ground=ground)
        return self._looker.look(self._watch.moment, choice)

    def close(self) -> None:
        """Watch no more, and remove every view."""
        if getattr(self, "_beat", None) is not None:
            self._stop()
            self._canvases.close()
            for each in (*self.controls.all, *self._figures):
                each.close()
        super().close()

    def _stop(self) -> None:
        """End the thread and listen no more."""
        unobserve, self._unobserve = self._unobserve, _nothing
        unobserve()
        self._watch.end()
        self._beat.close()

    # What it watches

    def _watching(self, session: DragSession) -> Watch:
        """Return what watches a session from now on."""
        g = session.generator
        self._canvases.fit(g.width, g.height)
        self.controls.offer_blocks(g.feature_blocks)
        self._looker = Looker(g)
        return Watch(session, lambda: self._beat.is_due, self._beat.ask)

    def _follow(self, widget: DragWidget) -> None:
        """End with a widget, and go over to another session with it."""

        def closed(change: Any) -> None:
            if change.new is None:
                self._stop()
                self._figures[0].say("The widget was closed.")

        def changed(_: Any) -> None:
            self._beat.ask()

        self._session_now = lambda: widget._worker.session  # without waiting for a drag
        widget.observe(closed, names="comm")
        widget.observe(changed, names=TELLING_TRAITS)

        def unobserve() -> None:
            widget.unobserve(closed, names="comm")
            widget.unobserve(changed, names=TELLING_TRAITS)

        self._unobserve = unobserve

    def _go_over(self) -> None:
        """Watch the session that the widget has now, if it is another one."""
        try:
            session = self._session_now()
        except DragganError:
            return  # it was closed meanwhile
        if session is not self._watch.session:
            self._watch.end()
            self._watch = self._watching(session)

    # When it is drawn

    def _is_wanted(self) -> bool:
        """Return whether anybody looks."""
        return bool(self._view_count) and not self.controls.paused.value

    def _was_chosen(self) -> None:
        """Take up what a person has chosen."""
        self._beat.throttle.rate = self.controls.rate.value
        self._beat.ask()

    # What is drawn

    def _show(self) -> None:
        """Draw the newest moment; in the thread of the beat."""
        self._go_over()
        moment = self._watch.next_moment()
        self.controls.offer_handles(moment.state.point_ids)
        look = self._looker.look(moment, self.controls.choice)
        canvases, config = self._canvases, moment.config
        draw_ground(canvases.ground, look, canvases.scale)
        draw_marks(canvases.marks, look, canvases.scale)
        number = 1 + (look.index or 0)
        draw_zoom(canvases.zoom, look.zoom, number)
        stop_px = config.stop_radius_px(*look.size, len(moment.state.point_ids))
        draw_curves(canvases.curves, look, stop_px, LOSS_UNITS.get(config.solver, ""))
        canvases.flush()
        title = title_of_map(look, self.controls.ground.value)
        self._figures[0].tell(title, caption_of_map(look, self.controls.ground.value))
        self._figures[1].tell(f"Distances around handle {number}", caption_of_zoom(look))
        self._figures[2].tell("The drag", caption_of_curves(look))
        self.look = look


def _children(controls: Controls, figures: tuple[Figure, ...]) -> list[ipywidgets.Widget]:
    """Return style, controls and figures, laid out for any width."""
    bar = ipywidgets.HBox(
        controls.all,
        layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="2px 10px"),
    )
    grid = ipywidgets.GridBox(
        figures,
        layout=ipywidgets.Layout(
            grid_template_columns="repeat(auto-fit, minmax(min(100%, 260px), 1fr))",
            grid_gap="8px 18px",
        ),
    )
    return [ipywidgets.HTML(STYLE, layout=ipywidgets.Layout(display="none")), bar, grid]


def _nothing() -> None:
    """Do nothing."""


def _weakly(method: Callable[[], Any]) -> Callable[[], Any]:
    """Return a method as a function that keeps its object alive no longer than others do."""
    reference = weakref.WeakMethod(method)

    def call() -> Any:
        found = reference()
        return None if found is None else found()

    return call
