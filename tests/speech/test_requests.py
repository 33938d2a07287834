"""When a provider is asked again, and what people are told when that does not help."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from pydantic import SecretStr

from tests.speech.speech_server import PAGE, Answer, error, json_answer, speech_server
from voicetest.clock import Clock, run
from voicetest.errors import ConnectionFailed, SetupError, VoicetestError
from voicetest.models.retries import Retries
from voicetest.speech.account import Account
from voicetest.speech.connections import accepted, http_errors
from voicetest.speech.naming import Naming
from voicetest.speech.refusal import Cause, Refusal
from voicetest.speech.requests import Provider, Requests

KEY = "sk-very-secret-key-4711"
COMPANY = Provider("Company", ("COMPANY_KEY", "OLD_KEY"), "COMPANY_URL", "https://company.invalid")
SOUND = Answer(b"\x01\x00" * 100)


def _requests(naming: Naming | None = None, account: Account | None = None) -> Requests:
    own = account or Account(keys={"COMPANY_KEY": SecretStr(KEY)})
    return Requests("the voice company/ann", COMPANY, naming or Naming("ann"), own)


def _fails(*refusals: Refusal) -> Callable[[httpx.AsyncClient], Awaitable[str]]:
    left = list(refusals)

    async def attempt(http: httpx.AsyncClient) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return attempt


def _timed(attempt: Callable[[httpx.AsyncClient], Awaitable[str]]) -> tuple[str, float]:
    async def ask() -> tuple[str, float]:
        start = asyncio.get_running_loop().time()
        try:
            found = await _requests().ask(attempt)
        except VoicetestError as failure:
            found = str(failure)
        return found, asyncio.get_running_loop().time() - start

    return run(ask(), Clock.VIRTUAL)


@pytest.mark.parametrize(
    "cause", [Cause.BUSY, Cause.BROKEN, Cause.SLOW, Cause.UNREACHABLE, Cause.CUT_OFF]
)
def test_what_may_pass_is_asked_again_after_ever_longer_pauses(cause: Cause) -> None:
    found, took = _timed(_fails(*[Refusal(cause)] * 3))
    assert found == "done"
    assert 0.25 + 0.5 + 1 <= took <= 0.5 + 1 + 2


@pytest.mark.parametrize("cause", [Cause.KEY, Cause.CREDIT, Cause.REQUEST, Cause.NONSENSE])
def test_what_does_not_pass_is_asked_once(cause: Cause) -> None:
    found, took = _timed(_fails(Refusal(cause, status=400)))
    assert found != "done"
    assert took == 0


def test_pauses_differ_so_that_two_who_were_refused_do_not_come_back_together() -> None:
    assert len({_timed(_fails(Refusal(Cause.BUSY)))[1] for _ in range(5)}) > 1


def test_a_provider_that_says_when_is_asked_then_and_not_before() -> None:
    found, took = _timed(_fails(Refusal(Cause.BUSY, retry_after=20.0)))
    assert found == "done"
    assert took == 20


def test_a_provider_that_wants_a_long_pause_is_not_waited_for() -> None:
    found, took = _timed(_fails(Refusal(Cause.BUSY, "later", 429, retry_after=3600.0)))
    assert found.endswith("answered HTTP 429 'later': too many requests: try again in 3600 s")
    assert took == 0


def test_no_more_than_four_attempts_are_made() -> None:
    found, _ = _timed(_fails(*[Refusal(Cause.BROKEN, "oh", 503)] * 4))
    assert found == (
        "the voice company/ann: Company answered HTTP 503 'oh', 4 times: the fault is at its side: "
        "try again later"
    )


def test_a_provider_that_says_nothing_is_given_up_in_the_end() -> None:
    async def attempt(http: httpx.AsyncClient) -> str:
        await asyncio.get_running_loop().create_future()
        return "never"

    found, took = _timed(attempt)
    assert "did not answer in time, 3 times" in found
    assert took <= 150


def test_the_key_comes_from_the_account_and_else_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPANY_KEY", "of the environment")
    assert _requests().key() == KEY
    assert _requests(account=Account()).key() == "of the environment"
    monkeypatch.delenv("COMPANY_KEY")
    monkeypatch.setenv("OLD_KEY", "old")
    assert _requests(account=Account()).key() == "old"
    monkeypatch.delenv("OLD_KEY")
    with pytest.raises(SetupError, match="the voice company/ann needs COMPANY_KEY in the envir"):
        _requests(account=Account()).key()


def test_an_address_in_a_scenario_gets_only_the_key_that_is_named_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("THEIRS", "their key")
    elsewhere = "http://elsewhere.invalid/v1"
    assert _requests(Naming("ann", base_url=elsewhere)).key() == "none"
    theirs = Naming("ann", base_url=elsewhere, key_env="THEIRS")
    assert _requests(theirs).key() == "their key"
    assert _requests(theirs).base_url == elsewhere


def test_the_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _requests().base_url == "https://company.invalid"
    monkeypatch.setenv("COMPANY_URL", "http://127.0.0.1:9/v1/")
    assert _requests().base_url == "http://127.0.0.1:9/v1"
    assert _requests().key() == KEY


def test_keys_are_in_no_text_that_could_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    account = Account(keys={"COMPANY_KEY": SecretStr(KEY)})
    refusal = Refusal(Cause.REQUEST, f"wrong: {KEY}", 400)
    assert KEY not in f"{account!r} {refusal!r} {refusal} {refusal.shown}"
    assert refusal.words == "wrong: ***"


async def _post(url: str) -> str:
    async def attempt(http: httpx.AsyncClient) -> str:
        with http_errors():
            answer = accepted(await http.post(url, content=b"x"))
            return answer.headers["content-type"]

    return await _requests(Naming("ann", base_url=url)).ask(attempt)


@pytest.mark.process
@pytest.mark.parametrize(
    "first",
    [
        error(429, "rate_limit_exceeded", headers={"retry-after": "0.1"}),
        error(429, "rate_limit_exceeded"),
        error(500),
        json_answer({"detail": {"status": "system_busy", "message": "busy"}}, 503),
        Answer(b"x" * 1000, cut_at=500),
        Answer(hang_up=True),
    ],
    ids=["429 with retry-after", "429 without", "500", "503", "cut off", "hung up"],
)
def test_a_server_that_fails_once_is_asked_again(first: Answer) -> None:
    with speech_server(first, SOUND) as server:
        assert asyncio.run(_post(server.url)) == "audio/pcm"
    assert len(server.asked) == 2


_QUOTA_OF_THE_DAY = json_answer(
    {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota",
            "status": "RESOURCE_EXHAUSTED",
            "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}],
        }
    },
    429,
)
_NO_SUCH_VOICE = json_answer({"detail": {"status": "voice_not_found", "message": "none"}}, 400)
_WRONG_FIELD = json_answer({"detail": [{"loc": ["body"], "msg": "too long", "type": "x"}]}, 422)


@pytest.mark.process
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error(401, "invalid_api_key", "sk-x"), SetupError, r"key \(HTTP 401\): check COMPANY_KEY"),
        (error(403), SetupError, r"refuses the key \(HTTP 403\)"),
        (error(402, "", "Pay"), SetupError, "HTTP 402 'Pay': the account has no credit or plan"),
        (error(429, "insufficient_quota"), SetupError, "HTTP 429 'no': the account has no credit"),
        (
            json_answer({"detail": {"status": "quota_exceeded", "message": "all used"}}, 401),
            SetupError,
            "HTTP 401 'all used': the account has no credit",
        ),
        (_QUOTA_OF_THE_DAY, SetupError, "'You exceeded your current quota': the account has no"),
        (_NO_SUCH_VOICE, ConnectionFailed, "HTTP 400 'none': check its name, model and options"),
        (_WRONG_FIELD, ConnectionFailed, "HTTP 422 'too long': check its name"),
        (error(404, "model_not_found", "gone"), ConnectionFailed, "HTTP 404 'gone': check its na"),
        (
            Answer(status=307, headers={"Location": "https://elsewhere.invalid"}),
            ConnectionFailed,
            "is not Company: it redirects, which is not followed: check the address",
        ),
        (
            Answer(PAGE.body, 404, PAGE.media_type),
            ConnectionFailed,
            "Company answered HTTP 404: check its name",
        ),
    ],
)
def test_a_refusal_is_told_once_with_what_to_do(
    answer: Answer, kind: type[VoicetestError], words: str
) -> None:
    with speech_server(answer) as server, pytest.raises(kind, match=words) as raised:
        asyncio.run(_post(server.url))
    assert len(server.asked) == 1
    assert "sk-x" not in str(raised.value)


@pytest.mark.process
def test_nobody_at_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicetest.speech.requests.RETRIES", Retries(first_s=0.001))
    with pytest.raises(ConnectionFailed, match=r"cannot reach Company at http://127\.0\.0\.1:9: "):
        asyncio.run(_post("http://127.0.0.1:9"))
