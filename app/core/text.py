"""Vietnamese text: one normal form, search without diacritics, the dictionary's order."""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}  # huyền, hỏi, ngã, sắc, nặng
_SHAPES = {"\u0306": 1, "\u0302": 2, "\u031b": 3}  # ă, â/ê/ô, ơ/ư
_SPACE = re.compile(r"\s+")
_MARKS = 30  # on one letter, as Unicode's stream-safe text has it
_SHORT = 120  # names of fields and units, headings: a table says the same ones over and over


def normalized(form: Literal["NFC", "NFD"], text: str) -> str:
    """Return the text in a Unicode normal form; marks that are heaped on one letter are left out.

    Putting them in order takes time with the square of their number, and nothing else runs meanwhile.
    """
    if len(text) > 500 and not text.isascii():
        kept, marks = [], 0
        for char in text:
            marks = marks + 1 if unicodedata.combining(char) else 0
            if marks <= _MARKS:
                kept.append(char)
        text = "".join(kept)
    return unicodedata.normalize(form, text)


def nfc(text: str) -> str:
    """Return the text in Unicode NFC with runs of white space made one."""
    return _SPACE.sub(" ", normalized("NFC", text)).strip()


def search_key(text: str) -> str:
    """Return the text folded for search: no diacritics, đ as d, lower case; `Hoá` and `Hóa` give the same."""
    return _short_key(text) if len(text) <= _SHORT else _folded(text)


@lru_cache(maxsize=4096)
def _short_key(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    decomposed = normalized("NFD", text.replace("đ", "d").replace("Đ", "d"))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _SPACE.sub(" ", re.sub(r"[^\w.]+", " ", bare.casefold())).strip()


def words_typed(query: str) -> list[str]:
    """Return what is looked for, folded: every search of words begins with these."""
    return search_key(query).split()


def has_words(text: str, query: str) -> bool:
    """Tell whether a text has a word beginning with each word typed, in any order, diacritics aside."""
    words, found = words_typed(query), f" {search_key(text)}"
    return bool(words) and all(f" {word}" in found for word in words)


def sort_key(text: str) -> str:
    """Return a key whose plain order is the Vietnamese dictionary's.

    Letters first (a ă â b c d đ e ê …), then tones in the order ngang, huyền, hỏi, ngã, sắc, nặng, counted per syllable
    and wherever the tone mark is written, so that `Hoá` and `Hóa` have one key.
    """
    letters: list[str] = []
    tones: list[str] = []
    for word in search_and_split(text):
        word_tone = 0
        for char in normalized("NFD", word):
            if char in _TONES:
                word_tone = _TONES[char]
            elif char in _SHAPES:
                letters[-1] = letters[-1][0] + str(_SHAPES[char])
            elif char == "đ":
                letters.append("d1")
            elif not unicodedata.combining(char):
                letters.append(char + "0")
        letters.append(".")
        tones.append(str(word_tone))
    # The end of the letters is less than a gap between words: `Phú` comes before `Phú Xuân`.
    return "".join(letters).rstrip(".") + " " + "".join(tones)


def search_and_split(text: str) -> list[str]:
    """Return the words of a text in lower case, digits padded so that `A Lưới 2` comes before `A Lưới 10`."""
    words = re.findall(r"\w+", normalized("NFC", text).casefold())
    return [w.zfill(6) if w.isdigit() else w for w in words]
