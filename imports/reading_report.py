"""What there is to notice in a file, whatever its headers are mapped to: facts by header, as data.

The rows are looked over once, part by part and column by column: a call for each cell would cost
more than the reading. `noticed` says of these facts what concerns a mapping.
"""

import re
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import islice, zip_longest
from math import isclose

from .cells import LARGEST_EXACT, TRIMMED, shown_cell
from .fields import Date
from .rows import ROWS_OF_A_SHEET

FIRST_TEXTS = 20  # of a part, which show whether a column holds dates
BLANK_WORDS = (
    *("null", "(null)", "n/a", "n.a.", "#n/a", "none", "nil", "nan", "undefined", "(blank)", "\\n"),
    *("-", "--", "---", "–", "—", "0000-00-00", "0000-00-00 00:00:00", "κενό", "(κενό)", "κενο", "δ/υ"),
)
WRITTEN_WORDS = frozenset(
    way(word) for word in BLANK_WORDS for way in (str, str.upper, str.capitalize, str.title)
)
TOTAL = re.compile(
    r"(?:grand |sub ?)?totals?|sums?|(?:γενικ[οό] )?σ[υύ]νολ[οα]|άθροισμα|(?:gesamt|end|zwischen)?summe|gesamt"
    r"|total(?:e|es)?(?: general)?|somma|suma|итого|всего|toplam",
    re.IGNORECASE,
)
FEWEST_ADDED = 3  # rows, for a number below them to be taken for their sum or count
A_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def look_over(parts, seconds=float("inf"), hidden=(), seeks_sample=False, clock=time.monotonic):
    """Return the facts of the data rows, given as lists of [row number, cells], as far as the seconds allow.

    {"rows": rows looked at, "is_complete", "columns": [facts of the header with this index], "totals":
    [[row, text]], "hidden": [count, first row], "sample": [row, text beyond ASCII] or None}. `hidden` are
    ranges [first, last] of row numbers. Facts of a column, each only where there are some: numbers [count,
    first row, smallest, largest], digits {length of a whole number: count}, long [count, first row, one],
    errors and words {what stands there: [count, first row]}, formulas [count, first row], day_first and
    month_first [row, date], unclear [count, row, date].
    """
    scan, deadline = Scan(hidden, seeks_sample), clock() + seconds
    for rows in parts:
        if clock() > deadline:
            return scan.facts(is_complete=False)
        for one_sheet in by_sheet(rows):
            scan.take(one_sheet)
    return scan.facts(is_complete=True)


def by_sheet(rows):
    """Yield the rows sheet by sheet."""
    while rows:
        sheet = rows[0][0] // ROWS_OF_A_SHEET
        end = bisect_left(rows, (sheet + 1) * ROWS_OF_A_SHEET, key=lambda row: row[0])
        yield rows[:end]
        rows = rows[end:]


class Scan:
    """The facts of the rows so far. The last row of a sheet is held back until it is known whether it is a
    total, which is no data; `begun` are the rows and sums of columns above the sheet."""

    def __init__(self, hidden, seeks_sample):
        self.hidden, self.seeks_sample = hidden, seeks_sample
        self.columns, self.totals, self.last, self.begun = [], [], None, (0, [])
        self.rows, self.hidden_rows, self.sample = 0, [0, None], None

    def take(self, rows):
        """Add rows of one sheet, behind those that were taken before."""
        if self.last and self.last[0] // ROWS_OF_A_SHEET != rows[0][0] // ROWS_OF_A_SHEET:
            self.end_sheet()
        *rows, last = [self.last, *rows] if self.last else rows
        self.add(rows)
        self.last = last

    def end_sheet(self):
        number, cells = self.last
        rows, sums = self.begun
        above = [column.sum - before for column, before in zip_longest(self.columns, sums, fillvalue=0)]
        usual = sum(column.filled for column in self.columns) / max(self.rows, 1)
        if said := looks_like_total(cells, usual, above, self.rows - rows):
            self.totals.append([number, said])
        else:
            self.add([self.last])
        self.last, self.begun = None, (self.rows, [column.sum for column in self.columns])

    def add(self, rows):
        numbers = [number for number, _ in rows]
        for index, cells in enumerate(zip_longest(*(cells for _, cells in rows))):
            if index == len(self.columns):
                self.columns.append(ColumnScan())
            self.columns[index].add(numbers, cells)
            if self.seeks_sample and not self.sample:
                self.sample = beyond_ascii(numbers, cells)
        self.rows += len(rows)
        self.count_hidden(numbers)

    def count_hidden(self, numbers):
        for first, last in self.hidden:
            place = bisect_left(numbers, first)
            if count := bisect_right(numbers, last) - place:
                self.hidden_rows[0] += count
                self.hidden_rows[1] = self.hidden_rows[1] or numbers[place]

    def facts(self, is_complete):
        if self.last and is_complete:
            self.end_sheet()
        elif self.last:
            self.add([self.last])
        return {
            "rows": self.rows + len(self.totals),
            "is_complete": is_complete,
            "columns": [column.facts for column in self.columns],
            "totals": self.totals,
            "hidden": self.hidden_rows,
            "sample": self.sample,
        }


def looks_like_total(cells, usual, sums, rows):
    """What makes a last row look like a total, "" when nothing does: it says so and has fewer cells than
    `usual`; or its few cells are all numbers, one of them the sum or the count of the `rows` above it."""
    filled = {index: cell for index, cell in enumerate(cells) if cell is not None}
    first = str(shown_cell(next(iter(filled.values())))).strip(TRIMMED + ":=.")
    if len(filled) < usual and TOTAL.fullmatch(first):
        return first
    values = {index: value_of(cell) for index, cell in filled.items()}
    if len(filled) * 2 > usual or None in values.values() or rows < FEWEST_ADDED:
        return ""
    for index, value in values.items():
        is_sum = type(filled[index]) is not str and index < len(sums) and isclose(sums[index], value)
        if is_sum or value == rows:
            return str(shown_cell(filled[index]))
    return ""


def value_of(cell):
    """The number that a cell holds, as one or in digits; else None."""
    if type(cell) is str:
        return float(cell) if A_NUMBER.fullmatch(cell) else None
    return cell if type(cell) in (int, float) else None


def beyond_ascii(numbers, cells):
    """[row number, text] of the first text that is not pure ASCII, or None."""
    found = (
        [n, cell] for n, cell in zip(numbers, cells, strict=True) if type(cell) is str and not cell.isascii()
    )
    return next(found, None)


class ColumnScan:
    def __init__(self):
        self.facts, self.filled, self.sum = {}, 0, 0

    def add(self, numbers, cells):
        types = set(map(type, cells))
        self.filled += len(cells) - cells.count(None)
        if int in types or float in types:
            self.add_numbers(numbers, cells)
        if dict in types:
            self.add_marked(numbers, cells)
        if str in types:
            has_others = not types <= {str, type(None)}
            self.add_texts(numbers, [c if type(c) is str else None for c in cells] if has_others else cells)

    def add_numbers(self, numbers, cells):
        found = [cell for cell in cells if type(cell) is int or type(cell) is float]
        smallest, largest = min(found), max(found)
        self.sum += sum(found)
        known = self.facts.setdefault("numbers", [0, row_of(numbers, cells, found[0]), smallest, largest])
        known[0] += len(found)
        known[2:] = min(known[2], smallest), max(known[3], largest)
        lengths = self.facts.setdefault("digits", {})
        for length, count in Counter(len(str(cell)) for cell in found if type(cell) is int).items():
            lengths[str(length)] = lengths.get(str(length), 0) + count
        if largest > LARGEST_EXACT or smallest < -LARGEST_EXACT:
            for number, cell in zip(numbers, cells, strict=True):
                if type(cell) in (int, float) and abs(cell) > LARGEST_EXACT:
                    self.count("long", number, shown_cell(cell))

    def add_marked(self, numbers, cells):
        for number, cell in zip(numbers, cells, strict=True):
            if type(cell) is not dict:
                continue
            if "error" in cell:
                self.count_word("errors", cell["error"], 1, number)
            elif "formula" in cell:
                self.count("formulas", number)

    def add_texts(self, numbers, texts):
        for word in WRITTEN_WORDS.intersection(texts):
            self.count_word("words", word, texts.count(word), row_of(numbers, texts, word))
        first = islice((text for text in texts if text is not None), FIRST_TEXTS)
        if any(Date.WRITTEN.fullmatch(text.strip()) for text in first):
            self.add_dates(numbers, texts)

    def add_dates(self, numbers, texts):
        for text, count in Counter(texts).items():
            found = text is not None and Date.WRITTEN.fullmatch(text.strip())
            if not found:
                continue
            first, second = int(found[1]), int(found[2])
            if first > 12 >= second:
                self.facts.setdefault("day_first", [row_of(numbers, texts, text), text.strip()])
            elif second > 12 >= first:
                self.facts.setdefault("month_first", [row_of(numbers, texts, text), text.strip()])
            elif (
                first != second
                and min(first, second) >= 1
                and max(first, second) <= 12
                and len(found[3]) == 4
            ):
                self.count("unclear", row_of(numbers, texts, text), text.strip(), by=count)

    def count(self, name, row, *example, by=1):
        self.facts.setdefault(name, [0, row, *example])[0] += by

    def count_word(self, name, word, count, row):
        self.facts.setdefault(name, {}).setdefault(word, [0, row])[0] += count


def row_of(numbers, cells, cell):
    """The number of the first row with this cell."""
    return numbers[cells.index(cell)]
