"""What a peer may send that has lost its mind: near to its protocol, and far from it."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from voicetest.errors import ProtocolError
from voicetest.events import Ignored, Warned
from voicetest.protocols.base import Codec, Decoded

_KEYS = st.text(max_size=5)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
NOT_OBJECTS = ["", "hello", "{", "[]", "null", "5", '"text"', "\0", "{'a': 1}", "[" * 100_000]
"""Texts that are no JSON object."""
HUGE = [
    '{"type":' * 90_000,
    '{"type":' + "[" * 600 + "]" * 600 + "}",
    '{"event":' + "[" * 600 + "]" * 600 + "}",
    '{"type":' + "9" * 10_000 + "}",
]


@st.composite
def mutated(draw: st.DrawFn, messages: Sequence[str]) -> str:
    """A documented message in which something is missing, or something else."""
    message = copy.deepcopy(json.loads(draw(st.sampled_from(messages))))
    for _ in range(draw(st.integers(1, 3))):
        inner = message
        while True:
            keys = sorted(inner) if isinstance(inner, dict) else range(len(inner))
            if not keys:
                break
            key: Any = draw(st.sampled_from(keys))
            if isinstance(inner[key], dict | list) and inner[key] and draw(st.booleans()):
                inner = inner[key]
                continue
            if draw(st.booleans()):
                del inner[key]
            else:
                inner[key] = draw(JSON)
            break
    return json.dumps(message)


def survives(codec: Codec[bytes | str], message: bytes | str) -> None:
    """The message means something, or is the peer's fault; nothing else may happen."""
    fault = ""
    try:
        decoded = codec.decode(message)
    except ProtocolError as error:
        decoded, fault = Decoded(), str(error)
    assert len(fault) < 300
    assert fault.isprintable()
    assert {type(event) for event in decoded.events} <= codec.receives | {Warned, Ignored}
    for reply in decoded.replies:
        assert isinstance(reply, bytes) or json.loads(reply.encode()) is not None
    for event in decoded.events:
        if isinstance(event, Warned):
            assert len(event.message) < 300
        if isinstance(event, Ignored):
            said = event.shape + event.why
            assert len(said) < 600
            assert said.isprintable()
    json.dumps([vars(event) for event in decoded.events], default=str, ensure_ascii=False).encode()
