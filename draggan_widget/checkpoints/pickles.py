"""Pickles, read without executing anything: what a file names stays a name.

Python's own unpickler calls whatever a file asks for. This one has no way to do so: it knows the opcodes of the format
(PEP 3154 and before) and builds numbers, texts, bytes, tuples, lists and three inert records, :class:`Name`,
:class:`Made` and :class:`Foreign`. Nothing is imported, and nothing is hashed or compared that a file has nested, so
that depth costs no stack.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from draggan_widget.errors import GeneratorError

MOST_OPCODES = 200_000
"""Several times what the largest published checkpoints have; a hostile file is read for a second at most."""

_MARK = object()
"""What MARK puts on the stack."""

LONGEST_NAME = 512
"""Characters of the module and of the name of what a file names; each naming makes a text of its own."""

MOST_KEYWORDS = 64
"""Of a call: each call copies them."""


@dataclass(frozen=True, eq=False)
class Name:
    """A class or function that a file names, never looked up.

    Attributes:
        path: Its module and name with a dot between them.
    """

    path: str


@dataclass(eq=False)
class Made:
    """What a file asks to be called or filled.

    Attributes:
        maker: What was to be called: a :class:`Name`, or, for a plain dict or set, the text ``"dict"`` or ``"set"``.
        arguments: With these.
        state: What the result's ``__setstate__`` was to get, or None.
        items: What was to be appended to it.
        pairs: Keys and values that were to be set in it, in the file's order.
    """

    maker: object
    arguments: tuple[object, ...] = ()
    state: object = None
    items: list[object] = field(default_factory=list)
    pairs: list[tuple[object, object]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Module and name of what was to be called; empty for anything else."""
        return self.maker.path if isinstance(self.maker, Name) else ""


@dataclass(frozen=True, eq=False)
class Foreign:
    """What lies outside of the pickle, by the key that the file gives it."""

    key: object


def read_pickle(stream: BinaryIO, most: int = MOST_OPCODES) -> object:
    """Return what the pickle at the stream's place holds; the stream stands behind it then.

    Args:
        stream: Open for reading.
        most: Steps that it may have.

    Raises:
        GeneratorError: It is no complete pickle, or one of an unreasonable kind.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count > most:
                raise GeneratorError(f"the pickle has more than {most} steps")
            machine.run(opcode.name, argument)
        return machine.result()
    except (ValueError, LookupError, TypeError, OverflowError, MemoryError, Warning) as error:
        # A warning, of an escape that no text has, is an error where a person's filters make it one.
        raise GeneratorError(f"the pickle is damaged: {_brief(error)}") from None


def entries(value: object) -> dict[str, object]:
    """Return the values under texts of what was to be a dict of any kind; empty for anything else."""
    pairs = value.pairs if isinstance(value, Made) else []
    return {key: each for key, each in pairs if isinstance(key, str)}


def _brief(error: Exception, longest: int = 120) -> str:
    """Return what an error says, cut where it repeats the file."""
    text = str(error).partition("\n")[0]
    return text if len(text) <= longest else text[:longest] + "..."


class _Machine:
    """The stack and the memo of a pickle that is read."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, object] = {}

    def run(self, name: str, argument: Any) -> None:
        """Do what an opcode asks for."""
        if name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _LITERALS:
            self._stack.append(argument)
        elif name in _IGNORED:
            pass
        elif name in _ACTIONS:
            _ACTIONS[name](self, argument)
        else:
            raise ValueError(f"{name} has no place in a checkpoint")

    def result(self) -> object:
        """Return what is left at the end."""
        (value,) = self._stack
        return value

    def _pop(self) -> Any:
        """Take the top of the stack, which must be a value."""
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("a mark stands where a value belongs")
        return value

    def _since_mark(self) -> list[Any]:
        """Take everything above the last mark, and the mark."""
        for index in range(len(self._stack) - 1, -1, -1):
            if self._stack[index] is _MARK:
                taken = self._stack[index + 1 :]
                del self._stack[index:]
                return taken
        raise ValueError("a mark is missing")

    def _top(self) -> Made:
        """Return the record on top of the stack."""
        top = self._stack[-1]
        if not isinstance(top, Made):
            raise TypeError("something is added to what can hold nothing")
        return top

    def _put(self, index: int) -> None:
        """Remember the top of the stack."""
        self._memo[index] = self._stack[-1]

    def _memoize(self, _: object) -> None:
        self._put(len(self._memo))

    def _get(self, index: int) -> None:
        """Push what was remembered."""
        self._stack.append(self._memo[index])

    def _tuple(self, count: int) -> None:
        """Push a tuple of the newest values."""
        values = [self._pop() for _ in range(count)]
        self._stack.append(tuple(reversed(values)))

    def _extend(self, values: list[Any]) -> None:
        """Append to the list on top, or to a record that takes items."""
        top = self._stack[-1]
        (top if isinstance(top, list) else self._top().items).extend(values)

    def _set_items(self, values: list[Any]) -> None:
        """Set pairs in the record on top."""
        self._top().pairs.extend(zip(values[::2], values[1::2], strict=True))

    def _dict(self, _: object) -> None:
        values = self._since_mark()
        self._stack.append(Made("dict"))
        self._set_items(values)

    def _name(self, module: object, name: object) -> None:
        """Push a name."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("a name is no text")
        if max(len(module), len(name)) > LONGEST_NAME:
            raise ValueError("a name is longer than any class has")
        self._stack.append(Name(f"{module}.{name}"))

    def _stack_global(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)

    def _make(self, maker: object, arguments: object) -> None:
        """Push the record of a call."""
        if not isinstance(maker, Name) or not isinstance(arguments, tuple):
            raise TypeError("something is called that has no name")
        self._stack.append(Made(maker, arguments))

    def _reduce(self, _: object) -> None:
        arguments, maker = self._pop(), self._pop()
        self._make(maker, arguments)

    def _new_with_keywords(self, _: object) -> None:
        keywords, arguments, maker = self._pop(), self._pop(), self._pop()
        self._make(maker, arguments)
        pairs = keywords.pairs if isinstance(keywords, Made) else []
        if len(pairs) > MOST_KEYWORDS:
            raise ValueError("something is called with more keywords than anything takes")
        self._top().pairs.extend(pairs)

    def _build(self, _: object) -> None:
        state = self._pop()
        self._top().state = state


def _set_one(machine: _Machine, _: object) -> None:
    """Set one pair."""
    value, key = machine._pop(), machine._pop()
    machine._set_items([key, value])


def _instance(machine: _Machine, argument: str) -> None:
    """Record an object of the oldest kind, whose class is named beside it."""
    arguments = tuple(machine._since_mark())
    _global(machine, argument)
    machine._make(machine._pop(), arguments)


def _object(machine: _Machine, _: object) -> None:
    """Record an object of the oldest kind, whose class lies on the stack."""
    maker, *arguments = machine._since_mark()
    machine._make(maker, tuple(arguments))


def _global(machine: _Machine, argument: str) -> None:
    """Push a name; module and name come as one text."""
    module, _, name = argument.partition(" ")
    machine._name(module, name)


_CONSTANTS: Mapping[str, object] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
    "MARK": _MARK,
}
_LITERALS = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BYTEARRAY8"),
    )
)
_IGNORED = frozenset(("PROTO", "FRAME", "STOP"))
_ACTIONS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "POP": lambda machine, _: machine._stack.pop(),
    "POP_MARK": lambda machine, _: machine._since_mark().clear(),
    "DUP": lambda machine, _: machine._stack.append(machine._stack[-1]),
    "PUT": _Machine._put,
    "BINPUT": _Machine._put,
    "LONG_BINPUT": _Machine._put,
    "MEMOIZE": _Machine._memoize,
    "GET": _Machine._get,
    "BINGET": _Machine._get,
    "LONG_BINGET": _Machine._get,
    "EMPTY_LIST": lambda machine, _: machine._stack.append([]),
    "EMPTY_DICT": lambda machine, _: machine._stack.append(Made("dict")),
    "EMPTY_SET": lambda machine, _: machine._stack.append(Made("set")),
    "TUPLE1": lambda machine, _: machine._tuple(1),
    "TUPLE2": lambda machine, _: machine._tuple(2),
    "TUPLE3": lambda machine, _: machine._tuple(3),
    "TUPLE": lambda machine, _: machine._stack.append(tuple(machine._since_mark())),
    "LIST": lambda machine, _: machine._stack.append(machine._since_mark()),
    "FROZENSET": lambda machine, _: machine._stack.append(Made("set", items=machine._since_mark())),
    "DICT": _Machine._dict,
    "APPEND": lambda machine, _: machine._extend([machine._pop()]),
    "APPENDS": lambda machine, _: machine._extend(machine._since_mark()),
    "ADDITEMS": lambda machine, _: machine._extend(machine._since_mark()),
    "SETITEM": _set_one,
    "SETITEMS": lambda machine, _: machine._set_items(machine._since_mark()),
    "GLOBAL": _global,
    "STACK_GLOBAL": _Machine._stack_global,
    "REDUCE": _Machine._reduce,
    "NEWOBJ": _Machine._reduce,
    "NEWOBJ_EX": _Machine._new_with_keywords,
    "BUILD": _Machine._build,
    "INST": _instance,
    "OBJ": _object,
    "PERSID": lambda machine, key: machine._stack.append(Foreign(key)),
    "BINPERSID": lambda machine, _: machine._stack.append(Foreign(machine._pop())),
}
"""What each opcode does; those of extension registries and outside buffers are refused."""
