"""What platforms do besides their documentation, for simulators that are told to."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["QUIRKS"]

QUIRKS: Mapping[str, str] = {
    # ElevenLabs
    "late_corrections": "What was heard of an interrupted answer is told with the next answer.",
    "no_event_ids": "No message has a number, as on older servers.",
    "override_refused": "The agent allows no setting to be overridden, and ends such a call.",
    "pcm_16000": "Sound is PCM at 16 kHz both ways, as it is anyway.",
    "pcm_24000": "Sound is PCM at 24 kHz both ways.",
    "silence_ignored": "From the second turn on, silence that was made does not end the user's.",
    "ulaw_8000": "Sound is µ-law at 8 kHz both ways.",
    "wedge": "It takes the call and then asks whether anybody is there, and nothing else.",
    # Gemini Live
    "async_tools": "Turns are complete while a function runs; only the last one is idle.",
    "go_away": "The server says that it leaves, and ten seconds later it does.",
    "quota": "The quota is used up (close code 1011).",
    "snake_case": "The server writes its keys in snake_case.",
    "spurious_interruption": "A user who begins to speak after an answer is taken to interrupt it.",
    "tool_input_refused": "Sound that comes while a function runs ends the session (code 1008).",
    "unknown_model": "The model is not known (close code 1008).",
    # Gemini Live and OpenAI Realtime
    "invalid_key": "The key is refused after the line has opened.",
    "late_transcripts": "What was said is reported after the answer.",
    # LiveKit
    "livekit_deletes_room": "The room is deleted in the middle of the call.",
    "livekit_duplicate": "Somebody else comes with the caller's identity, and takes its place.",
    "livekit_late_track": "The agent publishes its track two seconds after it came.",
    "livekit_mutes": "The agent mutes its track in the middle of the call.",
    "livekit_no_agent": "No agent comes into the room.",
    "livekit_standard": "The agent is no agent by kind, and does not tell its state.",
    "livekit_shutdown": "The server shuts down in the middle of the call.",
    "livekit_unpublishes": "The agent takes its track away in the middle of the call.",
    "livekit_wrong_secret": "The server knows another secret (401).",
    # OpenAI Realtime
    "error_mid_response": "An error that changes nothing comes in the middle of each answer.",
    "legacy_names": "Events have the names of the platform's beta.",
    "odd_deltas": "Each piece of sound ends with half a sample.",
    "response_failed": "The second answer ends as failed, before any sound.",
    "session_expired": "In the middle of the second answer the session hits its limit and ends.",
    # Twilio
    "twilio_abrupt_close": "Three seconds into a stream its connection breaks (code 1011).",
    "twilio_busy": "Whoever is called is busy.",
    "twilio_failed": "Calls fail before it rings.",
    "twilio_jitter": "A stream's sound comes in bursts of up to 60ms.",
    "twilio_late_start": "Streams are opened three seconds late.",
    "twilio_machine": "A machine answers, for calls that let Twilio find out.",
    "twilio_no_answer": "Nobody answers.",
    "twilio_rate_limited": "The first two requests are too many (429).",
    "twilio_server_errors": "The first two requests meet a fault of Twilio's (503).",
    "twilio_swallows_tones": "Tones in a stream's sound are no keys to whoever is called.",
    "twilio_wrong_signature": "Webhooks and streams are signed by somebody else.",
    "twilio_wrong_token": "Twilio does not know the credentials (401).",
    # Vapi
    "vapi_forgets_line": "Vapi creates the call and does not say where its line is.",
    "vapi_no_assistant": "Vapi does not know the assistant (404).",
    "vapi_no_credit": "Vapi wants to be paid first (402).",
    "vapi_streams": "Vapi sends its sound in real time, 200ms after it tells of it, and silence "
    "while nobody speaks.",
    "vapi_too_many_calls": "Vapi has too many calls of this organisation (429).",
    "vapi_web_page": "A web page answers in Vapi's place.",
    "vapi_wraps": 'Vapi puts each message into another: {"message": {…}}.',
    "vapi_wrong_key": "Vapi does not know the key (401).",
    # WebRTC, and Pipecat over WebRTC
    "webrtc_busy": "The agent has a call already (409).",
    "webrtc_channel_closes": "Three seconds into the call the data channel is closed.",
    "webrtc_late_track": "No packet of the agent's sound comes in the first three seconds.",
    "webrtc_loses_packets": "One packet of sound in five is lost, both ways.",
    "webrtc_mutes": "Four seconds into the call no packet of the agent's sound comes any more.",
    "webrtc_never_answers": "The request with the offer is never answered.",
    "webrtc_no_sound": "The agent's answer switches its sound off.",
    "webrtc_unreachable": "The addresses in the agent's answer lead nowhere.",
    "webrtc_web_page": "A web page answers in the agent's place.",
    # Pipecat over WebRTC
    "webrtc_renegotiates": "Two seconds into the call the bot wants another offer.",
}
"""The names that `faults:` of a dialogue may hold for a simulated platform, with what they mean."""
