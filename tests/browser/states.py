"""Every state of the front end that a person can meet, each made as the kernel, the host or a hand makes it."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.browser.afm import AfmHost
from tests.browser.animal import EAR, EAR_PULLED

SIDE = 128
FAR = (20.0, 90.0)
"""Where the ear cannot go."""

PAIR: dict[str, Any] = {
    "handle_points": [list(EAR)],
    "target_points": [list(EAR_PULLED)],
    "point_ids": [1],
    "point_edit": {"rev": 1, "ids": [1], "placed": []},
    "points_rev": 1,
}

Act = Callable[[AfmHost, bytes], None]


def loading(host: AfmHost, picture: bytes) -> None:
    """The generator is being loaded."""
    host.update(status="loading", busy_text="Loading the generator ...")


def not_loaded(host: AfmHost, picture: bytes) -> None:
    """The generator could not be loaded."""
    message = "the generator faces.safetensors cannot be read: the file ends after 1,024 bytes"
    host.update(status="failed", busy_text="", error={"seq": 1, "message": message, "details": ""})


def ready(host: AfmHost, picture: bytes) -> None:
    """Nothing has been done yet."""
    show(host, picture)


def compiling(host: AfmHost, picture: bytes) -> None:
    """Kernels compile in the background."""
    show(host, picture)
    host.update(
        busy_text="Compiling kernels for the GPU; until they are there PyTorch runs instead"
    )


def running(host: AfmHost, picture: bytes) -> None:
    """A drag runs."""
    show(host, picture, **PAIR)
    host.update(running=True, status="running")
    for step, handle in enumerate((EAR, (40.0, 25.0), (38.0, 24.0))):
        distance = [((handle[0] - EAR_PULLED[0]) ** 2 + (handle[1] - EAR_PULLED[1]) ** 2) ** 0.5]
        send(host, picture, pairs={1: (handle, EAR_PULLED)}, step=8 * step, distances=distance)


def arrived(host: AfmHost, picture: bytes) -> None:
    """A drag with a mask has arrived; what changed outside is told."""
    show(host, picture, **PAIR)
    paint(host)
    host.press("m")
    host.update(
        status="arrived",
        handle_points=[list(EAR_PULLED)],
        step=13,
        can_undo=True,
        status_text="Arrived after 13 steps",
        distance_px=0.1,
        change_outside=0.4,
    )


def unreachable(host: AfmHost, picture: bytes) -> None:
    """A drag could not reach its target."""
    show(host, picture, **PAIR | {"target_points": [list(FAR)]})
    words = "Cannot reach: the point came no nearer than 31.2 px; try a nearer target or a mask around what should move"
    host.update(status="stalled", step=60, distance_px=31.2, status_text=words)


def failed(host: AfmHost, picture: bytes) -> None:
    """A drag has failed; the details can be copied."""
    show(host, picture, **PAIR)
    message = "RuntimeError: the generator gives numbers that are not finite"
    details = 'Traceback (most recent call last):\n  File "runner.py", line 352, in _finish\n'
    host.update(status="failed", error={"seq": 1, "message": message, "details": details + message})


def busy(host: AfmHost, picture: bytes) -> None:
    """A cell keeps the kernel from hearing."""
    show(host, picture, **PAIR)
    host.button("Run").click()
    host.wait_for("link", "busy")


def silent(host: AfmHost, picture: bytes) -> None:
    """The kernel does not answer."""
    show(host, picture, **PAIR)
    host.page.evaluate("() => { host.dead = true; }")
    host.button("Run").click()
    host.wait_for("link", "silent")


def disconnected(host: AfmHost, picture: bytes) -> None:
    """The kernel was restarted."""
    show(host, picture, **PAIR)
    host.page.evaluate("() => host.lose()")


def reconnected(host: AfmHost, picture: bytes) -> None:
    """The kernel is back."""
    disconnected(host, picture)
    send(host, picture)


def masked(host: AfmHost, picture: bytes) -> None:
    """A mask is painted."""
    show(host, picture)
    paint(host)
    host.page.mouse.move(*host.place((92, 40)))


def lassoed(host: AfmHost, picture: bytes) -> None:
    """A loop is drawn around what may move."""
    show(host, picture)
    host.press("m", "l")
    host.page.mouse.move(*host.place((34, 44)))
    host.page.mouse.down()
    for point in ((30, 30), (32, 16), (42, 12), (54, 20), (58, 32), (50, 42)):
        host.page.mouse.move(*host.place(point), steps=6)


def measured(host: AfmHost, picture: bytes) -> None:
    """The speed is shown while a drag runs."""
    running(host, picture)
    host.press("i")
    for step in range(3, 9):
        send(host, picture, pairs={1: ((37.0, 24.0), EAR_PULLED)}, step=8 * step, distances=[2.2])
        host.page.wait_for_timeout(80)
    host.wait_until("!document.querySelector('.dgw-meter').textContent.includes('–/s')")
    host.page.wait_for_timeout(500)


def explained(host: AfmHost, picture: bytes) -> None:
    """The list of keys is open."""
    show(host, picture)
    host.press("?")


STATES: Mapping[str, Act] = {
    each.__name__: each
    for each in (
        *(loading, not_loaded, compiling, ready),
        *(running, arrived, unreachable, failed),
        *(busy, silent, disconnected, reconnected),
        *(masked, lassoed, measured, explained),
    )
}
"""What brings a fresh view into each state, by name, in the order of the contact sheets."""


def fresh(host: AfmHost) -> None:
    """Show a view of a widget of which nothing is known yet."""
    host.render()


def show(host: AfmHost, picture: bytes, **traits: Any) -> None:
    """Show the first picture, and points and other traits."""
    host.update(status="idle", busy_text="", **traits)
    send(host, picture)


def send(host: AfmHost, picture: bytes, **fields: Any) -> None:
    """Send a square picture."""
    host.send_frame(picture, **{"w": SIDE, "h": SIDE} | fields)


def paint(host: AfmHost) -> None:
    """Paint the ear and the brow free."""
    host.press("m")
    host.drag((36, 24), (44, 34), (60, 44))
    host.drag((74, 36), (92, 34))
