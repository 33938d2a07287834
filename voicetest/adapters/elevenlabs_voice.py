"""An agent in this process that listens and speaks through ElevenLabs: a preset of its parts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from pydantic import Field, SecretStr

from voicetest.adapters.base import Adapter, World
from voicetest.adapters.composable import ComposableVoiceAgent
from voicetest.agents.dialogue import Dialogue
from voicetest.agents.llm import DEFAULT_PROMPT
from voicetest.links.base import Link
from voicetest.protocols.base import Capabilities, End
from voicetest.protocols.in_process import InProcess
from voicetest.scenario.values import Text

__all__ = ["ElevenLabsVoiceAgent"]

_KEY = "ELEVENLABS_API_KEY"
_PROVIDER = "elevenlabs/"


class ElevenLabsVoiceAgent(Adapter):
    """ElevenLabs' Scribe → a language model → an ElevenLabs voice; one key for ears and mouth."""

    summary: ClassVar[str] = "an agent in this process that hears and speaks through ElevenLabs"
    typical: ClassVar[Capabilities] = InProcess(End.CLIENT)
    over_a_line: ClassVar[bool] = False
    environment: ClassVar[tuple[str, ...]] = (_KEY, "ELEVENLABS_VOICE_ID", "OPENAI_API_KEY")

    api_key: SecretStr | None = Field(
        default=None, description=f"The key for ears and voice; by default {_KEY}."
    )
    llm: Text = Field(
        default="openai/gpt-5.4-mini",
        description="The agent's mind: a language model, by its litellm name.",
    )
    base_url: Text | None = Field(
        default=None, description="Where the language model is, if not at its usual address."
    )
    llm_api_key: SecretStr | None = Field(
        default=None,
        description="The language model's key, if it is not in the environment under its usual "
        "name.",
    )
    voice: Text | None = Field(
        default=None,
        description="The agent's voice: an id of ElevenLabs, or any voice such as espeak/en-us; "
        "by default that in ELEVENLABS_VOICE_ID, else one that every account may use.",
    )
    stt: Text = Field(
        default="elevenlabs/scribe_v2", description="The agent's ears: a transcriber."
    )
    system_prompt: Text = Field(
        default=DEFAULT_PROMPT, description="What the language model is told before the call."
    )

    @property
    def parts(self) -> ComposableVoiceAgent:
        """The same agent with each part named."""
        voice = self.voice or ""
        return ComposableVoiceAgent(
            **{name: getattr(self, name) for name in Adapter.model_fields},
            stt=self.stt,
            llm=self.llm,
            base_url=self.base_url,
            llm_api_key=self.llm_api_key,
            tts=voice if "/" in voice else f"{_PROVIDER}{voice}",
            system_prompt=self.system_prompt,
        )

    @property
    def voices(self) -> Mapping[str, str]:
        """Its one voice."""
        return {"voice": self.parts.tts}

    @property
    def transcribers(self) -> Mapping[str, str]:
        """Its ears."""
        return {"stt": self.stt}

    @property
    def models(self) -> Mapping[str, str]:
        """Its mind."""
        return self.parts.models

    @property
    def brief(self) -> str:
        """Its prompt."""
        return self.system_prompt

    @property
    def speech_keys(self) -> Mapping[str, SecretStr]:
        """The key for ears and voice, if it stands in the scenario."""
        return {} if self.api_key is None else {_KEY: self.api_key}

    @property
    def outside(self) -> tuple[str, ...]:
        """The language model."""
        return self.parts.outside

    @property
    def missing(self) -> tuple[str, ...]:
        """The key for ears and voice, and that of the language model."""
        ours = (*self.voices.values(), *self.transcribers.values())
        needs = any(name.startswith(_PROVIDER) and "?" not in name for name in ours)
        if not needs or self.api_key is not None or os.environ.get(_KEY):
            return self.parts.missing
        lack = f"ElevenLabs needs a key: set {_KEY}, or 'api_key' under 'agent'"
        return (lack, *self.parts.missing)

    @property
    def sdks(self) -> tuple[str, ...]:
        """That of the language model."""
        return self.parts.sdks

    def connect(self, world: World) -> AbstractAsyncContextManager[Link]:
        """Start the agent at the far end of a line in memory."""
        return self.parts.connect(world)

    def offline(self, dialogue: Dialogue | None, local: bool) -> Adapter | None:
        """Offline parts and that mind."""
        return self.parts.offline(dialogue, local)
