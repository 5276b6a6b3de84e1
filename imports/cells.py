"""Cells of the file as they come from the parts, and as text.

A cell is None, text, number, bool, or a dict for what a spreadsheet marks ({"date"}, {"datetime"},
{"time"}, {"error"}, {"formula"}).
"""

import re
import unicodedata
from dataclasses import dataclass

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"  # zero-width spaces and the soft hyphen
TRIMMED = " \t\r\n\x0b\x0c\u00a0\u202f\u2007" + INVISIBLE
LARGEST_EXACT = 10**15
UNUSABLE = re.compile("[\0\ud800-\udfff\uffff]")  # the last stands for half a character


@dataclass(frozen=True)
class FileOptions:
    """How texts of one file are to be read: date order "dmy", "mdy", "ymd" or "" (not known),
    decimal mark "," or "." or "" (not known)."""

    date_order: str = ""
    decimal_mark: str = ""


class BadCell(Exception):
    """A cell that its column does not accept: a format problem."""

    def __init__(self, code, value="", **details):
        super().__init__(code)
        self.code, self.value, self.details = code, value, details


def as_text(cell):
    """`cell` as trimmed NFC text, "" when blank; spreadsheets have no whole numbers, so 123.0 is "123"."""
    if type(cell) is str:
        if cell.isascii():
            text = cell.strip()
            if "\0" in text:
                raise BadCell("unusable_character")
            return text
        return _trim_unicode(cell)
    if cell is None:
        return ""
    if type(cell) is bool:
        return "TRUE" if cell else "FALSE"
    if type(cell) is int and abs(cell) <= LARGEST_EXACT:
        return str(cell)
    if type(cell) in (int, float):  # PostgreSQL gives 1e22 back as a whole number
        cell = float(cell)
        return str(int(cell)) if cell.is_integer() and abs(cell) <= LARGEST_EXACT else repr(cell)
    return _marked_text(cell)


def _trim_unicode(cell):
    text = unicodedata.normalize("NFC", cell.strip(TRIMMED))
    if UNUSABLE.search(text):
        raise BadCell("unusable_character")
    return text


def _marked_text(cell):
    if "error" in cell:
        raise BadCell("error_cell", cell["error"])
    if "formula" in cell:
        raise BadCell("formula_without_value")
    return cell.get("date") or cell.get("datetime", "").replace("T", " ") or cell.get("time", "")


def quoted(cell):
    """What a cell says, in the form in which problems quote it and other values are chosen for it."""
    try:
        return as_text(cell)
    except BadCell:
        return str(shown_cell(cell)).strip()


def is_one_of(words, cell):
    """Whether `cell` is one of the words, given without case, or an error among them."""
    text = cell if type(cell) is str else cell.get("error", "") if type(cell) is dict else ""
    return text.strip(TRIMMED).casefold() in words


def shown_cell(cell):
    """`cell` as a person sees it, whatever it is; for sentences, samples and raw-cell tables."""
    if isinstance(cell, dict):
        return cell.get("error") or ("" if "formula" in cell else _marked_text(cell))
    if isinstance(cell, str):
        return cell
    return as_text(cell)
