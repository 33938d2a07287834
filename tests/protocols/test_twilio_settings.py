"""What a scenario may say of a media stream."""

from __future__ import annotations

import json

import pytest

from tests.protocols.spoken import mistakes, spoken
from voicetest.protocols.base import End
from voicetest.protocols.twilio_settings import MediaStreamSettings

STREAM = "MZ18ad3ab5a668481ce02b83e7395059f0"
CALL = "CA8d3f3ab5a668481ce02b83e7395059f0"


def test_the_settings_name_the_stream_and_what_the_agent_is_given() -> None:
    settings = spoken(
        f"""\
        protocol:
          preset: twilio_media_stream
          stream_sid: {STREAM}
          call_sid: {CALL}
          parameters: {{run: r1, from_number: "+15550100"}}
          paced: true
        """
    )
    assert isinstance(settings, MediaStreamSettings)
    codec = settings.codec(End.CLIENT)
    start = json.loads(codec.start()[1])["start"]
    assert (start["streamSid"], start["callSid"]) == (STREAM, CALL)
    assert start["customParameters"] == {"run": "r1", "from_number": "+15550100"}
    assert codec.paced


def test_each_connection_has_names_of_its_own() -> None:
    settings = MediaStreamSettings()
    one, other = (json.loads(settings.codec(End.CLIENT).start()[1]) for _ in range(2))
    assert one["streamSid"] != other["streamSid"]


@pytest.mark.parametrize(
    ("key", "prefix", "value", "found"),
    [
        ("stream_sid", "MZ", "MZ12", "'MZ12'"),
        ("stream_sid", "MZ", CALL, f"'{CALL}'"),
        ("stream_sid", "MZ", STREAM.upper(), f"'{STREAM.upper()}'"),
        ("stream_sid", "MZ", STREAM + "0", f"'{STREAM}0'"),
        ("call_sid", "CA", STREAM, f"'{STREAM}'"),
        ("call_sid", "CA", "CACA" + "0" * 30, f"'CACA{'0' * 30}'"),
        ("call_sid", "CA", "0" * 34, f"'{'0' * 34}'"),
        ("call_sid", "CA", "5", "'5'"),
    ],
)
def test_a_name_that_twilio_would_not_give_is_refused(
    key: str, prefix: str, value: str, found: str
) -> None:
    assert mistakes(f"protocol:\n  preset: twilio_media_stream\n  {key}: {value}\n") == [
        f"3:{len(key) + 5}: expected {prefix} and 32 digits of 0-9 and a-f, found {found}"
    ]
