from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest

from voicetest.agents.sentences import sentences
from voicetest.clock import Clock, run


def _cut(pieces: Iterable[str]) -> list[str]:
    async def written() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    async def main() -> list[str]:
        return [sentence async for sentence in sentences(written())]

    return run(main(), Clock.VIRTUAL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
        ("It costs 3.50 dollars. Really.", ["It costs 3.50 dollars.", "Really."]),
        ("Dr. Smith, i.e. J. Smith, is in. Wait.", ["Dr. Smith, i.e. J. Smith, is in.", "Wait."]),
        ('He said "No way." Then left.', ['He said "No way."', "Then left."]),
        ("Wait… what?", ["Wait…", "what?"]),
        ("First line\nsecond line", ["First line", "second line"]),
        ("1. Open it.\n2. Close it.", ["1. Open it.", "2. Close it."]),
        ("**Bold** and `code`.", ["Bold and code."]),
        ("你好。再见。", ["你好。", "再见。"]),
        ("No end", ["No end"]),
        ("... \n --- ", []),
        ("", []),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(text: str, expected: list[str]) -> None:
    assert _cut([text]) == expected
    assert _cut(text) == expected  # a character at a time


def test_a_sentence_is_given_before_the_next_one_is_written() -> None:
    written: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        for piece in ("One. ", "Two. "):
            written.append(piece)
            yield piece

    async def main() -> None:
        found = sentences(pieces())
        assert await anext(found) == "One."
        assert written == ["One. "]
        await found.aclose()

    run(main(), Clock.VIRTUAL)


def test_a_sentence_without_an_end_is_cut_between_words() -> None:
    found = _cut(["word " * 200])
    assert len(found) > 3
    assert all(len(sentence) <= 240 for sentence in found)
    assert " ".join(found).split() == ["word"] * 200
    assert "".join(_cut(["x" * 600])) == "x" * 600
