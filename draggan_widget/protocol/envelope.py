"""What carries traits and messages of a browser, checked before the host's own code unpacks it."""

from collections.abc import Mapping

from draggan_widget.errors import InputError
from draggan_widget.protocol.values import brief, listed, record

METHODS = ("update", "request_state", "custom")
"""What a browser may send by the comm of a widget."""


def check_envelope(data: object, buffers: int) -> None:
    """Raise :class:`InputError` if something is no message of a comm, or its buffers have no place in it.

    Args:
        data: What the comm has brought.
        buffers: How many buffers came beside it.
    """
    message = record("a message", data)
    method = message.get("method")
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"method must be one of {', '.join(METHODS)}, got {brief(method)}")
    if method == "update":
        _check_update(message, buffers)


def _check_update(message: Mapping[str, object], buffers: int) -> None:
    """Refuse an update whose traits have no names, or whose buffers are no values of traits."""
    state = record("state", message.get("state"))
    if not all(isinstance(name, str) for name in state):
        raise InputError("state must have names of traits, got other keys")
    paths = listed("buffer_paths", message.get("buffer_paths", []))
    if len(paths) != buffers:
        raise InputError(f"buffer_paths must name all {buffers} buffers, got {len(paths)} paths")
    for path in paths:
        if not isinstance(path, list | tuple) or len(path) != 1 or not isinstance(path[0], str):
            raise InputError(f"buffer_paths must hold names of traits, got {brief(path)}")
