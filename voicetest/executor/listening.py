"""Listens to the recording of a call that was made."""

from __future__ import annotations

from dataclasses import replace

from voicetest.call.record import (
    CallRecord,
    agent_formants,
    agent_speech,
    speech_defects,
)
from voicetest.clock import Interruption
from voicetest.executor.border import Border
from voicetest.executor.made import Made
from voicetest.speech.cache import Cache

__all__ = ["listened"]


def listened(made: Made, cache: Cache, interruption: Interruption | None = None) -> CallRecord:
    """The record of a call with what is on its recording; an error in that is the call's."""
    record = made.record
    border = Border("listening to the recording", interruption)
    with border:
        known = made.heard
        speech = agent_speech(made.recording, cache) if known is None else known
        record = replace(
            record,
            agent_speech=speech,
            defects=speech_defects(made.recording, speech),
            formants=agent_formants(made.recording, speech),
        )
    return record if record.error is not None else replace(record, error=border.error)
