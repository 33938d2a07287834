r"""Names of files as text that can be written and read back: a byte that is not UTF-8 is `\xff`."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["named", "readable"]

_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


def readable(path: Path | str) -> str:
    """The name of a file, or a word of a command line, as text."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def named(text: str) -> Path:
    """The file or folder that has this readable name."""
    path = Path(text)
    if "\\x" not in text or path.exists():
        return path
    return Path(
        os.fsdecode(_BYTE.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode()))
    )
