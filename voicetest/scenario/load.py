"""Scenario files into validated values, with every problem of a file at its line and column."""

from __future__ import annotations

import os
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from voicetest.errors import Problem, ScenarioError, SetupError
from voicetest.file_name import readable
from voicetest.regular_file import is_regular
from voicetest.scenario.case import Case
from voicetest.scenario.document import Document, load_document
from voicetest.scenario.doubts import doubts
from voicetest.scenario.inherit import load_inherited
from voicetest.scenario.masking import Secrets
from voicetest.scenario.messages import find, translate
from voicetest.scenario.model import AgentSection, Scenario
from voicetest.scenario.nodes import Mapping, as_json, position
from voicetest.scenario.refusals import Loading
from voicetest.scenario.variables import expand

__all__ = [
    "ScenarioFile",
    "build",
    "load_agent",
    "load_case",
    "load_model",
    "load_scenario",
    "problem_at",
    "validate",
]

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario with the file it came from.

    `variables` show secrets as they are written; `unset` names each place that needs an
    environment variable which is not set, for the caller to judge.
    """

    path: Path
    shown: str
    sha256: str
    scenario: Scenario
    document: Document
    case: str | None
    variables: AnyMapping[str, str]
    secrets: Secrets
    warnings: tuple[Problem, ...]
    unset: tuple[Problem, ...]

    @property
    def shown_case(self) -> str | None:
        """Its case as it is written anywhere: the name may have the value of a variable in it."""
        return None if self.case is None else self.secrets.mask(self.case)

    def where(self, *loc: str | int) -> str:
        """`file:line` of a place in the scenario, such as `("script", 2, "agent", "says")`."""
        file, line = self._place(*loc)
        return f"{file.shown}:{line}"

    def line(self, *loc: str | int) -> int:
        """The line of a place in the scenario, in the file where it stands; counted from 1."""
        return self._place(*loc)[1]

    def _place(self, *loc: str | int) -> tuple[Document, int]:
        place = find(self.document.root, loc)
        return self.document.place(position(place.node if place.key is None else place.key)[0])

    def problem(self, message: str, *loc: str | int) -> Problem:
        """A problem at a place in the scenario."""
        return problem_at(self.document, message, *loc)

    def settings_as_written(self) -> dict[str, Any]:
        """The agent section as JSON, with `${env.…}` as it stands in the file."""
        section = self.scenario.agent
        return {"adapter": section.adapter, **as_json(section.settings)}


def load_scenario(
    path: Path,
    variables: AnyMapping[str, str] | None = None,
    environment: AnyMapping[str, str] | None = None,
) -> ScenarioFile:
    """Load a scenario; `variables` replace those of its `vars`.

    A value that only a matrix gives is unknown. Raises what `load_case` does.
    """
    return load_case(Case(load_inherited(path)), variables, environment)


def load_case(
    case: Case,
    variables: AnyMapping[str, str] | None = None,
    environment: AnyMapping[str, str] | None = None,
) -> ScenarioFile:
    """Load one case of a scenario; `variables` replace those of its `vars`.

    Raises ScenarioError with all problems of the file, or SetupError where only an environment
    variable without a value keeps a field from being read.
    """
    document, path = case.document, case.path
    _refuse_others(document)
    environment = os.environ if environment is None else environment
    expanded = expand(document, variables or {}, environment, case.values)
    hide = expanded.secrets.hide
    problems = [*document.problems, *expanded.problems]
    try:
        scenario = validate(Scenario, expanded.root, document)
    except ScenarioError as error:
        raise ScenarioError(hide([*problems, *error.problems])) from None
    if problems:
        raise ScenarioError(hide(problems))
    if scenario is None:
        raise SetupError("\n".join(map(str, expanded.unset)))
    shown = {"name": scenario.name or readable(path.stem), "vars": dict(expanded.variables)}
    return ScenarioFile(
        path=path,
        shown=document.shown,
        sha256=document.sha256,
        scenario=scenario.model_copy(update=shown),
        document=document,
        case=case.name,
        variables=expanded.variables,
        secrets=expanded.secrets,
        warnings=hide([*expanded.warnings, *doubts(expanded.root, document)]),
        unset=expanded.unset,
    )


def _refuse_others(document: Document) -> None:
    """Raise ScenarioError for what is no scenario: an embedded agent, or a load test."""
    root = document.root
    if "load" in root and "script" not in root and "agent" not in root:
        message = f"this is a load test, not a scenario: voicetest load {document.shown}"
        raise ScenarioError([document.problem(*position(root), message)])
    if ("rules" in root or "greeting" in root) and "script" not in root and "agent" not in root:
        message = (
            "this is an agent's dialogue, not a scenario: a scenario names it under 'agent', as "
            "'dialogue:' or 'simulator:'"
        )
        raise ScenarioError([document.problem(*position(root), message)])


def problem_at(document: Document, message: str, *loc: str | int) -> Problem:
    """A problem at a place in a document, such as `("agent", "adapter")`."""
    return document.problem(*find(document.root, loc).position, message)


def load_agent(
    case: Case, variables: AnyMapping[str, str] | None = None
) -> tuple[AgentSection, Document] | None:
    """The agent section of a scenario whose other parts have mistakes; None if it has its own."""
    document = case.document
    try:
        root = expand(document, variables or {}, os.environ, case.values).root
        section = root.get("agent")
        agent = validate(AgentSection, section, document) if isinstance(section, Mapping) else None
    except ScenarioError:
        return None
    return (agent, document) if agent is not None else None


def load_model(model: type[Model], path: Path) -> Model:
    """Load a YAML file that holds one value of a model; nothing in it is expanded.

    Many scenarios may share such a file: as long as it does not change it is read once.
    """
    status = path.stat() if is_regular(path) else None
    state = (status.st_mtime_ns, status.st_size, status.st_ino) if status else None
    loaded: Model = _load_model(model, path, _short(path), state)
    return loaded


@lru_cache(maxsize=64)
def _load_model(model: type[Any], path: Path, shown: str, state: object) -> Any:
    document = load_document(path, shown)
    return build(model, document.root, document)


def build(model: type[Model], node: Mapping, document: Document) -> Model:
    """Validate a mapping of a document.

    Raises ScenarioError with all its problems, or SetupError where only a variable without a
    value is in the way.
    """
    problems = document.problems
    try:
        value = validate(model, node, document)
    except ScenarioError as error:
        raise ScenarioError([*problems, *error.problems]) from None
    if problems:
        raise ScenarioError(problems)
    if value is None:
        raise SetupError(str(document.problem(*position(node), "a variable here has no value")))
    return value


def validate(model: type[Model], node: Mapping, document: Document) -> Model | None:
    """The value of a node; None if only texts with unknown variables keep it from being one."""
    folder, *inherited = (file.path.parent.absolute() for file in (document, *document.extends))
    loading = Loading(folder, tuple(inherited))
    problems: list[Problem] = []
    value: Model | None = None
    try:
        value = model.model_validate(node, context=loading)
    except ValidationError as error:
        problems = translate(error, model, node, document)
    problems += [document.problem(*complaint) for complaint in loading.complaints]
    if problems:
        raise ScenarioError(problems)
    return value


def _short(path: Path) -> str:
    """A path as people would type it: relative where it lies under the working directory."""
    try:
        return readable(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return readable(path)
