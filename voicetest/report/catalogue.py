"""What can be called and how it can speak: the text of `voicetest list-adapters`."""

from __future__ import annotations

from collections.abc import Iterator

from voicetest import registry
from voicetest.adapters.base import Adapter
from voicetest.events import Dtmf, Interrupted, TranscriptDelta, UserTurnEnded
from voicetest.protocols.base import Capabilities
from voicetest.speech.voices.base import VoiceProvider

__all__ = ["abilities", "adapter_lines", "voice_lines"]


def abilities(line: Capabilities) -> dict[str, bool]:
    """The four words that say what a line can do beyond carrying sound."""
    return {
        "live transcripts": TranscriptDelta in line.receives,
        "ends the user's turn itself": UserTurnEnded not in line.sends,
        "keys": Dtmf in line.sends,
        "native interrupt": Interrupted in line.sends,
    }


def adapter_lines() -> Iterator[str]:
    """Some lines for each installed adapter; one that cannot be loaded says what it needs."""
    for name in registry.names(registry.ADAPTERS):
        try:
            kind: type[Adapter] = registry.load(registry.ADAPTERS, name)
        except registry.NotInstalled as error:
            yield f"{name:16}  {error}"
            continue
        line = kind.typical
        yield f"{name:16}  {kind.summary}"
        yield f"{'':16}  speaks {line.speaks}, hears {line.hears}"
        for ability, able in abilities(line).items():
            yield f"{'':16}  {'yes' if able else 'no ':3}  {ability}"


def voice_lines() -> Iterator[str]:
    """Every voice by its name in a scenario, then the transcribers."""
    for provider in registry.names(registry.VOICES):
        try:
            kind: VoiceProvider = registry.load(registry.VOICES, provider)
        except registry.NotInstalled as error:
            yield f"{provider:16}  {error}"
            continue
        voices = kind.voices()
        yield f"{provider}/…  voices: {' '.join(v for v in voices if not v.startswith('+'))}"
        variants = [voice for voice in voices if voice.startswith("+")]
        if variants:
            yield f"{provider}/…  variants, to be put behind a voice: {' '.join(variants)}"
    yield f"transcribers: {' '.join(registry.names(registry.TRANSCRIBERS))}"
