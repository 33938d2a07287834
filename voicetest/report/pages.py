"""What pages share: they work from a file, run nothing of others, and ask nobody for anything."""

from __future__ import annotations

import base64
import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from voicetest.shown import shown_lines

__all__ = ["asset", "beside", "policy", "template"]

_PAGE = Path(__file__).parent / "page"


def beside(file: Path, target: Path) -> str:
    """The address of a file in a page that is written to `target`."""
    try:
        path = os.path.relpath(file.resolve(), target.parent.resolve())
    except ValueError:  # on another drive
        return file.resolve().as_uri()
    return quote(os.fsencode(Path(path).as_posix()))


def policy(css: str, script: str = "") -> str:
    """Nothing but our own style and script is run, even if something were not escaped."""
    style_hash, script_hash = (
        base64.b64encode(sha256(text.encode()).digest()).decode() for text in (css, script)
    )
    scripts = f"script-src 'sha256-{script_hash}'; " if script else ""
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; {scripts}"
        "media-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )


def _as_shown(value: object) -> object:
    """What is put into the page, whatever it is; line breaks are spaces to it."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return shown_lines(value)


@cache
def asset(name: str) -> str:
    """A file of this package that belongs into a page."""
    return (_PAGE / name).read_text(encoding="utf-8")


@cache
def template(name: str) -> Template:
    """The template of a page; what it is given is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_as_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
