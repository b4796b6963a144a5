"""What a generator keeps does not outlive the weights that it was computed from."""

import torch
from torch import nn

from draggan_widget.generator import Generator, StyleGAN2Config

CONFIG = StyleGAN2Config(
    resolution=16, z_dim=8, w_dim=8, channel_base=128, channel_max=8, mapping_layers=2
)


def other_weights(generator: Generator) -> dict[str, torch.Tensor]:
    """Return weights that the generator does not have."""
    return {name: value * 1.5 + 0.1 for name, value in generator.state_dict().items()}


def test_statistics_follow_the_weights() -> None:
    generator = Generator(CONFIG).frozen()
    before = generator.w_covariance
    weights = other_weights(generator)
    generator.load_state_dict(weights)
    fresh = Generator(CONFIG).frozen()
    fresh.load_state_dict(weights)
    assert not torch.allclose(generator.w_covariance, before)
    torch.testing.assert_close(generator.w_covariance, fresh.w_covariance)
    torch.testing.assert_close(generator.w_std, fresh.w_std)


def test_statistics_have_the_type_of_the_weights() -> None:
    generator = Generator(CONFIG).frozen()
    assert generator.w_std.dtype == torch.float32
    generator.double()
    assert generator.w_covariance.dtype == torch.float64
    assert generator.w_std.dtype == torch.float64


def test_kernels_follow_weights_that_come_to_the_same_place_in_memory() -> None:
    generator = Generator(CONFIG).frozen()
    w = generator.w_of_z(torch.ones(1, 8))
    layer = generator.synthesis.layers(16)[-1]
    memory = torch.ones(layer.weight.shape)
    first, second = memory.clone(), torch.randn(layer.weight.shape)
    drawn = []
    for values in (first, second):
        # One storage with other values, as an allocator gives it out again; a new tensor's count of writes is zero.
        memory.numpy()[...] = values.numpy()
        layer.weight = nn.Parameter(memory.detach(), requires_grad=False)
        drawn.append((generator.image(w), generator.prepared(w, 6, 16).trace(w).features))
    layer.weight = nn.Parameter(second, requires_grad=False)
    torch.testing.assert_close(drawn[1][0], generator.image(w))
    torch.testing.assert_close(drawn[1][1], generator.features(w, 16), rtol=1e-4, atol=1e-4)
