"""The arithmetic of windows against what layers read, found by trying, and the choice of the cheapest."""

import pytest
import torch
import torch.nn.functional as F

from draggan_widget.generator.windows import LayerShape, Windows, first_on_windows
from draggan_widget.ops import smooth_transposed

PLAIN = LayerShape(3, 2, 16, 16, upsample=False)
UPSAMPLING = LayerShape(3, 2, 16, 16, upsample=True)


def cells_read(layer: LayerShape, first: int, count: int) -> list[int]:
    """Return the input cells along one axis on which the output cells from ``first`` on depend."""
    x = torch.ones(1, 1, *layer.input_size, requires_grad=True)
    if layer.upsample:
        y = smooth_transposed(F.conv_transpose2d(x, torch.ones(1, 1, 3, 3), stride=2))
    else:
        y = F.conv2d(x, torch.ones(1, 1, 3, 3), padding=1)
    (gradient,) = torch.autograd.grad(y[..., first : first + count].sum(), x)
    return [i for i, value in enumerate(gradient[0, 0, 4].tolist()) if value]


@pytest.mark.parametrize("layer", [PLAIN, UPSAMPLING])
@pytest.mark.parametrize("count", range(1, 6))
def test_a_window_holds_what_a_layer_reads_and_no_cell_more_than_parity_needs(
    layer: LayerShape, count: int
) -> None:
    widths = set()
    for first in range(4, 9):
        start = int(layer.input_starts(torch.tensor(first)))
        read = cells_read(layer, first, count)
        assert start == read[0]
        widths.add(len(read))
    assert layer.input_cells(count) == max(widths)


def test_windows_beyond_the_border_start_at_negative_cells() -> None:
    starts = torch.tensor([[-1, 0], [-2, 1]])
    assert UPSAMPLING.input_starts(starts).tolist() == [[-2, -1], [-2, -1]]
    before = Windows(starts, 5, 6, (16, 16)).before(UPSAMPLING)
    assert (before.rows, before.columns, before.map_size) == (5, 6, (8, 8))


def test_windows_are_cut_with_columns_first_and_marked_outside() -> None:
    values = torch.arange(16.0).reshape(1, 1, 4, 4)
    windows = Windows(torch.tensor([[1, 0], [-1, 2]]), 3, 2, (4, 4))
    inside = windows.inside(values)
    assert inside[:, 0].tolist() == [[[1, 1]] * 3, [[0, 1], [0, 1], [0, 0]]]
    cut = windows.cut(values) * inside
    assert cut[:, 0].tolist() == [[[1, 2], [5, 6], [9, 10]], [[0, 8], [0, 12], [0, 0]]]


def test_upsampled_windows_are_cut_at_their_odd_starts() -> None:
    values = torch.arange(32.0).reshape(2, 1, 4, 4)
    windows = Windows(torch.tensor([[5, 2], [-2, -1]]), 3, 3, (16, 16))
    cut = windows.cut_upsampled(values)
    assert torch.equal(cut[0, 0], values[0, 0, :3, 1:])
    assert torch.equal(cut[1, 0], values[1, 0, 1:, :3])


@pytest.mark.parametrize(("count", "size"), [(1, 1), (1, 8), (3, 8), (5, 13), (20, 13), (1, 64)])
def test_the_cheapest_first_layer_is_found(count: int, size: int) -> None:
    shapes = [LayerShape(8, 8, 4, 4, upsample=False)]
    for resolution in (8, 16, 32, 64):
        shapes += [LayerShape(8, 8, resolution, resolution, upsample=up) for up in (True, False)]

    def cost(first: int) -> float:
        total, cells = sum(shape.whole_cost() for shape in shapes[:first]), size
        for shape in reversed(shapes[first:]):
            total += shape.cost(cells, cells, count)
            cells = shape.input_cells(cells)
        return total

    found = first_on_windows(shapes, count, size, size)
    assert cost(found) == pytest.approx(min(cost(first) for first in range(1, len(shapes) + 1)))
