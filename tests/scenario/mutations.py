"""Files as they come out of a bad disk, a bad merge or a bad mood: mutations by a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

__all__ = ["mutated"]

_TOKENS = [
    *(
        "",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "\0",
        "\x1b[2J",
        "\ufeff",
        "\u2028",
        "\x85",
        "\ud7ff",
        "😀",
    ),
    *(
        ":",
        ": ",
        "- ",
        "? ",
        ", ",
        "[",
        "]",
        "{",
        "}",
        "#",
        "&a ",
        "*a",
        "|",
        ">",
        "'",
        '"',
        "`",
        "%",
    ),
    *("~", "null", "true", "no", "NaN", ".nan", ".inf", "-.inf", "Infinity", "-0", "0x1f", "1_000"),
    *(
        "1e999",
        "-1e999",
        "1e-999",
        "9" * 30,
        "9" * 4_400,
        "0.1",
        "1:30",
        "2025-02-30",
        "2001-12-14t21",
    ),
    *("!!binary aGk=", "!!python/name:x ", "!!set {a}", "!!omap [a: b]", "!!timestamp x", "!x y"),
    *(
        "<<: *a",
        "<<: {a: b}",
        "---\n",
        "...\n",
        "%YAML 1.3\n",
        "\\",
        "\\x",
        "\\ud800",
        "${",
        "${a}",
    ),
    *(
        "${env.",
        "${env.NONE}",
        "$${",
        "${a|b}",
        "${${a}}",
        "<audio>",
        "<text>",
        "<x>",
        "/",
        "..",
        "~/x",
    ),
    *("version: 1\n", "extends: seed.yaml\n", "extends: mutated.yaml\n", "cases: cases.csv\n"),
    *("matrix: {a: [1, 2]}\n", "agent: ", "script: ", "vars: {a: 1}\n", "user: ", "play: folder\n"),
    *(
        "dialogue: mutated.yaml\n",
        "1h",
        "-1s",
        "1e9h",
        "150%",
        "-5%",
        "0",
        "-1",
        "(a+)+$",
        "(",
        "[a-",
    ),
    *("name=value", "export A=1", "A='", 'A="', "a;b;c", '""', '"a""b"', "=", "A=1 # c", " " * 300),
]
_LONG = [
    "a" * 70_000,
    "[" * 3_000,
    "{a: " * 3_000,
    "- " * 3_000,
    "  " * 5_000 + "a: 1\n",
    ',"' * 5_000,
]
_LINES = [
    "",
    "  ",
    "a: &a [*a]",
    "a: &a {b: *a}",
    "? [a, b]\n: c",
    "- - - a",
    "a: b: c",
    "\ta: b",
    "'a': 1",
]


def mutated(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """The bytes of a file with one to four mutations; `others` are files to take from."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        data = random.choice(_MUTATIONS)(data, others, random)
    return data


def _flip(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    changed = bytearray(data or b"a")
    for _ in range(random.choice((1, 1, 2, 8))):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _insert_bytes(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    some = random.choice(
        (random.randbytes(random.randint(1, 6)), b"\xff\xfe", b"\xed\xa0\x80", b"\0")
    )
    return data[:at] + some + data[at:]


def _cut(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    start, end = sorted(random.randint(0, len(data)) for _ in range(2))
    return random.choice((data[:start], data[start:], data[:start] + data[end:]))


def _insert_token(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(_TOKENS).encode() + data[at:]


def _insert_long(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(_LONG).encode() + data[at:]


def _replace_word(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A value, a key or a mark becomes a token."""
    words = data.split(b" ")
    words[random.randrange(len(words))] = random.choice(_TOKENS).encode()
    return b" ".join(words)


def _repeat_line(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Keys stand twice, or two hundred times."""
    lines = data.splitlines(keepends=True) or [b"\n"]
    at = random.randrange(len(lines))
    return b"".join([*lines[:at], *[lines[at]] * random.choice((2, 2, 3, 200)), *lines[at + 1 :]])


def _move_line(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b"\n"]
    lines.insert(random.randrange(len(lines) + 1), lines.pop(random.randrange(len(lines))))
    return b"".join(lines)


def _indent(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b"\n"]
    at = random.randrange(len(lines))
    lines[at] = random.choice((b" ", b"  ", b"\t", b"      ")) + lines[at]
    if random.random() < 0.3:
        lines[at] = lines[at].lstrip()
    return b"".join(lines)


def _insert_line(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    pool = [random.choice(_LINES).encode() + b"\n", random.choice(others or [b""])]
    taken = random.choice(pool).splitlines(keepends=True) or [b"\n"]
    lines.insert(random.randint(0, len(lines)), random.choice(taken))
    return b"".join(lines)


def _mix(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(others or [b""])
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _anchors(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Lists of lists by name, each ten times the one before it; small enough to do no harm."""
    names = [f"n{index}" for index in range(random.randint(2, 5))]
    lines = [b"n: &n0 [a, b]\n"]
    for one, next_ in pairwise(names):
        lines.append(f"{next_}: &{next_} [{', '.join([f'*{one}'] * 10)}]\n".encode())
    return random.choice((b"".join(lines) + data, data + b"".join(lines)))


def _deep(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    depth = random.choice((20, 200, 2_000))
    opening, closing = random.choice(((b"[", b"]"), (b"{a: ", b"}"), (b'{"a":', b"}")))
    at = random.randint(0, len(data))
    return data[:at] + b" " + opening * depth + b"1" + closing * depth + data[at:]


def _encode(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = random.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"))
    return text.encode(encoding, "replace")


def _line_ends(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    return data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b"\x0b", b"\xc2\x85")))


_MUTATIONS: tuple[Callable[[bytes, Sequence[bytes], Random], bytes], ...] = (
    _flip,
    _insert_bytes,
    _cut,
    *(_insert_token,) * 3,
    _insert_long,
    *(_replace_word,) * 4,
    *(_repeat_line,) * 2,
    *(_move_line,) * 2,
    _indent,
    *(_insert_line,) * 2,
    _mix,
    _anchors,
    _deep,
    _encode,
    _line_ends,
)
