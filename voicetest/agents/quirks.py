"""What platforms do besides their documentation, for simulators that are told to."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["QUIRKS"]

QUIRKS: Mapping[str, str] = {
    "error_mid_response": "An error that changes nothing comes in the middle of each answer.",
    "invalid_key": "The key is refused after the line has opened: it closes with code 3000.",
    "late_transcripts": "What the agent understood is reported after its answer.",
    "legacy_names": "Events have the names of the platform's beta.",
    "odd_deltas": "Each piece of sound ends with half a sample.",
    "response_failed": "The second answer ends as failed, before any sound.",
    "session_expired": "In the middle of the second answer the session hits its limit and ends.",
}
"""The names that `faults:` of a dialogue may hold for a simulated platform, with what they mean."""
