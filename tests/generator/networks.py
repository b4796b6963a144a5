"""Small networks whose every tensor matters, for the tests of this folder."""

import torch

from draggan_widget.generator import Generator, StyleGAN2Config


def random_generator(config: StyleGAN2Config) -> Generator:
    """Return a generator in float64 whose every tensor matters: biases and noise strengths are random too."""
    torch.manual_seed(0)
    generator = Generator(config).double()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        generator.mapping.w_avg.normal_()
    return generator.frozen()
