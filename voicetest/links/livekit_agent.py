"""Who in a room of LiveKit is the agent.

Only a token of kind AGENT makes a participant an agent, and LiveKit's own workers have one. Bots of
other frameworks join as STANDARD; Pipecat's runner gives them the grant `agent`, which LiveKit's
package for Python (1.2.1) does not show.
"""

from __future__ import annotations

from collections.abc import Iterable

from livekit import rtc

__all__ = ["BEHALF", "CALLER", "Presence", "chosen", "is_agent"]

BEHALF = "lk.publish_on_behalf"
"""An attribute of an avatar, which speaks for the agent that it names."""
CALLER = "voicetest"
"""The name of every caller of ours, several of which may be in one room."""
_NOBODY = frozenset({rtc.ParticipantKind.PARTICIPANT_KIND_EGRESS})
"""Kinds that never speak."""


class Presence:
    """Who is in the room, and what they have published that can be heard."""

    def __init__(self, wanted: str | None) -> None:
        """`wanted` is the identity of the agent, where it is known."""
        self._wanted = wanted
        self._there: dict[str, rtc.RemoteParticipant] = {}
        self._sounding: set[str] = set()

    def meet(self, participant: rtc.RemoteParticipant) -> None:
        """Somebody is in the room."""
        self._there[participant.identity] = participant

    def part(self, participant: rtc.RemoteParticipant) -> None:
        """Somebody left it."""
        self._there.pop(participant.identity, None)
        self._sounding.discard(participant.identity)

    def sounds(self, participant: rtc.RemoteParticipant) -> None:
        """Somebody can be heard."""
        self._sounding.add(participant.identity)

    @property
    def known(self) -> rtc.RemoteParticipant | None:
        """The agent, if it is there for certain: by its identity, or by its kind."""
        if self._wanted is not None:
            return self._there.get(self._wanted)
        return next((who for who in self._there.values() if is_agent(who)), None)

    @property
    def likely(self) -> list[rtc.RemoteParticipant]:
        """Those who can be heard and might be the agent, where nobody is so for certain."""
        if self._wanted is not None:
            return []
        return [who for who in self._there.values() if self._might_be(who)]

    def _might_be(self, who: rtc.RemoteParticipant) -> bool:
        heard = who.identity in self._sounding
        return heard and who.kind not in _NOBODY and who.name != CALLER

    @property
    def names(self) -> list[str]:
        """The identities of all but our own callers."""
        return [who.identity for who in self._there.values() if who.name != CALLER]


def is_agent(participant: rtc.RemoteParticipant) -> bool:
    """Whether it is one by its kind, and speaks for itself."""
    kind = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
    return participant.kind == kind and BEHALF not in participant.attributes


def chosen(likely: Iterable[rtc.RemoteParticipant]) -> str:
    """What is told of an agent that was guessed."""
    names = " and ".join(f"'{who.identity}'" for who in likely)
    return (
        f"nobody in the room is an agent by kind: {names}, the only other one with sound, is taken "
        "for it; 'agent_identity' says so for certain"
    )
