"""The three languages: gettext catalogues read once, and numbers and dates as each language writes them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.core.clock import HUE, day_of
from app.core.settings import Locale, project_root

COMMAND_LINE = "command-line"  # whom a token stands for that was made there without a name
LOCALES: tuple[Locale, ...] = ("vi", "en", "fr")


@dataclass(frozen=True, slots=True)
class Named:
    """What a sentence tells that is itself in words: keys of messages, said in its language, divided by commas."""

    keys: tuple[str, ...]


@lru_cache
def catalogue(locale: Locale) -> dict[str, str | tuple[str, ...]]:
    """Return every message of a language by its key."""
    messages: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((project_root() / "locales" / locale / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalog: Catalog = read_po(file, locale=locale)
        for message in catalog:
            if message.id:
                key = message.id if isinstance(message.id, str) else message.id[0]
                said = message.string if isinstance(message.string, str) else tuple(message.string or ())
                if locale == "fr":
                    said = _bound(said) if isinstance(said, str) else tuple(_bound(one) for one in said)
                messages[key] = said
    return messages


def _bound(text: str) -> str:
    """Return a French text whose lines never begin with a sign that stands after a space."""
    return re.sub(r" (?=[:;?!»])|(?<=«) ", "\u00a0", text)


def translate(key: str, locale: Locale, **values: Any) -> str:
    """Return a message in a language; counts (`n`) choose the plural and are written with separators.

    Raises KeyError for an unknown key: a missing message is a defect, not something to guess.
    """
    message = catalogue(locale)[key]
    if isinstance(message, tuple):
        n = abs(values.get("n", 1))
        plural = 0 if locale == "vi" else int(n != 1) if locale == "en" else int(n > 1)
        message = message[min(plural, len(message) - 1)]
    if not values:
        return message
    shown = {
        k: number(v, locale)
        if isinstance(v, int) and not isinstance(v, bool)
        else day(v, locale)
        if type(v) is date
        else ", ".join(translate(named, locale) for named in v.keys)
        if isinstance(v, Named)
        else v
        for k, v in values.items()
    }
    return message.format(**shown)


def translator(locale: Locale) -> Callable[..., str]:
    """Return `t(key, **values)` bound to a language."""

    def t(key: str, **values: Any) -> str:
        return translate(key, locale, **values)

    return t


def has(key: str) -> bool:
    """Tell whether a key has a message."""
    return key in catalogue("vi")


def choose(cookie: str | None, accept: str | None, default: Locale) -> Locale:
    """Return the language of a request: the person's choice, then `Accept-Language`, then the installation's."""
    for wanted in LOCALES:
        if cookie == wanted:
            return wanted
    best: tuple[float, Locale] | None = None
    for part in (accept or "")[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        for wanted in LOCALES:
            if tag.lower().split("-")[0] == wanted:
                try:
                    weight = float(quality or 1)
                except ValueError:
                    continue
                if weight > 0 and (best is None or weight > best[0]):
                    best = (weight, wanted)
    return best[1] if best else default


_MARKS = {"vi": str.maketrans(",.", ".,"), "fr": str.maketrans(",.", "\u202f,")}


def number(value: float | Decimal | None, locale: Locale, decimals: int = 0) -> str:
    """Return a number as the language writes it: `1.234`, `1,234`, `1 234`."""
    if value is None:
        return ""
    text = f"{value:,.{decimals}f}"
    return text if locale == "en" else text.translate(_MARKS[locale])


def decimal(value: Decimal, locale: Locale, most: int, rounded_to: int) -> str:
    """Return an amount with the places that it was given with: `93,37`, `0,700`.

    One with more than `most` is rounded, halves away from zero; a whole one has none then.
    """
    places = max(0, -int(value.as_tuple().exponent))
    if places > most:
        places = 0 if value == value.to_integral_value() else rounded_to
        value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0  # no nought below nought
    return number(value, locale, places)


def percent(value: float | None, locale: Locale) -> str:
    """Return a share between 0 and 1 as a percentage with two decimals: `93,37%`."""
    if value is None:
        return translate("indicators.not_computable", locale)
    return number(value * 100, locale, 2) + ("\u202f%" if locale == "fr" else "%")


def kilobytes(size: int, locale: Locale) -> str:
    """Return a file's size, rounded up: `12 KB`."""
    return number(-(-size // 1024), locale) + " KB"


def target(value: float, locale: Locale) -> str:
    """Return a target as a percentage, no decimals it does not have: `80%`, `93,5%`."""
    points = round(value * 10_000)
    decimals = 0 if points % 100 == 0 else 1 if points % 10 == 0 else 2
    return number(points / 100, locale, decimals) + ("\u202f%" if locale == "fr" else "%")


def day(value: date | None, locale: Locale) -> str:
    """Return a day as `21/11/2026`, the order of day and month being one in all three languages."""
    return f"{value.day:02}/{value.month:02}/{value.year:04}" if value else ""


def short_day(value: date | datetime | None, locale: Locale) -> str:
    """Return a day, or a moment's in Huế, as `21/11`, where the year is plain."""
    if isinstance(value, datetime):
        value = day_of(value)
    return f"{value.day:02}/{value.month:02}" if value else ""


def moment(value: datetime | None, locale: Locale) -> str:
    """Return a moment in Huế as `21/11/2026 16:45`."""
    return value.astimezone(HUE).strftime("%d/%m/%Y %H:%M") if value else ""


def clock(value: datetime | None, locale: Locale) -> str:
    """Return a moment's time of day in Huế as `16:45`."""
    return value.astimezone(HUE).strftime("%H:%M") if value else ""


def who(name: str, locale: Locale) -> str:
    """Return who did something as a person reads it: a name as it is, a token without one in words."""
    return translate("ui.command_line", locale) if name == COMMAND_LINE else name
