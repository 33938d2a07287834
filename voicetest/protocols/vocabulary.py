"""The types of messages that each platform is known to send, so that others are told of.

Names are those of the platforms' own descriptions: OpenAI's server events, the AsyncAPI of
ElevenLabs Agents, Vapi's `ClientMessage*`, RTVI 2.2.0, `BidiGenerateContentServerMessage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicetest.events import Ignored
from voicetest.protocols.shape import shape_of

__all__ = ["ELEVENLABS", "GEMINI", "OPENAI", "RTVI", "VAPI", "Vocabulary"]


@dataclass(frozen=True)
class Vocabulary:
    """What one platform says."""

    platform: str
    names: frozenset[str] = frozenset()
    families: tuple[str, ...] = ()
    """How names begin of which a platform has many, and makes further ones."""

    def ignored(self, kind: str, message: Mapping[str, Any]) -> tuple[Ignored, ...]:
        """What a message of that type is told as which says nothing here; nothing if it is known.

        Whoever reads the line counts those that are known.
        """
        if kind in self.names or kind.startswith(self.families):
            return ()
        return (Ignored(shape_of(message), f"are none that {self.platform} is known to send"),)


OPENAI = Vocabulary(
    "OpenAI's Realtime API",
    frozenset({"error"}),
    (
        "session.",
        "transcription_session.",
        "conversation.",
        "input_audio_buffer.",
        "output_audio_buffer.",
        "response.",
        "rate_limits.",
        "mcp_list_tools.",
    ),
)
ELEVENLABS = Vocabulary(
    "an ElevenLabs agent",
    frozenset(
        {
            "conversation_initiation_metadata",
            "asr_initiation_metadata",
            "ping",
            "audio",
            "user_transcript",
            "tentative_user_transcript",
            "agent_response",
            "agent_response_correction",
            "agent_response_metadata",
            "agent_response_complete",
            "agent_chat_response_part",
            "agent_reasoning_response_part",
            "agent_typing",
            "interruption",
            "client_tool_call",
            "agent_tool_request",
            "agent_tool_response",
            "agent_tool_response_full_payload",
            "vad_score",
            "error",
            "client_error",
            "dtmf_request",
            "context_usage",
            "guardrail_triggered",
            "rich_content",
        }
    ),
    ("internal_", "mcp_", "external_agent_"),
)
VAPI = Vocabulary(
    "Vapi",
    frozenset(
        {
            "conversation-update",
            "end-of-call-report",
            "function-call",
            "hang",
            "language-change-detected",
            "language-changed",
            "metadata",
            "model-output",
            "speech-update",
            "status-update",
            "tool-calls",
            "tool-calls-result",
            "transcript",
            "transfer-update",
            "user-interrupted",
            "voice-input",
        }
    ),
    ("assistant", "call.", "chat.", "session.", "tool.", "transcript[", "workflow."),
)
RTVI = Vocabulary(
    "a Pipecat bot",
    frozenset({"bot-ready", "error", "error-response", "metrics"}),
    (
        "bot-",
        "user-",
        "llm-",
        "stt-",
        "tts-",
        "server-",
        "config",
        "action",
        "describe-",
        "dtmf",
        "eval-",
        "pipeline-",
        "storage-",
        "ui-",
        "system-",
    ),
)
GEMINI = Vocabulary(
    "the Gemini Live API",
    frozenset(
        {
            "setupComplete",
            "serverContent",
            "toolCall",
            "toolCallCancellation",
            "goAway",
            "sessionResumptionUpdate",
            "usageMetadata",
            "voiceActivity",
            "voiceActivityDetectionSignal",
            "error",
        }
    ),
)
