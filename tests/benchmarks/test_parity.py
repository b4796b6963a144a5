"""The plain implementation of the published step and the solver ``official`` are the same drag."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.benchmarks.plain import PlainDrag, trainable, untrained
from draggan_widget.drag import DragConfig, DragOptimizer
from draggan_widget.drag.charts import chart_of
from draggan_widget.drag.descent import DescentSolver, Recipe
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.points import TrackedPoints
from draggan_widget.drag.supervision import held_share, mask_loss
from draggan_widget.drag.validation import Points
from draggan_widget.drag.views import Viewer
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator, StyleGAN2Config

LEAST_COSINE = 1 - 1e-9
FREE_STEPS = 6

SMALL = DragConfig(solver="official", feature_block=32)
LARGE = DragConfig(solver="official")  # block 128 at 256 px
CONFIGS = {64: SMALL, 256: LARGE}


def random_generator(resolution: int) -> Generator:
    """Return a generator with few channels in double precision."""
    torch.manual_seed(0)
    config = StyleGAN2Config(
        resolution=resolution,
        z_dim=8,
        w_dim=8,
        channel_base=4 * resolution,
        channel_max=8,
        mapping_layers=1,
    )
    generator = Generator(config)
    generator.mapping.measure()
    return generator.double().frozen()


def start_w(generator: Generator) -> Tensor:
    """Return the latent of a random z in double precision."""
    z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(3))
    return generator.w_of_z(z.double())


GENERATORS = {size: random_generator(size) for size in CONFIGS}


def moved_w(generator: Generator) -> Tensor:
    """Return a latent beside the start, so that nothing is as at the start."""
    w = start_w(generator)
    return w + 0.1 * torch.randn(w.shape, generator=torch.Generator().manual_seed(1)).double()


def product_gradient(
    generator: Generator,
    w: Tensor,
    handles: Points,
    targets: Points,
    config: DragConfig,
    *,
    local: bool = False,
) -> Tensor:
    """Return the gradient of the product's loss by the moving rows, from the whole map or from windows."""
    chart = chart_of(generator, w, config, None)
    viewer = Viewer(
        generator, w, chart.rows, config.block_of(generator.height, generator.feature_blocks)
    )
    features = viewer.features(w)
    grid = FeatureGrid.between(generator.width, generator.height, features)
    solver = DescentSolver(Recipe.of(chart, grid, features, 1.0, config))
    references = torch.empty(len(handles), 0)
    points = TrackedPoints(tuple(range(len(handles))), handles, targets, references)
    latent = solver.w()
    view = viewer.look(latent, grid, solver.centres(points), solver.reach_px, whole=not local)
    assert (view.trace is None) == local
    (gradient,) = torch.autograd.grad(solver.loss(view.windows, view.features, points), latent)
    return gradient[:, : chart.rows]


def border_handles(size: int) -> list[tuple[int, int]]:
    """Return the middle, and places 0 to 4 px from each border and from each corner."""
    middle, last = size // 2, size - 1
    near = [(d, last - d) for d in range(5)]
    borders = [place for pair in near for b in pair for place in ((b, middle - 3), (middle + 5, b))]
    corners = [(x, y) for pair in near for x in pair for y in pair]
    return [(middle, middle), *borders, *corners]


@pytest.mark.parametrize(("size", "local"), [(64, False), (256, False), (256, True)])
def test_the_gradient_of_the_loss_is_the_same_everywhere(size: int, local: bool) -> None:
    generator, config = GENERATORS[size], CONFIGS[size]
    plain_generator, w = trainable(generator), moved_w(generator)
    target = np.array([[0.3 * size, 0.6 * size]])
    plain = PlainDrag(plain_generator, w, target, target, config=config)
    for place in border_handles(size):
        handles = np.array([place], dtype=np.float64)
        _, expected = plain.loss_and_gradient(w, handles)
        gradient = product_gradient(generator, w, handles, target, config, local=local)
        cosine = F.cosine_similarity(expected.flatten(), gradient.flatten(), dim=0)
        assert float(cosine) >= LEAST_COSINE, place
        torch.testing.assert_close(gradient, expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("outwards", [(0.0, 20.0), (63.0, 20.0), (20.0, 0.0), (20.0, 63.0)])
def test_a_patch_that_is_moved_out_of_the_picture_pulls_the_same(
    outwards: tuple[float, float],
) -> None:
    generator, config = (
        GENERATORS[64],
        DragConfig(solver="official", feature_block=32, supervision_radius=40),
    )
    w, target = moved_w(generator), np.array([outwards])
    handles = np.abs(target - [[3, 3]]).round()  # inside, three pixels from the border
    plain = PlainDrag(trainable(generator), w, handles, target, config=config)
    _, expected = plain.loss_and_gradient(w, handles)
    gradient = product_gradient(generator, w, handles, target, config)
    torch.testing.assert_close(gradient, expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("size", CONFIGS)
def test_points_are_tracked_to_the_same_pixels_in_a_free_run(size: int) -> None:
    generator = GENERATORS[size]
    config = DragConfig(
        solver="official", feature_block=CONFIGS[size].feature_block, learning_rate=0.05
    )
    w = start_w(generator)
    handles = np.array([[0.5, 0.5], [0.1, 0.8], [0.7, 0.2]]) * size // 1
    targets = np.array([[0.9, 0.1], [0.6, 0.7], [0.1, 0.2]]) * size
    plain = PlainDrag(trainable(generator), w, handles, targets, config=config)
    optimizer = DragOptimizer(generator, w, config)
    optimizer.set_points(handles, targets, point_ids=(1, 2, 3))
    moved = False
    for _ in range(FREE_STEPS):
        step, expected = optimizer.step(drawn=False), plain.step()
        np.testing.assert_array_equal(step.handle_points, expected.handle_points)
        assert step.loss == pytest.approx(expected.loss, rel=1e-9)
        moved = moved or bool((step.handle_points != handles).any())
    assert moved
    torch.testing.assert_close(optimizer.w, plain.w, rtol=1e-6, atol=1e-9)


def test_the_mask_term_is_the_same_where_the_map_is_as_large_as_the_picture() -> None:
    generator = GENERATORS[64]
    config = DragConfig(solver="official", feature_block=64)
    w, start = moved_w(generator), start_w(generator)
    handles, targets = np.array([[20.0, 30.0]]), np.array([[40.0, 30.0]])
    mask = np.zeros((64, 64), dtype=bool)
    mask[10:40, 5:50] = True
    terms = []
    for each in (mask, None):
        plain = PlainDrag(trainable(generator), start, handles, targets, mask=each, config=config)
        terms.append(plain.loss_and_gradient(w, handles)[0])
    features, first = generator.features(w, 64)[0], generator.features(start, 64)[0]
    term = config.mask_weight * mask_loss(features, first, held_share(mask, features))
    assert float(term) > 0
    assert float(term) == pytest.approx(terms[0] - terms[1], rel=1e-9)


def test_the_plain_loop_gathers_gradients_of_the_weights_and_leaves_the_given_generator_alone() -> (
    None
):
    generator = GENERATORS[64]
    plain_generator = trainable(generator)
    plain = PlainDrag(plain_generator, start_w(generator), [[20, 30]], [[50, 30]])
    plain.step()
    gathered = {n for n, p in plain_generator.named_parameters() if p.grad is not None}
    assert any(name.endswith("conv1.weight") for name in gathered)
    assert not any(parameter.requires_grad for parameter in generator.parameters())


def test_the_plain_loop_with_frozen_weights_goes_where_the_one_with_gradients_goes() -> None:
    generator = GENERATORS[64]
    frozen = untrained(generator)
    drags = [
        PlainDrag(each, start_w(generator), [[20, 30]], [[50, 30]], config=SMALL)
        for each in (frozen, trainable(generator))
    ]
    for _ in range(3):
        steps = [drag.step() for drag in drags]
        assert steps[0].loss == steps[1].loss
    assert torch.equal(drags[0].w, drags[1].w)
    assert all(weights.grad is None for weights in frozen.parameters())


def test_the_plain_loop_refuses_other_solvers() -> None:
    generator = GENERATORS[64]
    with pytest.raises(InputError, match='that of the solver "official"'):
        PlainDrag(
            trainable(generator),
            start_w(generator),
            [[20, 30]],
            [[50, 30]],
            config=DragConfig(),
        )
