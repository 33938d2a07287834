"""How the tables of a language are written down, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MONEY", "UNITS", "listed", "named", "numbered", "shortened"]


def listed(names: Mapping[str, str]) -> dict[str, str]:
    """Every word in the values, and the key that stands for it; the key too."""
    return {word: key for key, words in names.items() for word in (key, *words.split())}


def named(values: Mapping[str, str]) -> dict[str, int]:
    """Every word in the values with the number that is its key."""
    return {word: int(value) for value, words in values.items() for word in words.split()}


def numbered(names: str) -> dict[str, int]:
    """Words in groups parted by a bar, each with the number of its group from 1."""
    groups = enumerate(names.split("|"), 1)
    return {word: number for number, group in groups for word in group.split()}


def shortened(names: str) -> dict[str, tuple[str, ...]]:
    """Abbreviations in groups parted by a bar, each with the words that it may stand for."""
    groups = (group.split() for group in names.split("|"))
    return {short: tuple(words) for short, *words in groups}


MONEY = listed(
    {
        "dollars": "$ usd dollar",
        "euros": "€ eur euro",
        "pounds": "£ gbp",
        "yen": "¥ jpy",
        "rupees": "₹ inr",
        "francs": "chf",
        "reais": "brl",
        "yuan": "cny",
    }
)
"""Signs and codes of money (ISO 4217), and the word that stands for each in every language."""
UNITS = listed(
    {
        "kilometers": "km kms",
        "meters": "m",
        "centimeters": "cm",
        "millimeters": "mm",
        "kilograms": "kg kgs",
        "grams": "g",
        "milligrams": "mg",
        "liters": "l",
        "milliliters": "ml",
        "hours": "h",
        "minutes": "min",
        "seconds": "s",
        "gigabytes": "gb",
        "megabytes": "mb",
        "kilobytes": "kb",
        "terabytes": "tb",
        "percent": "",
        "days": "",
        "degrees": "",
    }
)
"""Abbreviations of units (SI and bytes), and the word that stands for each in every language."""
