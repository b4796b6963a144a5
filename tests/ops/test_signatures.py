"""The compiled functions are called as they are declared."""

import ctypes
import re

import pytest
import torch

from draggan_widget.ops import modulated_epilogue
from draggan_widget.ops.build import SOURCES
from draggan_widget.ops.library import Kernels
from draggan_widget.ops.signatures import SIGNATURES, Signature

DECLARATION = re.compile(r"DRAGGAN_EXPORT int draggan_(\w+)_##suffix\(([^)]*)\)")
"""Of a function that works on tensors; its name and its arguments."""


def argument_type(declaration: str) -> type:
    """Return the type of a declared argument: ``const T* name``, ``int64_t name`` or ``double name``."""
    if "*" in declaration:
        return ctypes.c_void_p
    return {"int64_t": ctypes.c_int64, "double": ctypes.c_double}[declaration.split()[0]]


def declared() -> dict[str, Signature]:
    """Return the arguments of every function as the sources declare them."""
    text = "".join(path.read_text().replace("\\\n", "") for path in SOURCES.glob("*.cu"))
    return {
        name: tuple(argument_type(each) for each in arguments.split(","))
        for name, arguments in DECLARATION.findall(text)
    }


def test_the_signatures_are_those_of_the_declarations() -> None:
    assert declared() == SIGNATURES


def test_a_whole_number_is_handed_over_as_the_double_that_is_declared(
    on_kernels: None,
) -> None:
    x, bias = torch.linspace(-9, 9, 72).reshape(1, 2, 6, 6), torch.zeros(2)
    found = [modulated_epilogue(x, None, bias, None, clamp) for clamp in (3, 3.0)]
    assert torch.equal(*found)
    assert found[0].max() == 3


def test_a_number_where_a_whole_one_is_declared_is_refused(host_kernels: Kernels) -> None:
    x = torch.zeros(1, 1)
    with pytest.raises(ctypes.ArgumentError):
        host_kernels.call("two_taps", x, torch.zeros(2, 2), 1, 1, 1.5, 2, 2, 1)
