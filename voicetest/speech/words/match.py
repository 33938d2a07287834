"""Whether a phrase occurs in a text, unit by unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from voicetest.speech.words.lexicon import Negations
from voicetest.speech.words.unit import Cell, Unit

__all__ = ["Graph", "found_in", "graph"]

_Edge: TypeAlias = "tuple[Unit | None, int]"


@dataclass(frozen=True)
class Graph:
    """All readings of a text as ways through it; an edge without a unit may just be passed."""

    edges: tuple[tuple[_Edge, ...], ...]
    end: int
    inside: frozenset[int] = frozenset()
    """Nodes within one amount or measure, at which no match begins or ends."""
    negated: frozenset[int] = frozenset()
    """Nodes between can and not, at which no match ends."""


def graph(cells: Sequence[Cell], negations: Negations | None = None) -> Graph:
    """The ways through the cells, from node 0 to `end`."""
    edges: list[list[_Edge]] = [[]]
    here = 0
    inside: set[int] = set()
    for cell in cells:
        after = len(edges) + sum(max(len(way) - 1, 0) for way in cell.ways)
        for way in cell.ways:
            node = here
            for place, unit in enumerate(way):
                last = place == len(way) - 1
                if not last:
                    edges.append([])
                    inside.update([len(edges) - 1] if cell.whole else ())
                following = after if last else len(edges) - 1
                edges[node].append((unit, following))
                node = following
            if not way:
                edges[node].append((None, after))
        edges.append([])
        here = after
    negated = frozenset(_negated(edges, negations)) if negations else frozenset[int]()
    return Graph(tuple(map(tuple, edges)), here, frozenset(inside), negated)


def _negated(edges: Sequence[Sequence[_Edge]], negations: Negations) -> Iterator[int]:
    """The nodes behind a verb that what follows turns round."""
    for leaving in edges:
        for unit, node in leaving:
            if unit is None or unit.chars not in negations.verbs:
                continue
            if any(after and after.chars in negations.words for after, _ in edges[node]):
                yield node


def found_in(text: Graph, phrase: Graph) -> bool:
    """Whether some way through the phrase is part of a way through the text."""
    if phrase.end == 0:
        return False
    search = _Search(text, phrase)
    return any(search.runs(node) for node in range(len(text.edges)) if node not in text.inside)


@dataclass(frozen=True)
class _State:
    text: int
    phrase: int
    rest: str = ""
    """Letters and digits of a unit that are still to come on the other side."""
    on_text: bool = False
    """Whether that unit is one of the text."""


class _Search:
    def __init__(self, text: Graph, phrase: Graph) -> None:
        self._text, self._phrase = text, phrase
        self._seen: set[_State] = set()

    def runs(self, start: int) -> bool:
        """Whether the phrase begins at this node of the text and is there to its end."""
        waiting = [_State(start, 0)]
        while waiting:
            state = waiting.pop()
            if state in self._seen:
                continue
            self._seen.add(state)
            if state.phrase == self._phrase.end and not state.rest and self._may_end(state.text):
                return True
            waiting += self._next(state)
        return False

    def _may_end(self, node: int) -> bool:
        return node not in self._text.inside and node not in self._text.negated

    def _next(self, state: _State) -> list[_State]:
        found: list[_State] = []
        for unit, node in self._text.edges[state.text]:
            if unit is None:
                found.append(_State(node, state.phrase, state.rest, state.on_text))
            elif state.rest and not state.on_text:
                rest = _continued(state.rest, unit)
                if rest is not None:
                    found.append(_State(node, state.phrase, rest))
        for wanted, target in self._phrase.edges[state.phrase]:
            if wanted is None:
                found.append(_State(state.text, target, state.rest, state.on_text))
            elif state.rest and state.on_text:
                rest = _continued(state.rest, wanted)
                if rest is not None:
                    found.append(_State(state.text, target, rest, True))
        if state.rest:
            return found
        for unit, node in self._text.edges[state.text]:
            for wanted, target in self._phrase.edges[state.phrase]:
                if unit is not None and wanted is not None:
                    found += _met(unit, node, wanted, target)
        return found


def _met(unit: Unit, node: int, wanted: Unit, target: int) -> list[_State]:
    if unit.keys & wanted.keys or _begins(unit, wanted):
        return [_State(node, target)]
    if unit.chars and wanted.chars:
        rest = _continued(wanted.chars, unit)
        if rest:
            return [_State(node, target, rest)]
        rest = _continued(unit.chars, wanted)
        if rest and (len(wanted.chars) == 1 or any(char.isdigit() for char in unit.chars)):
            return [_State(node, target, rest, True)]
    return []


def _begins(unit: Unit, wanted: Unit) -> bool:
    prefixes = [value for kind, value in wanted.keys if kind == "prefix"]
    return (
        any(value.startswith(tuple(prefixes)) for kind, value in unit.keys if kind == "word")
        if prefixes
        else False
    )


def _continued(chars: str, unit: Unit) -> str | None:
    """What is left of letters and digits behind those of a unit; None where they differ.

    Two numbers are never put together.
    """
    if not unit.chars or not chars.startswith(unit.chars):
        return None
    rest = chars[len(unit.chars) :]
    if rest and rest[0].isdigit() and unit.chars[-1].isdigit():
        return None
    return rest
