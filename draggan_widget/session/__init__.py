"""A session, headless and synchronous: a generator, a latent, points, a mask, and the drags between them.

No threads of its own, no traits and no messages.
"""

from draggan_widget.session.recipe import Recipe
from draggan_widget.session.result import DragResult
from draggan_widget.session.session import DragSession
from draggan_widget.session.state import SessionState

__all__ = ["DragResult", "DragSession", "Recipe", "SessionState"]
