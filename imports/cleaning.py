"""A row of the file cleaned by itself: values, or format problems. Knows neither database nor HTTP."""

import uuid
from dataclasses import dataclass, field

from .cells import TRIMMED, BadCell, is_one_of, quoted, shown_cell
from .fields import LookUp
from .keys import folded_key
from .mapping import CLEAR
from .problems import CONTENT, FORMAT, Problem


@dataclass(slots=True)
class Row:
    """One data row on its way: `values` are its clean cells by column key, `fed` the columns that are
    mapped or fixed, `stored` the record that
    its key names ({field: value}) or None; in the end `record` is what is to be written. `cleared` are
    the columns whose stored values its blank cells are to clear, `doubles` the stored records that it
    would double, see `doubles`."""

    number: int
    cells: list
    values: dict
    problems: list
    fed: frozenset = frozenset()
    key: str | None = None
    stored: dict | None = None
    outcome: str = ""
    record_id: uuid.UUID | None = None
    record: dict | None = None
    children: list = field(default_factory=list)
    changes: dict = field(default_factory=dict)
    generates: list = field(default_factory=list)
    cleared: frozenset = frozenset()
    doubles: list = ()

    def get(self, key):
        """The value that the record would have: the row's own, else the stored one unless it is to be
        cleared, else None."""
        value = self.values.get(key)
        if value is None and self.stored is not None and key not in self.cleared:
            value = self.stored.get(key)
        return value

    def refuse(self, code, column="", value="", **details):
        self.problems.append(Problem(code, column, str(value), details))

    def is_bad(self, column_name):
        return bool(self.problems) and any(problem.column == column_name for problem in self.problems)

    @property
    def has_content_problem(self):
        return any(problem.kind == CONTENT for problem in self.problems)

    @property
    def kind(self):
        return CONTENT if self.has_content_problem else FORMAT


class Cleaner:
    """The columns of one mapping, compiled once: from cells to a Row with values and format problems.

    `corrections` are the cells that were corrected in place, {row number: {column key: text or None}}.
    """

    def __init__(self, importer, mapping, options, width=None, only=None, corrections=None):
        self.width = width
        self.blank_words = frozenset(options.blanks)
        self.corrections = corrections or {}
        self.corrected = {}
        self.fed = frozenset(mapping.fed())
        self.fixed, self.fixed_problems, self.steps = {}, [], []
        self.clearing = [(k, i) for k, i in mapping.columns.items() if mapping.stored.get(k) == CLEAR]
        for column in importer.columns:
            if only is not None and column not in only:
                continue
            if self.corrections:
                self.corrected[column.key] = (column.field.compile(options.fixed_options), column.name)
            if column.key in mapping.columns:
                clean = column.field.compile(options.file_options)
                if self.blank_words:
                    clean = with_blanks(clean, self.blank_words)
                if column.key in mapping.values:
                    clean_other = column.field.compile(options.fixed_options)
                    clean = with_other_values(
                        clean, clean_other, mapping.values[column.key], sameness(column)
                    )
                self.steps.append((mapping.columns[column.key], clean, column.key, column.name))
            elif column.key in mapping.fixed:
                clean = column.field.compile(options.fixed_options)
                self.clean_fixed(column, clean, mapping.fixed[column.key])

    def clean_fixed(self, column, clean, text):
        try:
            self.fixed[column.key] = clean(text)
        except BadCell as bad:
            self.fixed_problems.append(Problem(bad.code, column.name, bad.value, bad.details))

    def clean(self, number, cells):
        corrections = self.corrections.get(number, {})
        values, problems = dict(self.fixed), list(self.fixed_problems)
        count = len(cells)
        steps = [step for step in self.steps if step[2] not in corrections] if corrections else self.steps
        for index, clean, key, name in steps:
            if index < count and (cell := cells[index]) is not None:
                try:
                    value = clean(cell)
                except BadCell as bad:
                    problems.append(Problem(bad.code, name, bad.value or shown_cell(cell), bad.details))
                else:
                    if value is not None:
                        values[key] = value
        if self.width is not None and count > self.width:
            problems.append(Problem("too_many_cells", "", "", {"cells": count, "headers": self.width}))
        row = Row(number, cells, values, problems, self.fed)
        if self.clearing:
            row.cleared = self.blanks(row, corrections)
        if corrections:
            self.correct(values, problems, corrections)
        return row

    def blanks(self, row, corrections):
        """The columns to be cleared: blank in the file itself, neither by a correction nor by a value that
        was chosen to be left out."""
        return frozenset(
            key
            for key, index in self.clearing
            if key not in row.values
            and key not in corrections
            and (is_blank(row.cells, index) or is_one_of(self.blank_words, row.cells[index]))
        )

    def correct(self, values, problems, corrections):
        """Put the corrected cells of a row in the place of the file's."""
        for key, text in corrections.items():
            if key not in self.corrected:
                continue
            clean, name = self.corrected[key]
            values.pop(key, None)
            try:
                value = clean(text)
            except BadCell as bad:
                problems.append(Problem(bad.code, name, bad.value or text, bad.details))
            else:
                if value is not None:
                    values[key] = value


def with_blanks(clean, words):
    """A cleaning function for which the cells that say one of `words` are blank."""

    def clean_unless_blank(cell):
        return None if is_one_of(words, cell) else clean(cell)

    return clean_unless_blank


def is_blank(cells, index):
    cell = cells[index] if index < len(cells) else None
    return cell is None or not str(shown_cell(cell)).strip(TRIMMED)


def with_other_values(clean, clean_other, others, same):
    """A cleaning function that reads the cells which say one of `others` as the text chosen for it."""
    chosen = {same(text): other for text, other in others.items()}

    def clean_or_replace(cell):
        text = same(quoted(cell))
        return clean_other(chosen[text]) if text in chosen else clean(cell)

    return clean_or_replace


def sameness(column):
    """The form in which two texts of a column are the same value: names of look-ups fold their case."""
    return folded_key if isinstance(column.field, LookUp) else str
