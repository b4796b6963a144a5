"""The arguments of commands and questions: what each must be, and the commands with theirs."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from draggan_widget.errors import InputError
from draggan_widget.inputs import MAX_SEED, checked_truncation
from draggan_widget.protocol.values import brief, integer, number, record

MAX_SETTINGS = 40
"""More than there are settings of a drag."""

MAX_NAME = 40
"""Longer than the name of any question."""

MAX_GENERATOR_NAME = 200
"""Longer than the name of any generator."""

Check = Callable[[str, object], object]
"""Gives the checked value of an argument from its name and value."""

NOTHING_MORE: Mapping[str, Check] = MappingProxyType({})
"""No optional arguments."""


def decode_args(
    name: str,
    value: object,
    kinds: Mapping[str, Check],
    optional: Mapping[str, Check] = NOTHING_MORE,
) -> dict[str, Any]:
    """Return the arguments of a command or question.

    Args:
        name: Of the command or question.
        value: An object with the arguments that ``kinds`` names, and perhaps ``optional`` ones.
        kinds: Gives each argument's checked value from its name and value.
        optional: Does so for arguments that may be absent.

    Raises:
        InputError: One is missing, unknown or not as agreed.
    """
    arguments = record("args", value)
    if not set(kinds) <= set(arguments) <= {*kinds, *optional}:
        wanted = f"args {{{', '.join((*kinds, *optional))}}}" if kinds else "no args"
        raise InputError(f"{name} takes {wanted}, got {brief(dict(arguments))}")
    checks = {**kinds, **optional}
    return {key: check(key, arguments[key]) for key, check in checks.items() if key in arguments}


def seed_argument(name: str, value: object) -> int:
    """Return a seed; raise :class:`InputError` if it is none."""
    return integer(name, value, 0, MAX_SEED)


def truncation_argument(name: str, value: object) -> float:
    """Return a truncation; raise :class:`InputError` if it is none."""
    return checked_truncation(number(name, value))


def generator_argument(name: str, value: object) -> str:
    """Return what may be the name of a generator; raise :class:`InputError` if it cannot be."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_GENERATOR_NAME:
        raise InputError(f"{name} must be the name of a generator, got {brief(value)}")
    return value


def settings_argument(name: str, value: object) -> dict[str, Any]:
    """Return values of some settings, which are checked with the others; raise :class:`InputError` if it has none."""
    settings = record(name, value)
    if not 0 < len(settings) <= MAX_SETTINGS:
        raise InputError(f"{name} must have 1 to {MAX_SETTINGS} entries, got {len(settings)}")
    for key, each in settings.items():
        plain = each is None or isinstance(each, bool | int | float | str)
        if len(str(key)) > MAX_NAME or not plain or len(str(each)) > MAX_NAME:
            raise InputError(f"{name} must have plain values, got {brief(key)}: {brief(each)}")
    return {str(key): each for key, each in settings.items()}


def count_argument(name: str, value: object) -> int:
    """Return a whole number from 0; raise :class:`InputError` if it is none."""
    return integer(name, value, 0)


def index_argument(name: str, value: object) -> int:
    """Return an index from 0, or -1 for the last; raise :class:`InputError` if it is neither."""
    return integer(name, value, -1)


def rid_argument(name: str, value: object) -> int:
    """Return the number of a question; raise :class:`InputError` if it is none."""
    return integer(name, value, 1)


def choice_of(*choices: str) -> Callable[[str, object], str]:
    """Return a check for one of some words."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InputError(f"{name} must be one of {', '.join(choices)}, got {brief(value)}")
        return value

    return check


def text_argument(longest: int) -> Callable[[str, object], str]:
    """Return a check for a text of a length."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise InputError(
                f"{name} must be a text of at most {longest} letters, got {brief(value)}"
            )
        return value

    return check


COMMANDS: Mapping[str, Mapping[str, Check]] = {
    **{name: {} for name in ("run", "step", "stop", "undo", "redo", "reset", "clear_points")},
    "sample": {"seed": seed_argument},
    "generator": {"name": generator_argument},
    "configure": {"settings": settings_argument},
    "jump": {"entry": count_argument},
    "take": {"index": index_argument},
}
"""The actions of a person, and the check of each argument."""

OPTIONAL_ARGS: Mapping[str, Mapping[str, Check]] = {
    "sample": {"truncation_psi": truncation_argument},
}
"""The arguments of actions that may be absent, and their checks."""
