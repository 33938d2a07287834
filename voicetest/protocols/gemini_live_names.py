"""The names that messages to the Gemini Live API may have; Google refuses every other one.

Wire facts: the messages that google-genai 3.4.0 writes (`live.py`, `_live_converters.py`) and its
types; the words are those that users of Google's APIs have shown. Whatever a message of the client
holds that is the caller's own (arguments, schemas, contents) is not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from voicetest.errors import ProtocolError
from voicetest.protocols.gemini_live_message import Json, camel_cased, snake

__all__ = ["check_names", "is_live_model"]

_Names: TypeAlias = Mapping[str, Any]

_OPEN: _Names = {}
"""What may hold anything."""
_LIVE_MODEL = re.compile(r"(?:[a-z0-9._/-]*/)?gemini-[a-z0-9.-]*(?:live|native-audio)[a-z0-9.-]*")
"""How Google has named each model of the Live API so far, those it has withdrawn among them."""


def _names(*names: str, **inner: Any) -> _Names:
    return {**dict.fromkeys(names, _OPEN), **inner}


_SPEECH = _names("voiceConfig", "languageCode", "multiSpeakerVoiceConfig")
_GENERATION = _names(
    "audioTimestamp",
    "candidateCount",
    "enableAffectiveDialog",
    "enableEnhancedCivicAnswers",
    "frequencyPenalty",
    "logprobs",
    "maxOutputTokens",
    "mediaResolution",
    "presencePenalty",
    "responseFormat",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "routingConfig",
    "seed",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
    "translationConfig",
    "audioTranscriptionConfig",
    speechConfig=_SPEECH,
)
_FUNCTION = _names(
    "name",
    "description",
    "parameters",
    "parametersJsonSchema",
    "response",
    "responseJsonSchema",
    "behavior",
)
_TOOL = _names(
    "codeExecution",
    "computerUse",
    "enterpriseWebSearch",
    "fileSearch",
    "googleMaps",
    "googleSearch",
    "googleSearchRetrieval",
    "mcpServers",
    "retrieval",
    "urlContext",
    functionDeclarations=_FUNCTION,
)
_DETECTION = _names(
    "disabled",
    "startOfSpeechSensitivity",
    "endOfSpeechSensitivity",
    "prefixPaddingMs",
    "silenceDurationMs",
)
_MESSAGE: _Names = {
    "setup": _names(
        "model",
        "systemInstruction",
        "sessionResumption",
        "contextWindowCompression",
        "inputAudioTranscription",
        "outputAudioTranscription",
        "proactivity",
        "explicitVadSignal",
        "historyConfig",
        "avatarConfig",
        "safetySettings",
        "labels",
        generationConfig=_GENERATION,
        tools=_TOOL,
        realtimeInputConfig=_names(
            "activityHandling", "turnCoverage", automaticActivityDetection=_DETECTION
        ),
    ),
    "clientContent": _names("turns", "turnComplete"),
    "realtimeInput": _names(
        "activityStart", "activityEnd", "audio", "audioStreamEnd", "mediaChunks", "text", "video"
    ),
    "toolResponse": _names(
        functionResponses=_names("id", "name", "response", "scheduling", "willContinue", "parts")
    ),
    "contextUpdate": _OPEN,
}


def check_names(message: Json) -> None:
    """Raise ProtocolError, in Google's words, for a name that its API does not have."""
    _check(message, _MESSAGE, "")


def is_live_model(name: str) -> bool:
    """Whether a model of that name is one of the Live API."""
    return _LIVE_MODEL.fullmatch(name) is not None


def _check(value: object, known: _Names, place: str) -> None:
    match value:
        case dict():
            for key, inner in value.items():
                name = camel_cased(key)
                if name not in known:
                    raise ProtocolError(_unknown(key, place))
                if known[name]:
                    _check(inner, known[name], f"{place}.{snake(name)}" if place else snake(name))
        case list():
            for number, inner in enumerate(value):
                _check(inner, known, f"{place}[{number}]")
        case _:
            pass


def _unknown(key: str, place: str) -> str:
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in key[:60])
    where = f" at '{place[:60]}'" if place else ""
    return f'Invalid JSON payload received. Unknown name "{shown}"{where}: Cannot find field.'
