"""The errors that this package raises on purpose; each message says what was expected, what came, and the cure."""


class DragganError(Exception):
    """Base of every error that the package raises on purpose."""


class InputError(DragganError, ValueError):
    """An argument has the wrong shape, type or value."""


class GeneratorError(DragganError):
    """A generator cannot be found, read or built."""


class SessionBusyError(DragganError):
    """The session is being dragged, and cannot do what was asked until that has ended."""


class SessionFileError(DragganError):
    """A session file cannot be read, or holds something else."""


class StorageError(DragganError, OSError):
    """A file cannot be written: the disk is full, or nobody may write there."""


class KernelError(DragganError):
    """CUDA kernels were asked for by name and cannot be had, or CUDA refused one."""


class NoMemoryError(DragganError, MemoryError):
    """There is too little memory, on the GPU or beside it; whatever was there before still is."""
