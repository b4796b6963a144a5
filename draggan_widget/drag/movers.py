"""The one place that chooses how a drag is moved: by a solver, or by the device's step where that can be captured."""

from torch import Tensor

from draggan_widget.drag import graphs
from draggan_widget.drag.charts import Chart, coordinate_deviation
from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.descent import DescentSolver, Recipe
from draggan_widget.drag.device_mover import DeviceMover
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.kinematic import KinematicSolver
from draggan_widget.drag.mover import Mover
from draggan_widget.drag.protocols import DragGenerator, TraceT
from draggan_widget.drag.solver_mover import SolverMover
from draggan_widget.drag.views import Seen, Viewer


def needs_first_map(config: DragConfig) -> bool:
    """Return whether a drag compares with the whole first picture; inverse kinematics knows the handles only."""
    return config.solver != "kinematic"


def mover_of(
    generator: DragGenerator[TraceT],
    viewer: Viewer[TraceT],
    chart: Chart,
    seen: Seen,
    like: Tensor,
    config: DragConfig,
    start_z: Tensor | None,
) -> Mover[TraceT]:
    """Return what moves a latent from the start of a chart.

    Args:
        generator: Frozen generator.
        viewer: Looks at its latents.
        chart: Coordinates in which it is moved.
        seen: The first picture, with its map if :func:`needs_first_map` said so.
        like: Of the size and type of its features, without any, ``[0, h, w]``.
        config: The settings.
        start_z: The z of the first picture, where it is known.
    """
    grid = FeatureGrid.between(generator.width, generator.height, like)
    if config.solver == "kinematic":
        kinematic = KinematicSolver(chart, grid, like, viewer.appearance, config)
        return SolverMover(viewer, grid, kinematic, seen, start_z)
    deviation = coordinate_deviation(generator, chart)
    assert seen.features is not None
    recipe = Recipe.of(chart, grid, seen.features, deviation, config)
    if graphs.captures(like.device):
        return DeviceMover(viewer, recipe, start_z)
    return SolverMover(viewer, grid, DescentSolver(recipe), seen, start_z)
