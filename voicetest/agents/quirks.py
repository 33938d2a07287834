"""What platforms do besides their documentation, for simulators that are told to."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["QUIRKS"]

QUIRKS: Mapping[str, str] = {
    "vapi_forgets_line": "Vapi creates the call and does not say where its line is.",
    "vapi_no_assistant": "Vapi does not know the assistant (404).",
    "vapi_no_credit": "Vapi wants to be paid first (402).",
    "vapi_streams": "Vapi sends its sound in real time, 200ms after it tells of it, and silence "
    "while nobody speaks.",
    "vapi_too_many_calls": "Vapi has too many calls of this organisation (429).",
    "vapi_web_page": "A web page answers in Vapi's place.",
    "vapi_wraps": 'Vapi puts each message into another: {"message": {…}}.',
    "vapi_wrong_key": "Vapi does not know the key (401).",
}
"""The names that `faults:` of a dialogue may hold for a simulated platform, with what they mean."""
