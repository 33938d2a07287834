"""The page says what a run was, and nothing that is said in a call can do anything in it."""

from __future__ import annotations

import html.parser
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.report.browsers import opened
from tests.report.conftest import HIDDEN
from tests.report.runs import (
    ODD,
    broken,
    call,
    case_of,
    manifest,
    run_of,
    turn,
    unmet_check,
)
from tests.report.written import Written
from voicetest.audio.wav import WavWriter
from voicetest.checks.result import ToolCallRecord
from voicetest.errors import SetupError
from voicetest.report.html import html as render
from voicetest.report.stored import StoredCall, StoredRun

ATTACK = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">"
LENGTH_S = 20.0


class _Tags(html.parser.HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " " if tag == "td" else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def _record(folder: Path, seconds: float = LENGTH_S) -> None:
    """A tone on each channel by turns, two seconds each."""
    folder.mkdir(parents=True)
    second = (8000 * np.sin(np.arange(24_000) * 0.1)).astype(np.int16)
    with WavWriter(folder / "recording.wav", 2) as writer:
        for at in range(int(seconds)):
            pair = (second, np.zeros_like(second)) if at // 2 % 2 else (0 * second, second)
            writer.write(np.column_stack(pair))


def _talk(folder: Path, number: int = 0, **changes: Any) -> StoredCall:
    """A call of 20 s with ten turns."""
    where = folder / f"talk-{number}"
    _record(where)
    turns = tuple(
        turn(
            index,
            "user" if index % 2 else "agent",
            f"This is turn {index} of the call.",
            start_s=2.0 * index,
            end_s=2.0 * index + 1.9,
        )
        for index in range(10)
    )
    values = {"duration_s": LENGTH_S, "turns": turns, "checks": (unmet_check(at_s=12.0),)}
    found = manifest("failed", "Talk", **{**values, **changes})
    return call("failed", name="Talk", found=found, folder=where, duration_s=LENGTH_S)


def _written(run: StoredRun, path: Path, *, embed: bool = False) -> Path:
    path.write_text(render(run, path, embed=embed), encoding="utf-8")
    return path


def test_everything_about_a_call_is_on_the_page(billing: Written, tmp_path: Path) -> None:
    made = call(billing.result.status, found=billing.returned, folder=billing.folder)
    text = _Tags(render(run_of(made), tmp_path / "report.html")).text
    for spoken in billing.returned.turns:
        assert spoken.transcript in text
    for check in billing.returned.checks:
        assert {check.name, check.where} <= set(text.split())
        assert check.expected in text
    for tool in billing.returned.tool_calls:
        assert tool.name in text
    assert {"response_latency", "frames"} <= set(text.split())
    assert HIDDEN not in text


def test_what_calls_warned_of_stands_at_the_head_of_the_page_and_of_each(tmp_path: Path) -> None:
    found = manifest("passed", "Billing", warnings=(ODD,))
    page = _Tags(render(run_of(call(found=found), call()), tmp_path / "report.html"))
    assert "1 call has warnings: Billing (1)" in page.text
    assert f"{ODD}" in page.text
    links = [attributes for tag, attributes in page.tags if tag == "a"]
    assert {"href": "#call-1"} in links
    quiet = _Tags(render(run_of(call()), tmp_path / "report.html"))
    assert "warnings" not in quiet.text


def test_the_recording_is_found_from_where_the_page_is(tmp_path: Path) -> None:
    run = run_of(_talk(tmp_path / "runs" / "a #1"))
    page = _Tags(render(run, tmp_path / "pages" / "report.html"))
    (audio,) = [attributes for tag, attributes in page.tags if tag == "audio"]
    assert audio["src"] == "../runs/a%20%231/talk-0/recording.wav"


def test_nothing_that_was_said_becomes_markup(tmp_path: Path) -> None:
    tool = ToolCallRecord(
        id="1",
        name=ATTACK,
        arguments=ATTACK,
        at_s=1,
        turn=0,
        result=ATTACK,
        failed=False,
        answered_at_s=1,
    )
    said = call(
        "error",
        name=ATTACK,
        case=ATTACK,
        reason=ATTACK,
        folder=tmp_path,
        found=manifest(
            "error",
            ATTACK,
            turns=(turn(0, "agent", ATTACK, kind=ATTACK),),
            checks=(unmet_check(name=ATTACK, expected=ATTACK, actual=ATTACK, where=ATTACK),),
            tool_calls=(tool,),
            errors=(broken().model_copy(update={"message": ATTACK, "traceback": ATTACK}),),
        ),
    )
    (tmp_path / "events.jsonl").write_text(
        '{"at": 1, "type": "status", "by": "agent", "text": "<script>1</script>"}\n'
    )
    page = _Tags(render(run_of(said), tmp_path / "report.html"))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "img" not in [tag for tag, _ in page.tags]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_the_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    text = render(run_of(_talk(tmp_path)), tmp_path / "report.html")
    page = _Tags(text)
    links = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action") and value is not None
    ]
    assert [link for link in links if not link.startswith(("#", "talk-0/"))] == []
    assert re.findall(r"@import|url\(", text) == []


def test_a_skipped_call_and_one_without_a_recording_are_told(tmp_path: Path) -> None:
    run = run_of(
        call("skipped", reason="not today"),
        call("error", found=manifest("error", "Billing", errors=(broken(),)), folder=tmp_path),
    )
    text = _Tags(render(run, tmp_path / "report.html")).text
    assert "not today" in text
    assert "connection error while calling: closed with code 1011" in " ".join(text.split())
    assert "there is no recording of this call" in text


def test_a_call_that_was_never_put_through_has_nothing_to_play(tmp_path: Path) -> None:
    WavWriter(tmp_path / "recording.wav", 2).close()
    found = manifest("error", "Billing", errors=(broken(),), duration_s=0.0)
    made = call("error", found=found, folder=tmp_path, duration_s=0.0)
    page = _Tags(render(run_of(made), tmp_path / "report.html"))
    assert "audio" not in [tag for tag, _ in page.tags]
    assert "there is no recording of this call" in page.text


def test_a_damaged_recording_is_not_drawn(tmp_path: Path) -> None:
    talk = _talk(tmp_path)
    (tmp_path / "talk-0" / "recording.wav").write_bytes(b"RIFF")
    assert 'class="wave"' not in render(run_of(talk), tmp_path / "report.html")


def test_each_case_links_to_all_its_calls(tmp_path: Path) -> None:
    first, second = (_talk(tmp_path, number) for number in range(2))
    case = case_of(first.line, repeat=2, reason="1 of 2 passed")
    run = run_of(replace(first, case=case), replace(second, case=None))
    page = _Tags(render(run, tmp_path / "report.html"))
    assert [a["href"] for tag, a in page.tags if tag == "a"] == ["#call-1", "#call-2"]
    assert "1 of 2 passed" in page.text


def test_more_sound_than_a_page_may_carry_is_refused(tmp_path: Path) -> None:
    talk = _talk(tmp_path)
    noise = np.random.default_rng(1).integers(-9000, 9000, (24_000 * 60, 2)).astype(np.int16)
    (tmp_path / "talk-0" / "recording.wav").unlink()
    with WavWriter(tmp_path / "talk-0" / "recording.wav", 2) as writer:
        writer.write(noise)
    one = len(render(run_of(talk), tmp_path / "report.html", embed=True))
    assert 30 * one < 20_000_000  # half an hour of the sound that takes most room
    with pytest.raises(SetupError, match=r"more than 0\.4 MB of the page, even compressed"):
        render(run_of(talk), tmp_path / "report.html", embed=True, most=400_000)


def test_a_page_says_that_a_recording_was_not_kept(tmp_path: Path) -> None:
    talk = _talk(tmp_path, recording=None)
    (tmp_path / "talk-0" / "recording.wav").unlink()
    page = render(run_of(talk), tmp_path / "report.html", embed=True)
    assert "the recording of this call was not kept (--keep)" in page
    assert "<audio" not in page


@pytest.mark.browser
@pytest.mark.process
def test_fifty_calls_keep_to_the_size_and_open_within_two_seconds(tmp_path: Path) -> None:
    talks = [_talk(tmp_path, number) for number in range(50)]
    path = _written(run_of(*talks), tmp_path / "report.html")
    assert path.stat().st_size <= 200_000 + 50 * 30_000
    with opened(path) as page:
        took_ms = page.evaluate(
            "(t => t.loadEventEnd - t.startTime)(performance.getEntriesByType('navigation')[0])"
        )
        assert page.locator("details.call").count() == 50
    assert 0 < took_ms <= 2000


PASSES = """seconds => new Promise((done, failed) => {
  const audio = document.querySelector("audio");
  audio.addEventListener("error", () => failed(audio.error.message));
  const look = () => audio.currentTime > seconds && done(audio.currentTime);
  audio.addEventListener("timeupdate", look);
})"""
"""Resolves when the sound has really come past a time."""


@pytest.mark.browser
@pytest.mark.process
@pytest.mark.parametrize("embed", [False, True])
def test_a_click_on_the_waveform_seeks_and_the_sound_plays(tmp_path: Path, embed: bool) -> None:
    path = _written(run_of(_talk(tmp_path)), tmp_path / "report.html", embed=embed)
    if embed:
        shutil.rmtree(tmp_path / "talk-0")
    with opened(path) as page:
        wave = page.locator(".wave")
        box = wave.bounding_box()
        assert box is not None
        wave.click(position={"x": box["width"] * 0.5, "y": 20})
        at = page.evaluate(PASSES, 10.3)
        assert 10.3 < at < 12
        assert page.locator(".turns .now").inner_text().endswith("turn 5 of the call.")
        head = float((page.locator(".head").get_attribute("x1") or "").rstrip("%"))
        assert 50 < head < 60
        assert page.evaluate("document.querySelector('audio').duration") == pytest.approx(
            LENGTH_S,
            abs=0.05,  # Vorbis ends with a whole block
        )


@pytest.mark.browser
@pytest.mark.process
def test_a_click_on_a_turn_or_a_check_plays_from_there(tmp_path: Path) -> None:
    path = _written(run_of(_talk(tmp_path)), tmp_path / "report.html")
    with opened(path) as page:
        page.get_by_role("button", name="turn 3 of the call").click()
        assert 6.2 < page.evaluate(PASSES, 6.2) < 8
        page.get_by_role("row", name="says").get_by_role("button").click()
        assert 12.2 < page.evaluate(PASSES, 12.2) < 14


PAUSES = """() => new Promise(done => {
  const audio = document.querySelector("audio");
  audio.addEventListener("pause", () => done(audio.currentTime));
})"""
"""Resolves when the sound stops, with where that is."""


@pytest.mark.browser
@pytest.mark.process
def test_the_button_of_a_check_plays_what_was_judged_and_no_more(tmp_path: Path) -> None:
    check = unmet_check(at_s=18.0, from_s=4.0, to_s=5.5)
    path = _written(run_of(_talk(tmp_path, checks=(check,))), tmp_path / "report.html")
    with opened(path) as page:
        page.get_by_role("row", name="says").get_by_role("button", name="4.00").click()
        assert 5.4 < page.evaluate(PAUSES) < 7


@pytest.mark.browser
@pytest.mark.process
def test_the_transcript_follows_the_sound(tmp_path: Path) -> None:
    path = _written(run_of(_talk(tmp_path)), tmp_path / "report.html")
    with opened(path, height=400) as page:
        page.get_by_role("button", name="turn 0 of the call").click()
        page.evaluate(PASSES, 0.2)
        assert page.locator(".turns .now").inner_text().endswith("turn 0 of the call.")
        page.evaluate(PASSES, 2.2)
        assert page.locator(".turns .now").inner_text().endswith("turn 1 of the call.")


@pytest.mark.browser
@pytest.mark.process
def test_the_keyboard_is_enough(tmp_path: Path) -> None:
    path = _written(run_of(_talk(tmp_path)), tmp_path / "report.html")
    with opened(path) as page:
        wave = page.get_by_role("slider", name="Position in the call")
        wave.focus()
        for key, at in [
            ("ArrowRight", "1.0"),
            ("PageUp", "6.0"),
            ("ArrowLeft", "5.0"),
            ("End", "20.0"),
            ("Home", "0.0"),
            ("PageUp", "5.0"),
        ]:
            page.keyboard.press(key)
            assert wave.get_attribute("aria-valuenow") == at
        page.keyboard.press("Space")
        assert page.evaluate(PASSES, 5.2) < 7
        page.keyboard.press("Space")
        assert page.evaluate("document.querySelector('audio').paused")
        seen = set()
        for _ in range(20):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.innerText.slice(0, 40)"))
        assert any("turn 9 of the call" in text for text in seen)


@pytest.mark.browser
@pytest.mark.process
def test_what_an_agent_says_does_nothing_in_the_browser(tmp_path: Path) -> None:
    talk = _talk(tmp_path, turns=(turn(0, "agent", ATTACK),), checks=(unmet_check(actual=ATTACK),))
    path = _written(run_of(talk), tmp_path / "report.html")
    with opened(path) as page:
        assert "hacked" not in page.title()
        assert ATTACK in page.locator(".turns").inner_text()


@pytest.mark.browser
@pytest.mark.process
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_phone_needs_no_sideways_scrolling(tmp_path: Path, scheme: Any) -> None:
    path = _written(run_of(_talk(tmp_path)), tmp_path / "report.html")
    with opened(path, width=360, height=740, scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        dark = sum(map(int, re.findall(r"\d+", back)[:3])) < 3 * 128
        assert dark is (scheme == "dark")


@pytest.mark.browser
@pytest.mark.process
def test_a_link_opens_the_call_and_what_passed_can_be_hidden(tmp_path: Path) -> None:
    talks = [_talk(tmp_path, number) for number in range(4)]
    passed = call("passed", name="Fine", folder=tmp_path / "talk-3")
    path = _written(run_of(*talks[:3], passed), tmp_path / "report.html")
    with opened(path) as page:
        fine = page.locator("#call-4")
        assert fine.get_attribute("open") is None
        page.locator("a[href='#call-4']").first.click()
        page.locator("#call-4[open]").wait_for()
        page.get_by_label("only what did not pass").check()
        assert not fine.is_visible()
        assert page.locator("#call-1").is_visible()
