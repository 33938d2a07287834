"""What the YAML scanner could not read, said in words that tell a person what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import yaml

__all__ = ["INDICATORS", "explain", "unreadable_character"]

INDICATORS = "*&!%@[{>|`"

LINE_CHARACTERS = 2000  # of a line are looked at: more than people write, and bounded work

_VALUE = re.compile(r"""^\s*(?:-\s+)*(?:[^\s"'#\[{][^"'#]*?:\s+)?(?P<value>\S.*)?$""")
_TAB_INDENT = re.compile(r"^[ ]*(?:-[ ]*)*\t")
_NO_SPACE_AFTER_COLON = re.compile(r"^\s*(?:-\s+)*[A-Za-z_]+:(?=[^\s/])")
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\u2028\u2029]|\r(?!\n)"
)
_AFTER_QUOTE = re.compile(r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+')\s*[^\s,:\]}#]""")
_APOSTROPHE = re.compile(r"'(?:[^']|'')*\w'\w")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_Found: TypeAlias = tuple[int, int, str]

_COLON = "': ' inside a text: put the text in quotes"
_COMMENT = "' #' starts a comment: put the text in quotes"
_OR_QUOTE = ", or put a text that contains ': ' in quotes"
_UNCLOSED_QUOTE = "this quotation mark is never closed"
_NOT_FITTING = (
    "this line does not fit the lines above it: is '- ' missing, or a space too many? "
    "check its indentation, and put a text that goes on here in quotes"
)
_LITERAL_MESSAGES = {
    "did not find expected key": _NOT_FITTING,
    "did not find expected '-' indicator": _NOT_FITTING,
    "did not find expected <document start>": "nothing may follow '...': one file holds one call",
    "found unknown escape character": (
        "in double quotes a backslash has a special meaning: use single quotes"
    ),
    "mapping keys are not allowed in this context": "put a text that starts with '?' in quotes",
    "block sequence entries are not allowed in this context": (
        "a list starts on a new line; put a text that starts with '-' in quotes"
    ),
    "did not find expected node content": "put a text that starts with this character in quotes",
}


def unreadable_character(text: str) -> _Found | None:
    """Where a character stands that YAML forbids or would take for a line break."""
    found = _UNREADABLE.search(text)
    if not found:
        return None
    before = text[: found.start()]
    line = before.count("\n") + 1
    column = found.start() - (before.rfind("\n") + 1) + 1
    return line, column, f"an invisible character (U+{ord(found[0]):04X}) stands here: delete it"


@dataclass(frozen=True)
class _Fault:
    """What the scanner complains of; lines and columns count from 0 here."""

    problem: str
    context: str
    lines: list[str]
    line: int
    column: int
    opened_line: int
    opened_column: int

    @property
    def here(self) -> str:
        """The line at which the scanner stopped."""
        return self._line(self.line)

    @property
    def above(self) -> str:
        """The line before it."""
        return self._line(self.line - 1)

    @property
    def opened(self) -> str:
        """The line on which the broken thing began, from there on."""
        return self._line(self.opened_line)[self.opened_column :]

    def _line(self, number: int) -> str:
        return self.lines[number][:LINE_CHARACTERS] if 0 <= number < len(self.lines) else ""


def explain(error: yaml.YAMLError, text: str) -> _Found:
    """Line, column and message for an error of the YAML scanner or parser."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return 0, 0, "this is not YAML"
    mark, opened = error.problem_mark, error.context_mark or error.problem_mark
    fault = _Fault(
        problem=error.problem or "",
        context=error.context or "",
        lines=text.split("\n"),
        line=mark.line,
        column=mark.column,
        opened_line=opened.line,
        opened_column=opened.column,
    )
    for rule in _RULES:
        found = rule(fault)
        if found:
            line, column, message = found
            return line + 1, column + 1, message
    problem = _LITERAL_MESSAGES.get(
        fault.problem, f"YAML cannot read this ({fault.problem}): put the text in quotes"
    )
    return mark.line + 1, mark.column + 1, problem


def _fence(fault: _Fault) -> _Found | None:
    """A line of the page from which the file was pasted."""
    for number in (fault.line, fault.line - 1, fault.opened_line):
        if _FENCE.match(fault.lines[number][:LINE_CHARACTERS] if number < len(fault.lines) else ""):
            return number, 0, "delete this line: it belongs to the page this was pasted from"
    return None


def _tab(fault: _Fault) -> _Found | None:
    tab = _TAB_INDENT.match(fault.here)
    return (fault.line, tab.end() - 1, "indent with spaces: here is a tab") if tab else None


def _quotation(fault: _Fault) -> _Found | None:
    unclosed = "quoted scalar" in fault.context and "escape" not in fault.problem
    return (fault.opened_line, fault.opened_column, _UNCLOSED_QUOTE) if unclosed else None


def _indicator(fault: _Fault) -> _Found | None:
    """A character that YAML gives a meaning stands where a text begins."""
    if any(
        word in fault.context for word in ("alias", "anchor", "tag", "block scalar", "directive")
    ):
        return fault.opened_line, fault.opened_column, _quote_it(fault.opened[:1])
    first = fault.here[fault.column : fault.column + 1]
    if "cannot start any token" in fault.problem and first in INDICATORS:
        return fault.line, fault.column, _quote_it(first)
    return None


def _quote_it(character: str) -> str:
    return f"put a text that starts with '{character}' in quotes"


def _flow(fault: _Fault) -> _Found | None:
    """Something inside `[…]` or `{…}`."""
    if "flow" not in fault.context:
        return None
    lost = re.search(r"\s(?=#\S)", fault.opened)
    if lost and fault.line > fault.opened_line:
        return fault.opened_line, fault.opened_column + lost.end(), _COMMENT
    stopped_at = fault.here[fault.column : fault.column + 1]
    if fault.line == fault.opened_line and stopped_at == ":":
        return fault.line, fault.column, _COLON
    if fault.line == fault.opened_line and stopped_at not in "]}":
        message = "a ',' is missing before this, or the text needs quotes around all of it"
        return fault.line, fault.column, message
    closing = {"[": "]", "{": "}"}.get(fault.opened[:1], "]")
    message = f"this '{fault.opened[:1]}' is never closed: write '{closing}', or quote the text"
    return fault.opened_line, fault.opened_column, message


def _value(fault: _Fault) -> _Found | None:
    """The value on this line begins with a bracket or a quote, and goes on after its end."""
    value = _VALUE.match(fault.here)
    if value is None or not value["value"] or fault.problem.startswith("could not find"):
        return None
    first, column = value["value"][0], value.start("value")
    if fault.column < column:
        return None
    if first in INDICATORS:
        return fault.line, column, _quote_it(first)
    if _APOSTROPHE.match(value["value"]):
        message = "the apostrophe ends this text: put it in double quotes, or write '' for one"
        return fault.line, column, message
    if _AFTER_QUOTE.match(value["value"]):
        return fault.line, column, "text goes on after the closing quote: put all of it in quotes"
    return None


def _colon(fault: _Fault) -> _Found | None:
    if not fault.problem.startswith("mapping values are not allowed"):
        return None
    if re.search(r":\s", fault.here[: fault.column]):
        message = _COLON
    elif _NO_SPACE_AFTER_COLON.match(fault.above):
        return fault.line - 1, fault.above.index(":"), "write a space after this ':'"
    else:
        message = "this line does not fit the one above: indent both the same" + _OR_QUOTE
    return fault.line, fault.column, message


def _no_key(fault: _Fault) -> _Found | None:
    """A line that is no `key: value`, often the rest of a text cut off by a comment."""
    if fault.problem == "did not find expected key" and re.search(r"\s#\S", fault.above):
        comment = re.search(r"\s(?=#\S)", fault.above)
        return fault.line - 1, comment.end() if comment else 0, _COMMENT
    if fault.problem == "could not find expected ':'":
        message = "this line has no 'key: value': is the ':' or the '- ' missing?"
        return fault.opened_line, fault.opened_column, message
    return None


_RULES: tuple[Callable[[_Fault], _Found | None], ...] = (
    _fence,
    _tab,
    _quotation,
    _indicator,
    _flow,
    _value,
    _colon,
    _no_key,
)
