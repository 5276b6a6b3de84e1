"""What is written in the cells of an .xlsx: numbers, dates by their styles, texts that cells share."""

import re
from functools import cache

from imports.readers_output import number
from imports.readers_problems import UnreadableFile
from imports.readers_xml import parse

LONGEST_TEXT = 1 << 20  # 32 times what a spreadsheet program writes
MOST_STYLES = 1 << 16
# Formats that have a number only: dates and times, also those of East Asia, and a duration.
DATES = {str(number) for number in (*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59))}
DURATIONS = {"46"}
ESCAPED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")
A_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
TRUTHS = {"1": True, "true": True, "0": False, "false": False}


class Texts:
    """Collects the characters of the elements called `name`, but not how a text is pronounced, <rPh>."""

    def __init__(self, name="t"):
        self.name, self.parts, self.length = name, [], 0
        self.is_wanted = self.is_pronounced = False

    def start(self, name):
        self.is_pronounced = self.is_pronounced or name == "rPh"
        self.is_wanted = name == self.name and not self.is_pronounced

    def end(self, name):
        self.is_wanted = False
        self.is_pronounced = self.is_pronounced and name != "rPh"

    def add(self, characters):
        if not self.is_wanted:
            return
        self.length += len(characters)
        if self.length > LONGEST_TEXT:
            raise UnreadableFile("text_too_long", limit=LONGEST_TEXT)
        self.parts.append(characters)

    def take(self):
        text = "".join(self.parts)
        self.parts, self.length = [], 0
        return text


class Values:
    """The values of a workbook's cells."""

    def __init__(self, package):
        self.shared = SharedTexts.of(package)
        self.dates, self.durations = date_styles(package)
        self.epoch = epoch(package)

    def of(self, text, kind, style):
        """Return the value of a cell with this text, `kind` its attribute t, `style` its attribute s."""
        if kind == "s":
            return self.shared.at(_index(text))
        if kind in ("str", "inlineStr"):
            return unescaped(text)
        text = text.strip()
        if kind == "e":
            return {"error": text}
        if kind == "b":
            return TRUTHS[text]
        return _iso_date(text) if kind == "d" else self.number(text, style)

    def number(self, text, style):
        if not A_NUMBER.fullmatch(text):
            raise UnreadableFile("damaged")
        value = float(text)
        if style not in self.dates:
            return number(value)
        from openpyxl.utils.datetime import from_excel

        try:
            return from_excel(value, self.epoch, timedelta=style in self.durations)
        except (OverflowError, ValueError):
            return number(value)  # no date is shown for it


class SharedTexts:
    """The texts that the cells of all sheets share, parsed as far as somebody asks: the first rows need few."""

    def __init__(self, package):
        self.found, self.texts = [], Texts()
        self.parsing = self.parse(package)

    @classmethod
    @cache
    def of(cls, package):
        return cls(package)

    def at(self, index):
        while len(self.found) <= index and next(self.parsing, False):
            pass
        return self.found[index]

    def parse(self, package):
        """Yield True whenever some more are found."""
        if part := package.shared_strings():
            with package.archive.open(part) as source:
                for _ in parse(source, lambda name, _: self.texts.start(name), self.end, self.texts.add):
                    yield True

    def end(self, name):
        self.texts.end(name)
        if name == "si":
            self.found.append(unescaped(self.texts.take()))


@cache
def date_styles(package):
    """Return the cells' styles that show dates or times, and those of them that show durations."""
    from openpyxl.styles.numbers import is_date_format, is_timedelta_format

    dates, durations, shown = set(DATES), set(DURATIONS), []
    is_cells = False
    for name, attributes in package.tags(package.styles()):
        if name == "numFmt":
            code, known = attributes.get("formatCode"), attributes.get("numFmtId")
            (dates.add if is_date_format(code) else dates.discard)(known)
            (durations.add if is_timedelta_format(code) else durations.discard)(known)
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            is_cells = name == "cellXfs"
        elif name == "xf" and is_cells:
            shown.append(attributes.get("numFmtId", "0"))
            if len(shown) > MOST_STYLES:
                raise UnreadableFile("damaged")
    return (
        {str(style) for style, known in enumerate(shown) if known in dates},
        {str(style) for style, known in enumerate(shown) if known in durations},
    )


def epoch(package):
    """Return the day 0 of the workbook: there is a system that begins in 1904."""
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

    properties = (attributes for name, attributes in package.workbook_tags() if name == "workbookPr")
    is_1904 = next(properties, {}).get("date1904") in ("1", "true")
    return CALENDAR_MAC_1904 if is_1904 else CALENDAR_WINDOWS_1900


def unescaped(text):
    return ESCAPED_CHARACTER.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _index(text):
    text = text.strip()
    if not text.isdecimal():
        raise UnreadableFile("damaged")
    return int(text)


def _iso_date(text):
    from openpyxl.utils.datetime import from_ISO8601

    return from_ISO8601(text)
