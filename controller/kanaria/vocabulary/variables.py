"""What ${NAME} in a manifest stands for, where values are put in for it."""

import re
from collections.abc import Mapping

# A name without a dot: ${parameters.alpha} is a pipeline's own.
_REFERENCE = re.compile(r"\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHOWN = 10


class UnknownVariableError(Exception):
    """A name that stands for nothing."""


def refers(text: str) -> bool:
    """Whether there is anything to put in, or to take a dollar from."""
    return _REFERENCE.search(text) is not None


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with the values in place of the names; $${NAME} loses its first dollar and stays.

    A value is put in as it is: what it holds is not looked at again.

    Raises:
        UnknownVariableError: if a name stands for nothing.
    """
    return _REFERENCE.sub(lambda found: _value(found, variables), text)


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found[0].startswith("$$"):
        return found[0][1:]
    if found[1] not in variables:
        names = sorted(variables)
        there = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        raise UnknownVariableError(
            f"${{{found[1]}}} stands for nothing: the ConfigMaps of spec.substituteFrom hold {there or 'no values'}; "
            f"add it there, or write $${{{found[1]}}} for a text that is meant as it stands"
        )
    return variables[found[1]]
