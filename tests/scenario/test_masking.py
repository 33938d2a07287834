"""Whatever shape a secret has where it stands, it is not written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from enum import Enum
from time import process_time
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.scenario.disguised import DISGUISES
from voicetest.call.timeline import Note
from voicetest.events import ALL_EVENTS, Audio
from voicetest.report.manifest import Manifest
from voicetest.scenario.learned import MOST_PASSING
from voicetest.scenario.masking import FIXED, Secrets

PLANTED = "zq8Vw2KxLm4TnRp7yy"
SIGNS = 'pä ss/w"r&d😀+<%>x1'


@pytest.mark.parametrize("secret", [PLANTED, SIGNS])
@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("around", ["{}", "xx{}yy", "https://h/a?b={}&c", '{{"key": "{}"}}'])
def test_a_secret_is_masked_in_every_disguise(secret: str, disguise: str, around: str) -> None:
    text = around.format(DISGUISES[disguise](secret))
    masked = Secrets(frozenset({secret})).mask(text)
    assert DISGUISES[disguise](secret) not in masked
    assert "***" in masked


@given(st.text(min_size=8, alphabet=st.characters(exclude_categories=["Cs"])), st.text(), st.text())
def test_no_secret_survives_between_spaces(secret: str, before: str, after: str) -> None:
    masked = Secrets(frozenset({secret})).mask(f"{before} {secret} {after}")
    assert masked.count(secret) <= f"{before}{after}".count(secret) + masked.count("***")
    assert "***" in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("the key is abcd1234", "the key is ***"),
        ("abcd1234, abcd1234", "***, ***"),
        ("Bearer=abcd1234;", "Bearer=***;"),
        ("xabcd1234", "x***"),
        ("abcd1234x", "***x"),
        ("abcd1234_5", "***_5"),
        ("short pin1", "short pin1"),
        ("six is 123456, and not 1234567", "six is ***, and not 1234567"),
        ("a/b+c/d+e== done", "*** done"),
        ("abcd1234-abcd1234", "***"),
        ("the password, passwords", "the ***, passwords"),
        ("no common word", "no common word"),
    ],
)
def test_short_secrets_and_words_are_masked_as_whole_tokens_or_not_at_all(
    text: str, masked: str
) -> None:
    values = frozenset(
        {"abcd1234", "pin1", "a/b+c/d+e==", "abcd1234-abcd1234", "123456", "password", "common"}
    )
    assert Secrets(values).mask(text) == masked


def test_a_secret_whose_end_was_cut_off_is_masked() -> None:
    secrets = Secrets(frozenset({PLANTED}))
    assert secrets.mask(f"bad key '{PLANTED[:9]}…'") == "bad key '***…'"
    assert secrets.mask(f"bad key {PLANTED[:12]}") == "bad key ***"
    assert secrets.mask(f"{PLANTED[:9]} is a beginning") == f"{PLANTED[:9]} is a beginning"


def test_a_secret_over_two_lines_is_masked() -> None:
    masked = Secrets(frozenset({PLANTED})).mask(f"wrapped: {PLANTED[:7]}\n    {PLANTED[7:]} end")
    assert masked == "wrapped: *** end"


def test_what_is_secret_in_a_header_is_masked_alone_too() -> None:
    secrets = Secrets().also([f"Bearer {PLANTED}", "Basic dXNlcjpodW50ZXIyMjIy"])
    assert secrets.mask(f"got {PLANTED}, for user hunter2222") == "got ***, for user ***"


def test_what_is_learned_later_is_masked_from_then_on_by_all_that_were_made_of_it() -> None:
    first = Secrets()
    second = first.also(["abcd1234"])
    assert second.mask(PLANTED) == PLANTED
    first.learn(f"wss://host/call?token={PLANTED}")
    assert second.mask(f"abcd1234 {PLANTED} wss://host/call") == "*** *** wss://host/call"


def test_names_and_ids_are_masked_like_other_texts() -> None:
    event = {"type": "tool_call", "by": "agent", "id": PLANTED, "name": f"a_{PLANTED}"}
    assert Secrets(frozenset({PLANTED})).mask_value(event) == {
        "type": "tool_call",
        "by": "agent",
        "id": "***",
        "name": "a_***",
    }


def test_keys_and_numbers_that_somebody_else_wrote_are_masked() -> None:
    event = {"fields": {PLANTED: 1, "n": 12345678, "deep": [{"m": 12345678.0}], "on": True}}
    masked = Secrets(frozenset({PLANTED, "12345678"})).mask_value(event)
    assert masked == {"fields": {"***": 1, "n": "***", "deep": [{"m": "***.0"}], "on": True}}


def test_the_vocabulary_of_results_stays_as_it_is() -> None:
    secrets = Secrets(frozenset({"platform", "manifest.json"}))
    event = {"by": "platform", "file": "manifest.json", "text": "platform"}
    assert secrets.mask_value(event) == {**event, "text": "***"}


def test_settings_that_are_named_like_secrets_are_masked_however_short() -> None:
    settings = {"api_key": "abc", "token": "${env.T}", "url": "ws://h/?key=ab&x=1", "key": "<key>"}
    assert Secrets().mask_value({"settings": settings}) == {
        "settings": {**settings, "api_key": "***", "url": "ws://h/?key=***&x=1"}
    }


def test_every_field_with_a_fixed_vocabulary_is_left_alone() -> None:
    models = [Manifest, *(ALL_EVENTS - {Audio}), *get_args(Note)]
    closed = {name for model in models for name in _closed(model)}
    assert closed - {"reason"} <= FIXED  # an event's reason is free on other events


def _closed(model: Any) -> Iterator[str]:
    """The names, in a model and in all below it, of fields whose texts are of a fixed list."""
    for name, hint in _hints(model).items():
        leaves = list(_leaves(hint))
        if any(
            (get_origin(leaf) is Literal and isinstance(get_args(leaf)[0], str))
            or (isinstance(leaf, type) and issubclass(leaf, Enum))
            for leaf in leaves
        ):
            yield name
        if name not in FIXED:
            yield from (n for leaf in leaves if _is_model(leaf) for n in _closed(leaf))


def _hints(model: Any) -> dict[str, Any]:
    if issubclass(model, BaseModel):
        return {name: field.annotation for name, field in model.model_fields.items()}
    hints = get_type_hints(model)
    return {field.name: hints[field.name] for field in fields_of(model)}


def _is_model(leaf: Any) -> bool:
    return isinstance(leaf, type) and (issubclass(leaf, BaseModel) or is_dataclass(leaf))


def _leaves(hint: Any) -> Iterator[Any]:
    if get_origin(hint) in (None, Literal):
        yield hint
    else:
        for argument in get_args(hint):
            yield from _leaves(argument)


def test_a_whole_field_is_written_back_as_it_stands_in_the_file() -> None:
    secrets = Secrets.of(["Rome12"], {}, [("Via Rome12", "Via ${env.CITY}"), ("a1", "${env.A}")])
    assert secrets.mask("in Via Rome12!") == "in Via ${env.CITY}!"
    assert secrets.mask("a1") == "${env.A}"
    assert secrets.mask(json.dumps({"x": "Via Rome12"})) == '{"x": "Via ${env.CITY}"}'


def test_variables_named_like_secrets_are_secret() -> None:
    environment = {
        "MY_API_KEY": "value-number-1",
        "my_token": "value-number-2",
        "DB_PASSWORD": "value-number-3",
        "CLIENT_SECRET": "value-number-4",
        "EDITOR": "value-number-5",
        "TOKEN": "value-number-6",
        "HTTPS_PROXY": "http://me:value-number-7@proxy:3128",
        "MONKEY": "value-number-8",
    }
    secrets = Secrets.of([], environment)
    shown = [number for number in range(1, 9) if secrets.mask(f"value-number-{number}") != "***"]
    assert shown == [5, 8]
    assert "value" not in repr(secrets)


def test_any_number_of_calls_may_have_secrets_of_their_own() -> None:
    secrets = Secrets(frozenset({"ab12cd34"}))
    for number in range(2 * MOST_PASSING):
        secrets.learn(f"token-{number:06}")
    assert secrets.mask("ab12cd34 token-000999 token-000000") == "*** *** token-000000"
    assert len(secrets.learned.texts) == MOST_PASSING


@pytest.mark.parametrize("filler", [" ", "\t", "%", "\\", "&", "a=?", "://", "\n ", PLANTED[:8]])
def test_long_texts_of_a_peer_cost_no_more_than_their_length(filler: str) -> None:
    secrets = Secrets(frozenset({PLANTED}))
    text = f"{PLANTED[:9]}{filler * (200_000 // len(filler))}x{PLANTED}\n"
    began = process_time()
    assert PLANTED not in secrets.mask(text)
    assert process_time() - began < 5
