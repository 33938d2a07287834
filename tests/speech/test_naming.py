from __future__ import annotations

import pytest

from voicetest.registry import UnknownName
from voicetest.speech.naming import Naming

OPTIONS = {"model", "language", "instructions", "base_url", "key_env"}


def test_a_name_without_options_is_itself() -> None:
    assert Naming.of("groq/whisper-large-v3", "x", OPTIONS) == Naming("groq/whisper-large-v3")
    assert Naming.of("", "x", OPTIONS) == Naming("")


def test_options_stand_behind_a_question_mark_as_they_are_or_encoded() -> None:
    text = "coral?model=tts-1&instructions=Speak slowly, 50% slower%26softer&language=de"
    expected = Naming("coral", "tts-1", "de", "Speak slowly, 50% slower&softer")
    assert Naming.of(text, "openai", OPTIONS) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("coral?modell=x", r"openai has no option 'modell' \(did you mean 'model'\?\); there is: "),
        ("coral?model", "the option 'model' of openai needs a value"),
        ("coral?model=", "needs a value"),
        ("coral?subject=x", "no option 'subject'"),
        ("coral?base_url=ftp://x", "expected an address"),
        ("coral?base_url=http://me:secret@host", "without a user"),
        ("coral?base_url=http://[", "expected an address"),
        ("coral?base_url=http://host:99999", "expected an address"),
    ],
)
def test_a_mistake_in_a_name_is_an_unknown_name(text: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        Naming.of(text, "openai", OPTIONS)


def test_an_option_that_a_provider_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownName, match="no option 'instructions'"):
        Naming.of("x?instructions=calm", "elevenlabs", {"model"})
