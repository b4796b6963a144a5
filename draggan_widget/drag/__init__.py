"""The drag core: moves a latent until handle points lie on target points.

Knows generators only through :class:`DragGenerator`; no threads, pictures or files.
"""

from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.optimizer import DragOptimizer
from draggan_widget.drag.protocols import DragGenerator, FeatureTrace
from draggan_widget.drag.step import DragStep

__all__ = ["DragConfig", "DragGenerator", "DragOptimizer", "DragStep", "FeatureTrace"]
