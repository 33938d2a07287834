"""Pages in headless Chromium, which asks nobody for anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["CHROMIUM", "opened"]

CHROMIUM = Path(os.environ.get("VOICETEST_CHROMIUM", "/usr/bin/chromium"))
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def opened(
    path: Path,
    *,
    width: int = 1200,
    height: int = 900,
    scheme: Literal["dark", "light"] = "light",
) -> Iterator[Page]:
    """A page from a file; on leaving, nothing must have gone wrong in it or left the machine."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}; VOICETEST_CHROMIUM names another")
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_OPTIONS))
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url[:100]}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("file:", "data:"))
                else wrong.append(f"asked for {request.url[:100]}")
            ),
        )
        page.goto(path.resolve().as_uri())
        yield page
        browser.close()
    assert wrong == []
