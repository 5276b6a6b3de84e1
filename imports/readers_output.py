"""What a reader writes: rows as lines of JSON, `[row number,[cells]]`, within limits of rows and columns.

A cell is null, text, a number, true or false, or an object for what JSON has no word for:
{"date"}, {"datetime"}, {"time"}, {"error": "#N/A"} and {"formula": ""}, a formula without a stored result.
"""

import datetime
import json
import math
import re

from imports.readers_problems import UnreadableFile

CHUNK_ROWS = 1000
LONGEST_ROW = 4 << 20  # bytes of a line
MAX_BYTES = 2 << 30  # of all lines: a few texts that many cells share could fill a disk
ROWS_OF_A_SHEET = 2_000_000  # more than any sheet can hold; `rows` names the rows by it
LARGEST_WHOLE_NUMBER = 1e15
INVISIBLE = " \t\r\n\v\f\x1a\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
INVISIBLE += "\u2008\u2009\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
NOTHING = (None, "")
# Inside of JSON strings control characters are escaped, so a raw one can only be ours.
SEPARATOR = "\x1f"
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
HALF_CHARACTERS_STAND_IN = "\uffff"  # no character either; `cells` refuses it
ESCAPED_NUL = rb"\u0000"


class EnoughRows(Exception):
    """The first rows are written, and no more are wanted."""


class RowWriter:
    """Writes messages and numbered rows to a binary stream; counts what it wrote. With `head` it ends the
    reading by EnoughRows when so many rows are written.

    Where several sheets are read as one, `offset` is what the row numbers of the present one begin after,
    and `skipped` how many rows at its top are no data; `seen` counts these too.
    """

    def __init__(self, stream, max_rows, max_columns, head=None):
        self.stream = stream
        self.head = head
        self.chunk_rows = head or CHUNK_ROWS
        self.max_rows = max_rows
        self.max_columns = max_columns
        self.rows = 0
        self.bytes = 0
        self.width = 0
        self.seen = 0
        self.offset = 0
        self.skipped = 0
        self.hidden = []
        self.merged = []

    def message(self, **message):
        self.stream.write(json.dumps(message).encode() + b"\n")
        self.stream.flush()

    def write(self, numbered):
        """Write [(row number, [cells])] without blank rows and the blank cells at the end of a row."""
        kept = list(_without_blanks(numbered))
        self.seen += len(kept)
        if self.skipped:
            kept = [row for row in kept if row[0] > self.skipped]
        if not kept:
            return
        self._hold_to_limits(kept)
        lines = _as_lines([(number + self.offset, cells) for number, cells in kept] if self.offset else kept)
        if ESCAPED_NUL in lines:
            _refuse_nul(kept)
        if len(lines) > LONGEST_ROW:
            _refuse_long_row(kept, lines)
        self.rows += len(kept)
        self.bytes += len(lines)
        if self.bytes > MAX_BYTES:
            raise UnreadableFile("too_large_to_read")
        self.stream.write(lines)
        if self.rows > self.max_rows:
            raise UnreadableFile("too_many_rows_together", limit=f"{self.max_rows:,}")
        if self.head and self.rows >= self.head:
            raise EnoughRows

    def notice(self, hidden, merged):
        """Note rows, [first, last], and cells, [row, their place], of the present sheet that are not as usual."""
        self.hidden += [[first + self.offset, last + self.offset] for first, last in hidden]
        self.merged += [[row + self.offset, cells] for row, cells in merged]

    def each_later(self, join):
        """Yield the sheets to join behind the first, each when its rows may be written."""
        for index, sheet in enumerate(join[1:], 1):
            self.offset, self.skipped = index * ROWS_OF_A_SHEET, sheet["skipped"]
            yield sheet

    def write_all(self, numbered):
        chunk = []
        for row in numbered:
            chunk.append(row)
            if len(chunk) == self.chunk_rows:
                self.write(chunk)
                chunk = []
        self.write(chunk)

    def _hold_to_limits(self, kept):
        if kept[-1][0] > self.max_rows:
            raise UnreadableFile("too_many_rows", limit=self.max_rows)
        width = max(len(cells) for _, cells in kept)
        if width > self.max_columns:
            row = next(number for number, cells in kept if len(cells) > self.max_columns)
            raise UnreadableFile("too_many_columns", row=row, columns=width, limit=self.max_columns)
        self.width = max(self.width, width)


def number(value):
    """Return a number as JSON can hold it: spreadsheets have no integers, so 3.0 is 3."""
    if not math.isfinite(value):
        return {"error": "#NUM!"}
    if abs(value) >= LARGEST_WHOLE_NUMBER:
        return float(value)
    return int(value) if value == int(value) else value


def _refuse_long_row(rows, lines):
    for (number, _), line in zip(rows, lines.splitlines(), strict=True):
        if len(line) > LONGEST_ROW:
            raise UnreadableFile("row_too_long", row=number, limit=LONGEST_ROW)


def _without_blanks(numbered):
    for row in numbered:
        cells = row[1]
        while cells and cells[-1] in NOTHING:
            cells.pop()
        if cells and (type(cells[-1]) is not str or cells[-1].strip(INVISIBLE) or not _is_blank(cells)):
            yield row


def _is_blank(cells):
    return all(cell is None or (type(cell) is str and not cell.strip(INVISIBLE)) for cell in cells)


def _refuse_nul(rows):
    for number, cells in rows:
        if any(type(cell) is str and "\0" in cell for cell in cells):
            raise UnreadableFile("nul_character", row=number)


def _as_lines(rows):
    """Encode all rows at once, a row by itself takes twice as long, and cut between them afterwards."""
    text = _encode(rows)[1:-1]
    text = text.replace(f"]]{SEPARATOR}[", "]]\n[")
    text = text.replace(f'{SEPARATOR}""', f"{SEPARATOR}null").replace('[""', "[null")
    text = text.replace(SEPARATOR, ",") + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _without_half_characters(text).encode()


def _without_half_characters(text):
    """Join the halves of characters; halves without the other have no UTF-8, nor a place in any database."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return HALF_CHARACTER.sub(HALF_CHARACTERS_STAND_IN, joined)


def _temporal(value):
    if isinstance(value, datetime.datetime):
        return _date_or_datetime(value)
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, datetime.time):
        return _clock(value.hour * 3600 + value.minute * 60 + round(value.second + value.microsecond / 1e6))
    return _clock(round(value.total_seconds()))


def _date_or_datetime(value):
    if value.microsecond >= 500_000 and value < datetime.datetime.max.replace(microsecond=0):
        value += datetime.timedelta(seconds=1)
    value = value.replace(microsecond=0, tzinfo=None)
    if value.time() == datetime.time():
        return {"date": value.date().isoformat()}
    return {"datetime": value.isoformat()}


def _clock(seconds):
    """Return a time of day, or the text of a duration that is longer than a day or negative."""
    sign, (minutes, second) = "-" * (seconds < 0), divmod(abs(seconds), 60)
    text = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"
    return {"time": text} if 0 <= seconds < 86_400 else text


_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(SEPARATOR, ":"), default=_temporal
).encode
