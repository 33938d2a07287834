"""Mail and web addresses, written or said part by part."""

from __future__ import annotations

import regex

from voicetest.speech.words.atoms import Address, Mark, Number, Word
from voicetest.speech.words.place import Place, Read
from voicetest.speech.words.unit import Unit, Way, word

__all__ = ["TOP_DOMAINS", "address_at"]

TOP_DOMAINS = frozenset(
    (
        "com org net edu gov info io ai co app dev health shop store online me tv biz uk us ca au "
        "nz ie de at ch fr es it nl be pt br mx in jp cn pl se no dk fi eu"
    ).split()
)


_LONGEST_LABEL, _LONGEST_ADDRESS = 64, 254
"""Parts that may make a label and an address, by their most characters (RFC 5321)."""


def address_at(place: Place) -> Read:
    """An address at this place."""
    match place[0]:
        case Address(text):
            return 1, ((_unit(place, text),),)
        case Word() | Number():
            return _said(place)
        case _:
            return None


def _said(place: Place) -> Read:
    local, at = _chain(place, 0)
    if not local:
        return None
    if place.among(at, place.lexicon.at) or place.mark(at) == "@":
        domain, end = _chain(place, at + 1)
        match place[at + 1]:
            case Address(text) if not domain:
                domain, end = text, at + 2
            case _:
                pass
        if "." in domain:
            mail: Way = (_unit(place, f"{local}@{domain}"),)
            if regex.search(r"[._+-]", local) or place.mark(at) == "@":
                return end, (mail,)
            return end, (mail, (word(local), word(place.word(at)), _unit(place, domain)))
        return None
    labels = local.split("/")[0].split(".")
    if len(labels) > 1 and (labels[-1] in TOP_DOMAINS or labels[0] == "www"):
        return at, ((_unit(place, local),),)
    return None


def _chain(place: Place, offset: int) -> tuple[str, int]:
    """Labels with what stands between them, and where they end; `www.example.com/help`."""
    text, at = _label(place, offset)
    while text and at - offset < _LONGEST_ADDRESS:
        sign = place.lexicon.separators.get(place.word(at), "")
        if not sign and place.mark(at) in (".", "-", "_", "+", "/") and _inside(place, at):
            sign = place.mark(at)
        more, end = _label(place, at + 1) if sign else ("", at)
        if not more:
            break
        text, at = f"{text}{sign}{more}", end
    return text, at


def _inside(place: Place, offset: int) -> bool:
    return all((atom := place[offset + side]) is not None and atom.glued for side in (0, 1))


def _label(place: Place, offset: int) -> tuple[str, int]:
    """Letters one by one, a word, digits: one part of an address."""
    at, parts = offset, []
    while at - offset < _LONGEST_LABEL:
        match place[at]:
            case Word(text) if len(text) == 1 and text.isalpha():
                parts.append(text)
            case Number(digits=said) if said:
                parts.append(said)
            case Word(text) if text not in place.lexicon.separators and (
                not parts or (len(parts) <= 2 and parts[-1].isalpha() and _parted(place, at + 1))
            ):
                parts.append(text)
                if not isinstance(place[at + 1], Number):
                    return "".join(parts), at + 1
            case Mark("-") if parts and _inside(place, at) and len(parts[-1]) == 1:
                pass
            case _:
                break
        at += 1
    return "".join(parts), at


def _parted(place: Place, at: int) -> bool:
    """Whether a part of an address ends there: g mail dot com."""
    return place.lexicon.separators.get(place.word(at), "") == "." or place.mark(at) == "."


def _unit(place: Place, text: str) -> Unit:
    signs = {sign: name for name, sign in reversed([*place.lexicon.separators.items()])}
    signs["@"] = next(iter(place.lexicon.at), "@")
    parts = regex.findall(r"[^\W_]+|[^\s]", text)
    return Unit(frozenset({("address", text)}), tuple(signs.get(part, part) for part in parts))
