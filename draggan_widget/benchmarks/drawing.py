"""``bench frames``: what it costs to show a picture, apart from the drag."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from draggan_widget.benchmarks.machine import seconds_now
from draggan_widget.benchmarks.spread import spread
from draggan_widget.drag import DragConfig
from draggan_widget.frames import EncodedPicture, encode_live, encode_png, encode_still, to_picture
from draggan_widget.generator import Generator
from draggan_widget.progress import progress_bar

FORMATS: Mapping[str, Callable[[Image.Image], EncodedPicture]] = {
    "moving": encode_live,
    "moving, halved": lambda picture: encode_live(picture, divisor=2),
    "at rest": encode_still,
    "kept": encode_png,
}
"""How pictures are encoded, by occasion."""

SEED = 0
"""Seed of the picture."""


@torch.no_grad()
def frames_report(
    generators: Sequence[Generator], *, rounds: int, progress: bool | None
) -> Iterator[dict[str, Any]]:
    """Yield a row for each generator and format.

    Args:
        generators: Frozen.
        rounds: How often each is measured.
        progress: As ``shown`` of :func:`progress_bar`.
    """
    total = len(generators) * rounds * (1 + len(FORMATS))
    with progress_bar(total, "frames", shown=progress) as bar:
        for generator in generators:
            config = DragConfig()
            block = config.block_of(generator.height, generator.feature_blocks)
            trace = generator.trace(generator.sample_w(SEED), block)
            picture = to_picture(generator.image_from_trace(trace))
            draw_ms = []
            for _ in range(rounds):
                started = seconds_now(generator.device)
                picture = to_picture(generator.image_from_trace(trace))
                draw_ms.append(1000 * (seconds_now(generator.device) - started))
                bar.update()
            for name, encode in FORMATS.items():
                encoded, encode_ms = encode(picture), []
                for _ in range(rounds):
                    started = seconds_now(generator.device)
                    encoded = encode(picture)
                    encode_ms.append(1000 * (seconds_now(generator.device) - started))
                    bar.update()
                yield {
                    "generator": generator.name,
                    "size": generator.width,
                    "occasion": name,
                    "format": encoded.mime.partition("/")[2],
                    "draw_ms": spread(draw_ms),
                    "encode_ms": spread(encode_ms),
                    "kilobytes": len(encoded.data) / 1000,
                }
