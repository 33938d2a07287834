"""The settings of a telephone call."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calls import plans_of
from voicetest.adapters.twilio import TwilioAgentAdapter
from voicetest.adapters.twilio_credentials import Credentials
from voicetest.audio.chunk import AudioFormat, Encoding
from voicetest.errors import ScenarioError, SetupError
from voicetest.events import Audio, Dtmf, Interrupted
from voicetest.executor.plan import Plan, plan
from voicetest.scenario.load import load_scenario
from voicetest.speech.providers import Speech

SID = "AC" + "0" * 32
VARIABLES = ("ACCOUNT_SID", "AUTH_TOKEN", "API_KEY", "API_SECRET")


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"TWILIO_{name}", raising=False)


def _file(folder: Path, settings: str, script: str = "[agent]", top: str = "") -> Path:
    file = folder / "scenario.yaml"
    agent = f"{{adapter: twilio, phone_number: '+15550100001', {settings}}}"
    file.write_text(f"version: 1\nagent: {agent}\nscript: {script}\n{top}")
    return file


def _plan(folder: Path, speech: Speech, settings: str) -> Plan:
    return plan(_file(folder, settings), {}, speech)


def _adapter(folder: Path, speech: Speech, settings: str) -> TwilioAgentAdapter:
    adapter = _plan(folder, speech, settings).adapter
    assert isinstance(adapter, TwilioAgentAdapter)
    return adapter


def test_two_numbers_are_all_that_must_be_named(tmp_path: Path, speech: Speech) -> None:
    adapter = _adapter(tmp_path, speech, "to: '+15550100123'")
    line = adapter.capabilities
    assert line.speaks == line.hears == AudioFormat(Encoding.MULAW, 8_000)
    assert line.paced
    assert line.continuous
    assert Audio in line.sends
    assert Dtmf in line.receives
    assert Dtmf not in line.sends  # over REST they would end the stream
    assert Interrupted not in line.sends
    assert adapter.outside == ("agent.base_url (api.twilio.com)",)
    assert (adapter.http_host, adapter.http_port) == ("127.0.0.1", 8765)
    assert adapter.dial_limit > adapter.timeout == 120


def test_keys_can_be_pressed_over_rest_where_another_leg_streams(
    tmp_path: Path, speech: Speech
) -> None:
    adapter = _adapter(tmp_path, speech, "to: '+15550100123', topology: two_numbers")
    assert Dtmf in adapter.capabilities.sends


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("", "whom to call"),
        ("to: '+15550100001'", "cannot call itself"),
        ("to: 15550100123", "telephone number such as"),
        ("to: '+1 555 0100123'", "telephone number such as"),
        ('to: "+1555010012\\uff13"', "telephone number such as"),
        ("to: '+15550100123', allowed_callees: ['+15550100124']", "not among 'allowed_callees'"),
        ("to: '+15550100123', allowed_callers: ['+15550100124']", "for direction answer"),
        ("to: '+15550100123', announcement: Hello", "for topology two_numbers"),
        ("direction: answer, to: '+15550100123'", "to is for direction call"),
        ("direction: answer, topology: direct", "topology is for direction call"),
        ("direction: answer, machine_detection: true", "for direction call"),
        ("to: '+15550100123', account_sid: AC12", "expected AC and 32 digits"),
        ("to: '+15550100123', http_port: 70000", "65535"),
        ("to: '+15550100123', timeout: 11m", "600"),
        ("to: '+15550100123', public_base_url: 'http://a.example'", "encrypted"),
        ("to: '+15550100123', public_base_url: 'https://a.example/?x=1'", "no '\\?'"),
        ("to: '+15550100123', public_base_url: 'https://u:p@a.example/'", "no user"),
        ("to: '+15550100123', tunnel: bore", "cloudflared"),
        (
            "to: '+15550100123', tunnel: ngrok, public_base_url: 'https://a.example'",
            "leave public_base_url out",
        ),
        ("to: '+15550100123', api_key: SK1", "go together"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    tmp_path: Path, speech: Speech, settings: str, says: str
) -> None:
    with pytest.raises(ScenarioError, match=says):
        _plan(tmp_path, speech, settings)


def test_of_a_number_that_is_wrong_only_its_end_is_shown(tmp_path: Path, speech: Speech) -> None:
    with pytest.raises(ScenarioError) as refused:
        _plan(tmp_path, speech, "to: '15550100987'")
    assert "0987" in str(refused.value)
    assert "5550100987" not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "signed"),
    [
        ("https://a.example", "https://a.example"),
        ("https://a.example/", "https://a.example"),
        ("https://a.example:443/tests/", "https://a.example/tests"),
        ("https://a.example:8443", "https://a.example:8443"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
    ],
)
def test_the_public_address_is_kept_as_twilio_signs_it(
    tmp_path: Path, speech: Speech, written: str, signed: str
) -> None:
    adapter = _adapter(tmp_path, speech, f"to: '+15550100123', public_base_url: '{written}'")
    assert adapter.public_base_url == signed


def test_credentials_and_a_way_in_are_missed_before_anybody_is_called(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path, "to: '+15550100123'")
    with pytest.raises(SetupError, match="TWILIO_ACCOUNT_SID") as missing:
        plans_of([file], speech)
    assert "public_base_url" in str(missing.value)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", SID)
    monkeypatch.setenv("TWILIO_API_KEY", "SK1")
    monkeypatch.setenv("TWILIO_API_SECRET", "secret-of-the-key")
    with pytest.raises(SetupError, match="signs with the account's auth token"):
        plans_of([file], speech)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "secret-of-the-account")
    with pytest.raises(SetupError, match=r"^[^\n]*has to reach this machine at port 8765[^\n]*$"):
        plans_of([file], speech)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="cloudflared is not installed"):
        plans_of([_file(tmp_path, "to: '+15550100123', tunnel: cloudflared")], speech)


def test_the_key_asks_and_the_token_checks(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(VARIABLES, (SID, "the-token", "SK1", "the-secret"), strict=True):
        monkeypatch.setenv(f"TWILIO_{name}", value)
    adapter = _adapter(tmp_path, speech, "to: '+15550100123'")
    assert adapter.credentials == Credentials(SID, "SK1", "the-secret")
    assert adapter.token == "the-token"  # noqa: S105  # made for this test
    assert {"the-token", "the-secret"} <= adapter.secrets
    own = _adapter(tmp_path, speech, "to: '+15550100123', auth_token: written-here")
    assert own.credentials == Credentials(SID, SID, "written-here")


def test_without_signatures_no_token_is_needed_besides_a_key(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", SID)
    adapter = _adapter(
        tmp_path,
        speech,
        "to: '+15550100123', api_key: SK1, api_secret: s, validate_signature: false, "
        "public_base_url: 'https://a.example'",
    )
    assert adapter.missing == ()


def test_numbers_are_redacted_wherever_they_come_from(
    tmp_path: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = "to: '${to}', allowed_callees: ['+15550100123', '+15550100124']"
    file = _file(tmp_path, settings, top="vars: {to: '+15550100123'}\n")
    planned = plan(file, {}, speech)
    mask = planned.file.secrets.mask
    assert mask("from +15550100001 to +15550100123") == "from ***0001 to ***0123"
    assert mask("--var to=+15550100124") == "--var to=***0124"
    assert mask("+155501001234") == "+155501001234"  # a longer number is another one
    assert load_scenario(file).secrets.mask("+15550100123") == "+15550100123"
