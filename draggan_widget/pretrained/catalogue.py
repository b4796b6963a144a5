"""Generators by name: those that come with the package, and published ones that can be had on request.

What is not known for certain is absent: a checksum that nobody has published is None, and is noted on the machine when
the file is first fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EMBEDDED = Path(__file__).parent
"""Where the generators of the package lie."""

NVIDIA_LICENCE = (
    "Nvidia Source Code License, research and evaluation only: "
    "https://github.com/NVlabs/stylegan3/blob/main/LICENSE.txt"
)
NVIDIA_STYLEGAN2_LICENCE = (
    "Nvidia Source Code License-NC, non-commercial: https://nvlabs.github.io/stylegan2/license.html"
)
SELF_DISTILLED_LICENCE = (
    "see https://github.com/self-distilled-stylegan/self-distilled-internet-photos"
)
STYLEGAN_HUMAN_LICENCE = "see https://github.com/stylegan-human/StyleGAN-Human"

_NGC = "https://api.ngc.nvidia.com/v2/models/nvidia/research"
_ADA = "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained"
_STYLEGAN2 = "https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks"
_DISTILLED = "https://storage.googleapis.com/self-distilled-stylegan"


@dataclass(frozen=True)
class GeneratorInfo:
    """What is known about a generator.

    Attributes:
        name: By which :func:`load_generator` finds it.
        subject: What its pictures show.
        width, height: Size of its pictures in pixels.
        architecture: ``"stylegan2"``, ``"stylegan3-t"`` or ``"stylegan3-r"``.
        licence: Under which terms its weights may be used, or where they are told.
        source: Address of the file, or of the page that leads to it where it must be fetched by hand; empty for those
            that come with the package.
        is_direct: Whether ``source`` is the file itself.
        sha256: Of the file, as 64 hexadecimal digits; None where nobody has published it.
    """

    name: str
    subject: str
    width: int
    height: int
    architecture: str
    licence: str
    source: str = ""
    is_direct: bool = True
    sha256: str | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether it comes with the package."""
        return not self.source

    @property
    def filename(self) -> str:
        """What its file is called in the cache."""
        return f"{self.name}.safetensors" if self.is_embedded else f"{self.name}.pkl"


def _square(
    name: str, subject: str, size: int, source: str, licence: str, architecture: str = "stylegan2"
) -> GeneratorInfo:
    """Return a published generator of square pictures."""
    return GeneratorInfo(name, subject, size, size, architecture, licence, source)


def _nvidia(name: str, subject: str, size: int) -> GeneratorInfo:
    """Return one of NVIDIA's StyleGAN2 networks as re-saved with StyleGAN3."""
    source = f"{_NGC}/stylegan2/versions/1/files/stylegan2-{name}-{size}x{size}.pkl"
    return _square(f"{name}-{size}", subject, size, source, NVIDIA_LICENCE)


def _nvidia3(kind: str, name: str, subject: str, size: int) -> GeneratorInfo:
    """Return one of NVIDIA's StyleGAN3 networks; the kind is t or r."""
    source = f"{_NGC}/stylegan3/versions/1/files/stylegan3-{kind}-{name}-{size}x{size}.pkl"
    return _square(
        f"stylegan3-{kind}-{name}-{size}",
        subject,
        size,
        source,
        NVIDIA_LICENCE,
        f"stylegan3-{kind}",
    )


def _distilled(name: str, size: int) -> GeneratorInfo:
    """Return one of the self-distilled StyleGAN networks (Mokady et al. 2022)."""
    source = f"{_DISTILLED}/{name}_{size}_pytorch.pkl"
    return _square(f"{name}-{size}", f"{name}, from photos", size, source, SELF_DISTILLED_LICENCE)


def _human(height: int) -> GeneratorInfo:
    """Return one of the StyleGAN-Human networks (Fu et al. 2022), which are handed out on a page."""
    source = "https://github.com/stylegan-human/StyleGAN-Human#model-zoo"
    return GeneratorInfo(
        f"human-{height}",
        "people from head to foot",
        height // 2,
        height,
        "stylegan2",
        STYLEGAN_HUMAN_LICENCE,
        source,
        is_direct=False,
    )


PUBLISHED: tuple[GeneratorInfo, ...] = (
    _nvidia("ffhq", "faces", 256),
    _nvidia("ffhq", "faces", 512),
    _nvidia("ffhq", "faces", 1024),
    _nvidia("ffhqu", "faces, not aligned", 256),
    _nvidia("ffhqu", "faces, not aligned", 1024),
    _nvidia("metfaces", "painted faces", 1024),
    _nvidia("metfacesu", "painted faces, not aligned", 1024),
    _nvidia("afhqcat", "cats", 512),
    _nvidia("afhqdog", "dogs", 512),
    _nvidia("afhqwild", "wild animals", 512),
    _nvidia("afhqv2", "cats, dogs and wild animals", 512),
    _nvidia("celebahq", "faces of well-known people", 256),
    _nvidia("lsundog", "dogs", 256),
    _square("afhqcat-ada-512", "cats", 512, f"{_ADA}/afhqcat.pkl", NVIDIA_LICENCE),
    _square("metfaces-ada-1024", "painted faces", 1024, f"{_ADA}/metfaces.pkl", NVIDIA_LICENCE),
    *(
        _square(
            f"lsun-{subject}-{size}",
            words,
            size,
            f"{_STYLEGAN2}/stylegan2-{subject}-config-f.pkl",
            NVIDIA_STYLEGAN2_LICENCE,
        )
        for subject, words, size in (
            ("car", "cars", 512),
            ("cat", "cats", 256),
            ("church", "churches", 256),
            ("horse", "horses", 256),
        )
    ),
    _distilled("lions", 512),
    _distilled("dogs", 1024),
    _distilled("horses", 256),
    _distilled("elephants", 512),
    _distilled("giraffes", 512),
    _distilled("parrots", 512),
    _distilled("bicycles", 256),
    _human(512),
    _human(1024),
    *(
        _nvidia3(kind, name, subject, size)
        for kind in ("t", "r")
        for name, subject, size in (
            ("ffhq", "faces", 1024),
            ("ffhqu", "faces, not aligned", 256),
            ("ffhqu", "faces, not aligned", 1024),
            ("metfaces", "painted faces", 1024),
            ("metfacesu", "painted faces, not aligned", 1024),
            ("afhqv2", "cats, dogs and wild animals", 512),
        )
    ),
)
"""Published generators. Addresses and sizes are those of their authors' pages; what the files weigh is told when they
are fetched."""

ANIMALS = GeneratorInfo(
    "animals", "drawn animals", 128, 128, "stylegan2", "MIT, see the model card beside the file"
)


def catalogue() -> tuple[GeneratorInfo, ...]:
    """Return every generator that has a name: those of the package first."""
    return (ANIMALS, *PUBLISHED)


def info_of(name: str) -> GeneratorInfo | None:
    """Return what is known about a name, None for an unknown one."""
    return next((info for info in catalogue() if info.name == name), None)
