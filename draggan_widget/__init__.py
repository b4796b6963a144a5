"""Drag points of a GAN's picture to where they belong, in a Jupyter notebook.

The names are loaded when they are first used: importing the package reads no weights and imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from draggan_widget._version import __version__
from draggan_widget.errors import DragganError, GeneratorError, InputError, SessionFileError

if TYPE_CHECKING:
    from draggan_widget.batch import (
        BatchError,
        BatchInterrupted,
        BatchResult,
        BatchRow,
        DragJob,
        drag_batch,
    )
    from draggan_widget.drag import DragConfig, DragStep
    from draggan_widget.evaluation.evaluate import Evaluation, evaluate
    from draggan_widget.generator import Generator
    from draggan_widget.inspector import Inspector, inspect
    from draggan_widget.inversion import Inversion, invert, preview_crop
    from draggan_widget.pretrained import (
        GeneratorInfo,
        download_generator,
        list_generators,
        load_generator,
    )
    from draggan_widget.session import DragResult, DragSession, Recipe
    from draggan_widget.widget import DragWidget

__all__ = [
    "BatchError",
    "BatchInterrupted",
    "BatchResult",
    "BatchRow",
    "DragConfig",
    "DragJob",
    "DragResult",
    "DragSession",
    "DragStep",
    "DragWidget",
    "DragganError",
    "Evaluation",
    "Generator",
    "GeneratorError",
    "GeneratorInfo",
    "InputError",
    "Inspector",
    "Inversion",
    "Recipe",
    "SessionFileError",
    "__version__",
    "download_generator",
    "drag_batch",
    "evaluate",
    "inspect",
    "invert",
    "list_generators",
    "load_generator",
    "preview_crop",
]

_HOMES = {
    "BatchError": "draggan_widget.batch",
    "BatchInterrupted": "draggan_widget.batch",
    "BatchResult": "draggan_widget.batch",
    "BatchRow": "draggan_widget.batch",
    "DragConfig": "draggan_widget.drag",
    "DragJob": "draggan_widget.batch",
    "DragResult": "draggan_widget.session",
    "DragSession": "draggan_widget.session",
    "DragStep": "draggan_widget.drag",
    "DragWidget": "draggan_widget.widget",
    "Evaluation": "draggan_widget.evaluation.evaluate",
    "Generator": "draggan_widget.generator",
    "GeneratorInfo": "draggan_widget.pretrained",
    "Inspector": "draggan_widget.inspector",
    "Inversion": "draggan_widget.inversion",
    "download_generator": "draggan_widget.pretrained",
    "Recipe": "draggan_widget.session",
    "drag_batch": "draggan_widget.batch",
    "evaluate": "draggan_widget.evaluation.evaluate",
    "inspect": "draggan_widget.inspector",
    "invert": "draggan_widget.inversion",
    "list_generators": "draggan_widget.pretrained",
    "load_generator": "draggan_widget.pretrained",
    "preview_crop": "draggan_widget.inversion",
}
"""Where each name that is loaded late lives."""


if not TYPE_CHECKING:  # a type checker would take every misspelt name for one of these

    def __getattr__(name: str) -> object:
        """Return a public name, loading its module."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted({*globals(), *__all__})
