"""A text reads the same however it is escaped, and where it stood stays known."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicetest.scenario.disguises import encoded, views

TEXTS = st.text(max_size=40, alphabet=st.one_of(st.characters(), st.sampled_from('%\\u&#;x0aä"\n')))


@given(TEXTS)
def test_every_stretch_of_every_view_is_a_stretch_of_the_text(text: str) -> None:
    for view in views(text):
        edges = [view.original(at, at + 1) for at in range(len(view.text))]
        assert all(0 <= start < end <= len(text) for start, end in edges)
        assert edges == sorted(edges)


@given(st.text(max_size=40, alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_escaped_in_a_url_is_found_where_it_stands(text: str) -> None:
    whole = f"a {quote(text, safe='')} b"
    read = [view for view in views(whole) if view.text == f"a {text} b"]
    assert read
    assert read[0].original(2, 2 + len(text)) == (2, len(whole) - 2) or not text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a\\u0062c", "abc"),
        ("\\ud83d\\ude00", "😀"),
        ("\\u{1F600}\\U0001F600", "😀😀"),
        ("\\U00FFFFFF", "\\U00FFFFFF"),
        ('\\/\\n\\"', '/\n"'),
        ("&amp;&#65;&#x42;&nosuch;", "&AB&nosuch;"),
        ("%zz%", "%zz%"),
        ("%E4", "ä"),
        ("\\", "\\"),
    ],
)
def test_each_kind_of_escape_is_undone(text: str, plain: str) -> None:
    *_, last = [view for view in views(text) if "\n" not in view.text or view.text == plain]
    assert last.text == plain or plain in [view.text for view in views(text)]


def test_escapes_are_undone_three_times() -> None:
    text = "/"
    for _ in range(4):
        text = quote(text, safe="")
    assert [view.text for view in views(text)][-1] == "%2F"


def test_encoded_texts_are_those_that_stand_in_all_longer_ones() -> None:
    assert set(encoded("secret")) == {"736563726574", "c2VjcmV0", "NlY3Jld", "zZWNyZX"}
