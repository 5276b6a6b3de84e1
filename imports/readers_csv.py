"""Reads delimited text: finds its encoding and delimiter, and numbers its records from 1 as they come."""

import csv
import io
import re
from collections import Counter, deque
from contextlib import contextmanager
from itertools import chain, islice

from imports.readers_encoding import guess_encoding, known_encoding, line_of_bad_bytes
from imports.readers_problems import UnreadableFile, _

DELIMITERS = (",", ";", "\t", "|")
FIELD_LIMIT = 1 << 20
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_RECORDS = 50
DECLARED_DELIMITER = re.compile(r'"?sep=([^\r\n"\0])"?(?:\r|\n|$)', re.IGNORECASE)
A_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*%?")
NO_COLUMNS = (0, False, 0, 0)
NAMED_LIKE_A_WORKBOOK = (".xls", ".xlsx", ".xlsm", ".xlsb")
# The delimiter of a file with one column: no such file holds it.
NO_DELIMITER = "\x1f"
END = "\x00end of file"


def read(request, out):
    """Write the records of the file; `reading` says encoding and delimiter, null for a single column."""
    csv.field_size_limit(FIELD_LIMIT)
    path = request["path"]
    chosen = request.get("encoding")
    blocks = 1 if request.get("head") else None  # all of a long file would take longer than its first rows
    encoding = known_encoding(chosen) if chosen else guess_encoding(path, blocks)
    file = DelimitedFile(path, encoding)
    delimiter = (
        _known_delimiter(request.get("delimiter")) or file.declared_delimiter or file.sniff_delimiter()
    )
    if delimiter is None and request["name"].lower().endswith(NAMED_LIKE_A_WORKBOOK):
        raise UnreadableFile("wrong_type", kind=_("a text file with a workbook's name"))
    reading = {"format": "csv", "sheet": None, "sheets": [], "encoding": encoding, "delimiter": delimiter}
    out.message(reading=reading | {"encoding_guessed": not chosen and not encoding.startswith("utf")})
    file.write_records(delimiter or NO_DELIMITER, out)
    if not out.rows:
        raise UnreadableFile("no_rows")


class DelimitedFile:
    """A text file whose encoding is known; `records_read` is how far its records have been dealt with."""

    def __init__(self, path, encoding):
        self.path = path
        self.encoding = encoding
        self.records_read = 0
        with self._text() as text:
            self.sample = text.read(SAMPLE_CHARACTERS).removeprefix("\ufeff")
        declaration = DECLARED_DELIMITER.match(self.sample)
        self.declared_delimiter = declaration and declaration[1]

    def sniff_delimiter(self):
        return sniff_delimiter(self.sample, cut_off=len(self.sample) >= SAMPLE_CHARACTERS - 1)

    def write_records(self, delimiter, out):
        """Write all records; strictly at first, for only that notices a stray quotation mark where it is."""
        if not self._write_on(delimiter, out, strict=True):
            self._blame_next_record(delimiter)
            if not self._write_on(delimiter, out, strict=False):
                self._blame_next_record(delimiter)

    def _write_on(self, delimiter, out, strict):
        """Write the records from `records_read` on; return whether that came to the end of the file."""
        with self._records(delimiter, strict) as reader:
            sound, at_end = True, False
            while sound and not at_end:
                records, sound = _take(reader, out.chunk_rows)
                if at_end := _holds_end(records):
                    sound = records.pop() == [END]
                self._write(records, out)
        return sound

    def _write(self, records, out):
        if self.declared_delimiter and not self.records_read and records:
            records[0] = []
        first = self.records_read + 1
        self.records_read += len(records)
        out.write(list(enumerate(records, first)))

    def _blame_next_record(self, delimiter):
        """Raise what is wrong with the next record, unless it is only sloppy: "a"b on one line."""
        with self._records(delimiter, strict=False) as reader:
            line = reader.line_num + 1
            records, sound = _take(reader, 1)
            if reader.line_num > line or _holds_end(records):
                raise UnreadableFile("unclosed_quote", line=line)
            if not sound:
                raise UnreadableFile("field_too_long", line=line, limit=FIELD_LIMIT)

    @contextmanager
    def _records(self, delimiter, strict):
        with self._text() as text:
            first_line = text.readline().removeprefix("\ufeff")
            # A quote that is still open at the end of the file swallows END, so that it is noticed.
            lines = chain([first_line], text, [END])
            reader = csv.reader(lines, delimiter=delimiter, strict=strict)
            deque(islice(reader, self.records_read), maxlen=0)
            yield reader

    @contextmanager
    def _text(self):
        try:
            with open(self.path, encoding=self.encoding, newline="") as text:
                yield text
        except UnicodeError as error:
            line = line_of_bad_bytes(self.path, self.encoding)
            raise UnreadableFile("undecodable", line=line, encoding=self.encoding) from error


def sniff_delimiter(sample, cut_off=False):
    """Return the delimiter that cuts the first records most evenly, or None for a single column."""
    scores = {delimiter: _score(sample, delimiter, cut_off) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > NO_COLUMNS else None


def _score(sample, delimiter, cut_off):
    """Return (share of records as wide as most, looks like a header, share of clean cells, width)."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    records = list(islice((record for record in reader if record), SAMPLE_RECORDS))
    if cut_off and len(records) < SAMPLE_RECORDS:
        records = records[:-1]
    widths = Counter(len(record) for record in records if len(record) > 1)
    if not widths:
        return NO_COLUMNS
    width, count = widths.most_common(1)[0]
    even = [record for record in records if len(record) == width]
    has_header = len(records[0]) > 1
    if not has_header and (count * 2 < len(records) or _reads_like_prose(even)):
        return NO_COLUMNS
    return count / len(records), _looks_like_header(even[0]), _clean_share(even), width


def _reads_like_prose(records):
    return all(cell.startswith(" ") for record in records for cell in record[1:])


def _looks_like_header(record):
    return len(set(record)) == len(record) and all(
        cell.strip() and not A_NUMBER.fullmatch(cell.strip()) for cell in record
    )


def _clean_share(records):
    cells = [cell for record in records for cell in record]
    clean = [cell for cell in cells if A_NUMBER.fullmatch(cell) or not any(d in cell for d in DELIMITERS)]
    return len(clean) / len(cells)


def _take(reader, count):
    """Return the next records, and whether they are sound: the records before a bad one are kept."""
    records = []
    try:
        records.extend(islice(reader, count))
    except csv.Error:
        return records, False
    return records, True


def _holds_end(records):
    return bool(records and records[-1]) and records[-1][-1].endswith(END)


def _known_delimiter(delimiter):
    if delimiter and (len(delimiter) > 1 or delimiter in '"\r\n\0'):
        raise UnreadableFile("unknown_delimiter", delimiter=delimiter)
    return delimiter or None
