"""Small generators that more than one group of tests is about."""

from draggan_widget.generator import StyleGAN3Config

ALIAS_FREE = StyleGAN3Config(
    resolution=32,
    z_dim=6,
    w_dim=5,
    channel_base=128,
    channel_max=8,
    layers=5,
    margin=3,
    mapping_layers=2,
)
"""Of every tensor and kind of layer that larger ones have."""
