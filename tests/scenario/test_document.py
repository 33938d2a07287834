"""What the parser keeps, and what it refuses at which place."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scenario.conftest import Write
from tests.scenario.problems import HEAD, WHOLE, problems
from voicetest.errors import ScenarioError
from voicetest.scenario.document import load_document, parse_document
from voicetest.scenario.load import build
from voicetest.scenario.nodes import Mapping, Scalar, Sequence, Style, as_json
from voicetest.scenario.section import Section
from voicetest.scenario.values import Text

QUOTES = "put the text in quotes"

# Steps in line 4 and below, with the place and a phrase of the only problem.
LOST_IN_STEPS = [
    ("- user: My order is #4521", "4:9", "' #' starts a comment: put the text in quotes"),
    ("- user: #4521 please", "4:8", "' #' starts a comment"),
    ("- agent: #greets", "4:9", "' #' starts a comment"),
    ("- user: hi\n    order #4\n    please", "5:11", "' #' starts a comment"),
    ("- agent:\n    says: [a #b, c]\n- agent", "5:14", "' #' starts a comment"),
    ("- user: My answer: yes", "4:18", "': ' inside a text: put the text in quotes"),
    ("- user: hello:", "4:14", "': ' inside a text"),
    ("- agent: {says: a: b}", "4:18", "': ' inside a text"),
    ("- agent:\n    says:\n      - the total: 20", "6:9", "put the text in quotes"),
    ("- agent:\n    says:\n      - refund:", "6:9", "put the text in quotes"),
    ("- agent:\n    My answer: yes", "5:5", "put the text in quotes"),
    ("- My answer: yes", "4:3", "if this is a text, write '- user:"),
    ("- user: *121# is the code", "4:9", "starts with '*' in quotes"),
    ("- user: *foo", "4:9", "starts with '*' in quotes"),
    ("- user: *foo bar", "4:9", "starts with '*' in quotes"),
    ("- agent: {says: [*, b]}", "4:18", "starts with '*' in quotes"),
    ("- user: &co please", "4:9", "starts with '&' in quotes"),
    ("- user: & co", "4:9", "starts with '&' in quotes"),
    ("- user: !important thing", "4:9", "starts with '!' in quotes"),
    ("- user: ! foo", "4:9", "starts with '!' in quotes"),
    ("- user: !!str x", "4:9", "YAML tags are not possible"),
    ("- user: %20 off", "4:9", "starts with '%' in quotes"),
    ("- user: @home", "4:9", "starts with '@' in quotes"),
    ("- user: `code`", "4:9", "starts with '`' in quotes"),
    ("- user: [laughs] hello", "4:9", "starts with '[' in quotes"),
    ("- user: [laughs]", "4:9", "starts with '[' in quotes"),
    ("- user: {name} hi", "4:9", "starts with '{' in quotes"),
    ("- user: {name}", "4:9", "put the text in quotes"),
    ("- user: {{name}}", "4:10", "starts with '{' in quotes"),
    ("- user: > hello", "4:9", "starts with '>' in quotes"),
    ("- user: >5", "4:9", "'>' or '|' in quotes"),
    ("- user: | pipes", "4:9", "starts with '|' in quotes"),
    ("- user: |", "4:9", "'>' or '|' in quotes"),
    ("- user: ? really", "4:9", "starts with '?' in quotes"),
    ("- user: - hello", "4:9", "starts with '-' in quotes"),
    ("- user: “Hello”", "4:9", "straight quotes"),
    ("- user: „Hallo“", "4:9", "straight quotes"),
    ('- user: “Hello"', "4:9", "straight quotes"),
    ("- “user”: hi", "4:3", "straight quotes"),
    ("- agent: {says: “b, c”}", "4:17", "straight quotes"),
    ("- agent: {says: Sure, one moment}", "4:23", "put a text that contains a comma in quotes"),
    ('- user: "hello" she said', "4:9", "put all of it in quotes"),
    ("- user: 'tis the season", "4:9", "never closed"),
    ('- user: "C:\\dir"', "4:12", "use single quotes"),
    ("- user: hi\n\tvoice: x", "5:1", "here is a tab"),
    ("\t- user: hi", "4:1", "here is a tab"),
    ("-\tuser: hi", "4:2", "here is a tab"),
    ("- agent:\n\t\tsays: hi", "5:1", "here is a tab"),
    ("- user: hi\n   voice: x", "5:9", "indent both the same"),
    ("- user: hi\n - agent", "5:2", "check its indentation"),
    ("- agent: {within: 3s}\n - agent: {within: 3s}", "5:2", "check its indentation"),
    ("- user: [a\n- agent", "4:9", "'[' is never closed"),
    ("- user: {a: b", "4:9", "'{' is never closed"),
    ("- user:hi\n  voice: x", "4:7", "write a space after this ':'"),
    ("- user:hi", "4:3", "write a space after the ':'"),
    ("- user: hi\n  user: ho", "5:3", "stands twice, first in line 4"),
    ("- agent: {<<: {says: hi}}", "4:11", "'<<' (merging) is not possible"),
    ("- user: hi\n  \u00a0voice: x", "5:3", "ordinary spaces"),
]

WHOLE_FILES = [
    ("", "1:1", "this file is empty"),
    ("# only a comment\n", "1:1", "this file is empty"),
    ("---\n", "1:1", "this file is empty"),
    ("- a\n- b\n", "1:1", "starts with a list"),
    ("hello\n", "1:1", "found only a text"),
    (WHOLE + "---\na: b\n", "4:1", "a second document"),
    (WHOLE + "...\na: b\n", "5:1", "nothing may follow"),
    ("%FOO\n" + WHOLE, "1:1", "starts with '%' in quotes"),
    ("a: &x\n  b: *x\n", "2:6", "stands inside what it repeats"),
    ("? [a]\n: b\n", "1:3", "starts with '[' in quotes"),
    (WHOLE + "version: 1\n", "4:1", "stands twice, first in line 1"),
    ("version: 1\r\nagent: {adapter: c}\r\nscript:\r\n- user: a #b\r\n", "4:9", "' #' starts"),
    ("\ufeffversion: 2\nagent: {adapter: c}\nscript: [agent]\n", "1:10", "expected 1"),
    ("version: 1\n\u00a0agent: {adapter: c}\nscript: [agent]\n", "2:1", "ordinary spaces"),
    ("a: b\x07c\n", "1:5", "U+0007"),
    ("a: b\u2028c\n", "1:5", "U+2028"),
    ("a:\n  b: c\rd: e\n", "2:7", "U+000D"),
    (WHOLE + "# \u00e9\u00e9 \x00\n", "4:6", "U+0000"),
]


@pytest.mark.parametrize(("steps", "place", "phrase"), LOST_IN_STEPS)
def test_what_yaml_would_lose_is_refused_at_its_place(
    write: Write, steps: str, place: str, phrase: str
) -> None:
    found = problems(write(HEAD + steps + "\n"))
    assert found[0].startswith(place + ": ")
    assert phrase in found[0]


@pytest.mark.parametrize(("content", "place", "phrase"), WHOLE_FILES)
def test_a_file_that_is_no_scenario_is_refused_at_its_place(
    write: Write, content: str, place: str, phrase: str
) -> None:
    (found,) = problems(write(content))
    assert found.startswith(place + ": ")
    assert phrase in found


def test_a_file_that_is_not_utf8_names_the_line_and_the_encoding(write: Write) -> None:
    (found,) = problems(write(b"a: \xc3\xa9\nb: caf\xe9\n"))
    assert found.startswith("2:7: ")
    assert "UTF-8" in found


def test_a_utf16_file_is_told_to_be_saved_as_utf8(write: Write) -> None:
    (found,) = problems(write("version: 1\n".encode("utf-16")))
    assert "UTF-8" in found


def test_a_missing_file_a_folder_and_a_device_are_named(tmp_path: Path) -> None:
    assert "no such file" in problems(tmp_path / "nothing.yaml")[0]
    assert "folder" in problems(tmp_path)[0]
    assert "no such file" in problems(tmp_path / ("x" * 100) / "a.yaml")[0]
    assert "not a file name" in problems(tmp_path / "a\0b")[0]


def test_a_pipe_is_refused_without_being_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert "not a regular file" in problems(pipe)[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(write: Write) -> None:
    path = write(WHOLE)
    path.chmod(0)
    assert "not allowed to read" in problems(path)[0]


def test_a_file_over_one_mebibyte_is_refused_whole(write: Write) -> None:
    assert problems(write(b"#" * (2 << 20))) == ["0:0: this file is larger than 1 MiB: split it"]


def test_plain_texts_stay_as_they_are_written(write: Write) -> None:
    root = load_document(write("a: [yes, 012, 1.10, null, ~, 0x1F, 2020-01-01, '5', on]\n")).root
    assert root == {"a": ["yes", "012", "1.10", "null", "~", "0x1F", "2020-01-01", "5", "on"]}


def test_every_node_knows_its_line_column_and_style(write: Write) -> None:
    root = load_document(write("a: x\nb:\n  - 'y' # why\n  - |\n    z\n")).root
    assert isinstance(root["b"], Sequence)
    first, second = root["b"]
    assert isinstance(first, Scalar)
    assert isinstance(second, Scalar)
    assert (first.line, first.column, first.style, first.rest) == (3, 5, Style.QUOTED, " # why")
    assert (second.line, second.style) == (4, Style.BLOCK)
    assert (root.keys_at["b"].line, root.keys_at["b"].column) == (2, 1)


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_positions_do_not_depend_on_line_ends_or_a_byte_order_mark(
    write: Write, before: str, newline: str
) -> None:
    content = before + newline.join(["a: ü", "b: 'x'", "c: y", ""])
    root = load_document(write(content)).root
    value = root["c"]
    assert isinstance(value, Scalar)
    assert (value, value.line, value.column, value.rest) == ("y", 3, 4, "")


def test_an_alias_repeats_what_its_anchor_names(write: Write) -> None:
    root = load_document(write("a: &x {b: c}\nd: *x\ne: *x\n")).root
    assert as_json(root) == {"a": {"b": "c"}, "d": {"b": "c"}, "e": {"b": "c"}}


def test_an_anchor_may_be_set_again(write: Write) -> None:
    document = load_document(write("a: &x 1\nb: *x\nc: &x 2\nd: *x\n"))
    assert as_json(document.root) == {"a": "1", "b": "1", "c": "2", "d": "2"}
    assert document.problems == ()


def test_a_mapping_can_lose_keys_and_keep_its_place() -> None:
    mapping = Mapping([("a", Scalar("1")), ("b", Scalar("2"))], 3, 4)
    assert mapping.without("a") == {"b": "2"}
    assert (mapping.without("a").line, mapping.without("a").column) == (3, 4)


class Phrase(Section):
    """One text, as a field of any model."""

    text: Text


def parsed(content: str) -> str:
    """What a text field makes of a file."""
    document = parse_document(content.encode(), Path("x.yaml"), "x.yaml")
    return build(Phrase, document.root, document).text


VISIBLE = st.characters(
    exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn"), exclude_characters="\ufeff"
)


@given(st.text(VISIBLE, min_size=1).filter(str.strip))
def test_a_text_in_single_quotes_comes_back_exactly(text: str) -> None:
    assert parsed("text: '" + text.replace("'", "''") + "'\n") == text


@given(st.text(VISIBLE, min_size=1).filter(str.strip))
def test_a_text_in_double_quotes_comes_back_exactly(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    assert parsed(f'text: "{escaped}"\n') == text


@given(st.text(st.sampled_from("aé #:,-[]{}&*!|>'\"%@`?“”\t5"), min_size=1, max_size=12))
def test_a_plain_text_comes_back_exactly_or_is_refused(text: str) -> None:
    quoted = len(text.strip()) > 1 and text.strip()[0] in "'\""
    before_comment = re.split(r"[ \t]+#(?=[ \t]|$)", text)[0]
    try:
        found = parsed(f"text: {text}\n")
    except ScenarioError:
        return
    if not quoted:
        assert found == before_comment.strip(" \t")


@given(st.text(st.sampled_from("ab: #-[]{}&*!|>'\"\n\t?,%"), max_size=60))
def test_any_file_is_read_or_refused_with_a_position(content: str) -> None:
    try:
        parse_document(content.encode(), Path("x"), "x")
    except ScenarioError as error:
        found = error.problems
    else:
        return
    assert all(problem.line > 0 and problem.column > 0 for problem in found)


MIB = 1 << 20
WIDE_RANGE = "[a-\uffee]"

ADVERSARIAL = {
    "brackets": "[" * (MIB - 1),
    "nested maps": "a: " + "[{" * (MIB // 2 - 10),
    "dashes": "- " * (MIB // 2 - 1),
    "staircase": "".join(" " * i + "a:\n" for i in range(1400)),
    "keys": WHOLE + "".join(f"k{i}: 1\n" for i in range(90_000)),
    "unknown keys": HEAD + "- agent:\n" + "".join(f"    k{i}: 1\n" for i in range(9_000)),
    "unknown steps": HEAD + "".join(f"- usr{i}: hi\n" for i in range(6_000)),
    "aliases": "a: &a x\nb: [" + "*a," * 100_000 + "]",
    "undefined aliases": "b: [" + "*a," * 100_000 + "]",
    "anchors": "b: [" + ",".join(f"&a{i} x" for i in range(80_000)) + "]",
    "alias bomb": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{i}: &a{i} [" + f"*a{i - 1}," * 9 + "]\n" for i in range(1, 200)),
    "deep aliases": "a0: &a0 [x]\n"
    + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 2_000)),
    "open quote": HEAD + "- user: '" + "x" * (MIB - 200),
    "long key": "x" * (MIB - 100) + ": 1",
    "regular expressions": HEAD
    + "".join(f"- agent: {{matches: '{i}{'[a-z]|' * 80}'}}\n" for i in range(900)),
    "wide ranges": HEAD
    + "".join(f"- agent: {{matches: '{i}{WIDE_RANGE * 19}'}}\n" for i in range(900)),
    "open variables": HEAD + "- user: " + "${" * (MIB // 2 - 100),
    "unknown variables": "version: 1\nagent: {adapter: c}\nvars:\n"
    + "".join(f"  kk{i}: x\n" for i in range(6_000))
    + "script:\n"
    + "".join(f"- user: ${{ka{i}}}\n" for i in range(2_000)),
    "variable bomb": "version: 1\nagent: {adapter: c}\nscript: [agent]\nvars:\n  a0: xxxxxxxxxx\n"
    + "".join(f"  a{i}: " + f"${{a{i - 1}}}" * 10 + "\n" for i in range(1, 40)),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_a_hostile_file_is_refused_within_bounds(write: Write, name: str) -> None:
    path = write(ADVERSARIAL[name].encode()[:MIB])
    process = psutil.Process()
    before = process.memory_info().rss
    started = time.process_time()
    assert problems(path)
    assert time.process_time() - started < 4
    assert process.memory_info().rss - before < 200 * MIB


def test_a_long_text_is_no_problem(write: Write) -> None:
    document = load_document(write("a: " + "x y " * (MIB // 4 - 10)))
    assert len(str(document.root["a"])) > MIB - 100
