"""The first message of a Gemini Live session, which says all that is wanted of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from voicetest.errors import ProtocolError
from voicetest.protocols.gemini_live_message import Json, flag, items, section, text
from voicetest.scenario.tools import Tool

__all__ = ["MODEL", "VOICE", "Setup", "declaration"]

MODEL = "gemini-3.8-live"
"""What Google's documentation recommended for voice agents in September 2026."""
VOICE = "Algieba"


@dataclass(frozen=True)
class Setup:
    """`automatic`: the model finds out itself when the user speaks; else it is told."""

    model: str = MODEL
    voice: str = VOICE
    instruction: str = ""
    automatic: bool = False
    functions: Sequence[Json] = ()
    """As `declaration` writes them."""
    hears_words: bool = True
    """Whether what the user says is transcribed."""
    speaks_words: bool = True
    """Whether what the model says is."""

    def message(self) -> Json:
        """As it goes over the wire."""
        voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": self.voice}}}
        setup: Json = {
            "model": self.model if "/" in self.model else f"models/{self.model}",
            "generationConfig": {"responseModalities": ["AUDIO"], "speechConfig": voice},
        }
        if self.instruction:
            said = {"role": "user", "parts": [{"text": self.instruction}]}
            setup["systemInstruction"] = said
        if self.functions:
            setup["tools"] = [{"functionDeclarations": list(self.functions)}]
        detection = {} if self.automatic else {"disabled": True}
        setup["realtimeInputConfig"] = {"automaticActivityDetection": detection}
        if self.hears_words:
            setup["inputAudioTranscription"] = {}
        if self.speaks_words:
            setup["outputAudioTranscription"] = {}
        return {"setup": setup}

    @classmethod
    def read(cls, setup: Json) -> Self:
        """What a client asks for; raises ProtocolError for what cannot be."""
        model = text(setup, "model")
        if not model:
            raise ProtocolError("setup names no model")
        generation = section(setup, "generationConfig") or {}
        speech = section(generation, "speechConfig") or {}
        voice = section(section(speech, "voiceConfig") or {}, "prebuiltVoiceConfig") or {}
        realtime = section(setup, "realtimeInputConfig") or {}
        detection = section(realtime, "automaticActivityDetection") or {}
        instruction = section(setup, "systemInstruction") or {}
        return cls(
            model=model,
            voice=text(voice, "voiceName") or VOICE,
            instruction=" ".join(text(part, "text") for part in items(instruction, "parts")),
            automatic=not flag(detection, "disabled"),
            functions=[
                function
                for tool in items(setup, "tools")
                for function in items(tool, "functionDeclarations")
            ],
            hears_words=section(setup, "inputAudioTranscription") is not None,
            speaks_words=section(setup, "outputAudioTranscription") is not None,
        )


def declaration(tool: Tool) -> Json:
    """A tool as the model is told of it; it waits for the answer, whatever its default is."""
    declared: Json = {"name": tool.name}
    if tool.description:
        declared["description"] = tool.description
    if tool.parameters:
        declared["parametersJsonSchema"] = dict(tool.parameters)
    return {**declared, "behavior": "BLOCKING"}
