"""The error types of the package: one root, so that a caller can catch all of them."""


class DragganError(Exception):
    """Root of every error that this package raises on purpose."""


class InputError(DragganError, ValueError):
    """An argument is unusable; the message says what was expected, what came, and the cure."""


class GeneratorError(DragganError):
    """A generator cannot be described, loaded or evaluated."""


class SessionFileError(DragganError):
    """A session file cannot be read or written."""
