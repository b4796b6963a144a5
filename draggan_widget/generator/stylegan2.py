"""The generator that sessions and drags use: mapping, synthesis, and what is known about the latent."""

from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.generator.config import StyleGAN2Config
from draggan_widget.generator.latents import LatentGenerator
from draggan_widget.generator.prepared import PreparedSynthesis
from draggan_widget.generator.synthesis import Synthesis, SynthesisTrace

SKETCH_SIZE = 128
"""Height of small pictures in pixels."""


class Generator(LatentGenerator):
    """StyleGAN2 generator with features for dragging.

    Attributes:
        name: Name shown to people.
        config: Architecture.
        width, height: Size of the picture in pixels.
        z_dim, w_dim, num_ws: Sizes of z, of a row of w, and number of rows.
        feature_blocks: Heights of the blocks whose features can be read.
        noise: Whether the constant noise is added to the features.
        scene: Name of the scene that z describes, whose renders the generator was trained on, or empty.
    """

    config: StyleGAN2Config

    def __init__(self, config: StyleGAN2Config, *, name: str = "stylegan2") -> None:
        super().__init__(config, name=name)
        self.width, self.height = config.width, config.resolution
        self.feature_blocks = config.blocks
        self.noise = True
        self.scene = ""
        self.synthesis = Synthesis(config)

    def trace(self, w: Tensor, block: int) -> SynthesisTrace:
        """Return the synthesis up to and with a block; differentiable in ``w``.

        Args:
            w: ``[B, num_ws, w_dim]``.
            block: Resolution of the block, one of ``feature_blocks``.

        Raises:
            InputError: ``w`` has another shape, or there is no such block.
        """
        self.check_w(w)
        if block not in self.feature_blocks:
            raise InputError(f"block must be one of {self.feature_blocks}, got {block}")
        return self.synthesis.trace(w, block, noise=self.noise)

    def features(self, w: Tensor, block: int) -> Tensor:
        """Return the output of a block, ``[B, C, block, columns]``; arguments and errors as for :meth:`trace`."""
        return self.trace(w, block).features

    def prepared(self, w: Tensor, moving_rows: int, block: int) -> PreparedSynthesis:
        """Return the synthesis for a drag, with all computed that is fixed as long as it lasts.

        Args:
            w: ``[1, num_ws, w_dim]``; its rows from ``moving_rows`` on stay as they are.
            moving_rows: How many rows of w may change, 0 to ``num_ws``.
            block: Resolution of the block whose features are read, one of ``feature_blocks``.

        Raises:
            InputError: The generator is not frozen, ``w`` has another shape, or there is no such block or number of
                rows.
        """
        return PreparedSynthesis(self.synthesis, w, moving_rows, block, noise=self.noise)

    def image_from_trace(self, trace: SynthesisTrace) -> Tensor:
        """Return the picture ``[B, 3, H, W]``, about -1..1, of a synthesis that has run up to some block."""
        return self.synthesis.image(trace, noise=self.noise)

    def image(self, w: Tensor) -> Tensor:
        """Return the pictures ``[B, 3, H, W]``, about -1..1, of latents ``[B, num_ws, w_dim]``.

        Raises:
            InputError: ``w`` has another shape.
        """
        return self.image_from_trace(self.trace(w, self.feature_blocks[-1]))

    def sketch(self, w: Tensor, size: int = SKETCH_SIZE) -> Tensor:
        """Return small pictures of latents: what the blocks up to a size contribute.

        Args:
            w: ``[B, num_ws, w_dim]``.
            size: Height of a block, px.

        Returns:
            ``[B, 3, h, w]``, about -1..1; whole pictures where they are not larger.

        Raises:
            InputError: ``w`` has another shape.
        """
        size = min(self.height, size)
        return self.synthesis.image(self.trace(w, size), size, noise=self.noise)
