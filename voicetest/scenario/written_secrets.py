"""Finds the secrets that stand in a scenario itself, and those that are too short to be hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping

from voicetest.scenario.credentials import credentials, is_secret_name
from voicetest.scenario.masking import SHORTEST_GLUED, SHORTEST_MASKED, is_maskable
from voicetest.scenario.nodes import Mapping, Node, Scalar, Sequence

__all__ = ["doubt_of_length", "written_secrets"]

_SECTIONS = ("agent", "user", "judge", "transcriber")
"""Where services are named."""
_OF_THE_STORY = frozenset({"simulator", "dialogue", "variables", "dynamic_variables"})
"""What is below is part of a conversation."""
_MEANT_SECRET = re.compile(r"(?:^|_)(?:PIN|SEC|PASS|PWD|CODE|CRED)$")


def written_secrets(root: Mapping, variables: AnyMapping[str, str]) -> Iterator[str]:
    """What has the name of a secret, and the passwords and tokens in addresses."""
    for name, value in variables.items():
        yield from _of_text(name, value)
    for section in _SECTIONS:
        if section in root:
            yield from _below(section, root[section])


def doubt_of_length(name: str, value: str) -> str | None:
    """What has to be said of an environment variable, by its name a secret, that is not masked."""
    if is_maskable(value) or not (is_secret_name(name.lower()) or _MEANT_SECRET.search(name)):
        return None
    return (
        f"the value of {name[:100]} is too short to be masked where it is echoed: secrets have at "
        f"least {SHORTEST_MASKED} characters, or {SHORTEST_GLUED} if they are all letters"
    )


def _below(name: str, node: Node) -> Iterator[str]:
    match node:
        case Scalar():
            yield from _of_text(name, node)
        case Mapping():
            for key, value in node.items():
                if key not in _OF_THE_STORY:
                    yield from _below(key, value)
        case Sequence():
            for item in node:
                yield from _below(name, item)


def _of_text(name: str, text: str) -> Iterator[str]:
    if is_secret_name(name):
        yield str(text)
    yield from credentials(text)
