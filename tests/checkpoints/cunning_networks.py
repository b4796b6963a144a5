"""Networks that mean harm: modules inside each other without end, and arrays that are not what they say."""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.checkpoints.hostile import Payload
from tests.checkpoints.writers import tensorflow_pickle


class SharedArray:
    """An array of NumPy whose bytes are shared with others."""

    def __init__(self, shape: Any, content: Any, kind: Any = None, fortran: Any = False) -> None:
        self.shape, self.content, self.fortran = shape, content, fortran
        self.kind = np.dtype("<f4") if kind is None else kind

    def __reduce__(self) -> tuple[Any, ...]:
        plain: Any = np.zeros(1).__reduce__()
        return plain[0], plain[1], (1, self.shape, self.kind, self.fortran, self.content)


class _Shell:
    """An object that is pickled as a module's state is, under a name of our choice."""

    def __init__(self, **state: Any) -> None:
        self.state = state

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (_Shell,), self.state  # type: ignore[attr-defined]  # not in its stubs


def _module(
    children: Mapping[str, Any] | None = None, tensors: Mapping[str, Any] | None = None
) -> _Shell:
    """Return a module."""
    return _Shell(_modules=dict(children or {}), _parameters=dict(tensors or {}), _buffers={})


def modules() -> Iterator[tuple[str, bytes]]:
    """Yield modules and networks inside each other that have no end."""
    leaf = _module(tensors={f"t{index}": 0 for index in range(20_000)})
    wide = _module({f"m{index}": leaf for index in range(9_000)})
    yield "one large module 9000 times", pickle.dumps({"G_ema": wide}, 4)
    many = _Shell(**{f"a{index}": 0 for index in range(20_000)}, _modules={}, _parameters={})
    yield (
        "one module of many attributes 9000 times",
        pickle.dumps({"G_ema": _module({f"m{index}": many for index in range(9_000)})}, 4),
    )
    for width, depth in ((2, 30), (10, 30), (100, 5), (1, 60), (1000, 3)):
        node = _module(tensors={"weight": 0})
        for _ in range(depth):
            node = _module({f"m{index}": node for index in range(width)})
        yield f"modules {width} wide and {depth} deep", pickle.dumps({"G_ema": node}, 4)
        network: dict[str, Any] = {"variables": [], "components": {}}
        for _ in range(min(depth, 8)):
            part = _Network(network)
            network = {
                "variables": [],
                "components": {f"n{index}": part for index in range(width)},
            }
        yield f"networks {width} wide and {depth} deep", _tensorflow(network)
    name = "n" * 1_000_000
    node = _module(tensors={name: 0})
    for _ in range(20):
        node = _module({name: node, name + "b": node})
    yield "modules of long names", pickle.dumps({"G_ema": node}, 4)
    yield "a network with no variables", _tensorflow({})
    yield "variables that are no list", _tensorflow({"variables": {"a": 1}})
    yield "variables that are no pairs", _tensorflow({"variables": [1, (2,), (3, 4, 5), [6, 7]]})
    variables = [(f"v{index}", 0) for index in range(20_000)]
    parts = {f"n{index}": _Network({"variables": variables}) for index in range(90)}
    yield "the same variables in 90 networks", _tensorflow({"components": parts})
    for kwargs in ({"conv_clamp": float("nan")}, {"conv_clamp": 10**400}, {"mapping_lrmul": -1}):
        yield f"a network made with {str(kwargs)[:40]}", _tensorflow({"static_kwargs": kwargs})


class _Network:
    """A network of TensorFlow's with a state of our choice."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (_Network,), self.state  # type: ignore[attr-defined]  # not in its stubs


def _tensorflow(state: dict[str, Any]) -> bytes:
    """Return three networks of TensorFlow's, each with a state."""
    network = _Network(state)
    data = pickle.dumps((network, network, network), 2)
    return data.replace(
        b"tests.checkpoints.cunning_networks\n_Network", b"dnnlib.tflib.network\nNetwork"
    )


def arrays(tensors: dict[str, Tensor]) -> Iterator[tuple[str, bytes]]:
    """Yield TensorFlow's networks whose arrays are not what they say."""

    def network(value: Any) -> bytes:
        return _tensorflow({"variables": [("synthesis/4x4/Const/const", value)]})

    kinds: tuple[Any, ...] = (
        *("<f4", "O", "V8", "S4", "U4", "<M8[s]", "<c8", "i1,f4"),
        *(np.dtype(("f4", (2, 2))), np.dtype({"names": ["a"], "formats": ["f4"]})),
    )
    for kind in kinds:
        given = kind if isinstance(kind, np.dtype) else np.dtype(kind)
        yield f"an array of {kind}", network(SharedArray((2,), b"\0" * 8, given))
    yield "a type of a list", network(SharedArray((2,), b"\0" * 8, Payload(np.dtype, ["f4"])))
    yield "a type of no name", network(SharedArray((2,), b"\0" * 8, Payload(np.dtype)))
    for shape in ((2**40, 2**40, 0), (-2,), (2.0,), "ab", None, (1,) * 40, (2**63,), ([2],)):
        yield f"an array of shape {str(shape)[:30]}", network(SharedArray(shape, b""))
        yield (
            f"an array of 8 bytes of shape {str(shape)[:30]}",
            network(SharedArray(shape, b"\0" * 8)),
        )
    for content in ([0, 0], "ab", "\u1234\u1234", None, 5):
        yield f"an array of the bytes {content!r}", network(SharedArray((2,), content))
    for name, value in tensors.items():
        for wrong in (torch.zeros([]), torch.zeros(1, 1, 1, 1, 1)):
            if value.ndim in (1, 2) and not name.endswith("resample_filter"):
                changed = tensors | {name: wrong}
                yield f"{name} as {wrong.ndim} axes", tensorflow_pickle(changed)
