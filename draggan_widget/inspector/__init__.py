"""What the optimizer sees, drawn from Python with ipycanvas beside ipywidgets controls."""

from draggan_widget.inspector.heat import heat
from draggan_widget.inspector.inspector import Inspector
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget

__all__ = ["Inspector", "heat", "inspect"]


def inspect(subject: DragWidget | DragSession) -> Inspector:
    """Return a box that shows what the optimizer sees, for a cell to show: ``dg.inspect(widget)``.

    Args:
        subject: A widget, or a session alone.

    Raises:
        InputError: It is neither.
        DragganError: The widget was closed, or its picture cannot be loaded.
    """
    return Inspector(subject)
