"""What an embedded agent is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from voicetest.agents.agent import EmbeddedAgent
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.faults import HEALTHY, Faults
from voicetest.agents.manners import Manners
from voicetest.agents.mind import Mind
from voicetest.agents.rules import DialogueMind
from voicetest.agents.truth import Spoke
from voicetest.audio.dtmf import DtmfDetector, tones
from voicetest.links.base import Link
from voicetest.speech.transcribers.base import Transcriber
from voicetest.speech.voices.base import Voice

__all__ = ["AgentRecipe"]


@dataclass(frozen=True)
class AgentRecipe:
    """Ears, mind and voice; every call gets an agent of its own.

    `told` learns when each utterance was really heard.
    """

    transcriber: Transcriber
    mind: Callable[[], Mind]
    voice: Voice
    manners: Manners = field(default_factory=Manners)
    faults: Faults = HEALTHY
    told: Callable[[Spoke], None] | None = None

    @classmethod
    def follows(
        cls,
        dialogue: Dialogue,
        transcriber: Transcriber,
        voice: Voice,
        told: Callable[[Spoke], None] | None = None,
    ) -> Self:
        """An agent that says what a dialogue tells it to."""
        return cls(
            transcriber,
            lambda: DialogueMind(dialogue),
            voice,
            dialogue.manners,
            dialogue.faults,
            told,
        )

    async def prepare(self) -> None:
        """Get ears and voice ready, so that no call has to wait for them."""
        await self.transcriber.prepare()
        await self.voice.prepare()

    def make(
        self, line: Link, nonsense: Callable[[], Awaitable[None]] | None = None
    ) -> EmbeddedAgent:
        """The agent of one call; `nonsense` sends a message that its protocol does not have."""
        detector = DtmfDetector()
        return EmbeddedAgent(
            self.transcriber,
            self.mind(),
            self.voice,
            self.manners,
            line,
            faults=self.faults,
            keys=lambda samples: [pressed.key for pressed in detector.feed(samples)],
            tones=tones,
            told=self.told,
            nonsense=nonsense,
        )
