"""The small table in which the bad cells of some rows are corrected one by one."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from .asked import typed
from .causes import is_settable, rejected
from .cells import quoted

CONTEXT_CELLS = 6


@dataclass
class BadCell:
    """A cell that can be corrected: what stands in it, and what was typed."""

    name: str
    column: object
    before: str
    text: str
    problems: list
    error: str = ""

    @property
    def id(self):
        return f"id_{self.name}"


@dataclass
class BadRow:
    """`others` are the row's other cells [(column, text)], `problems` those of no cell that can be given."""

    number: int
    cells: list
    others: list
    problems: list


class RowsForm:
    """Some rejected rows with an input for each bad cell. Names are "cell-<row number>-<column key>"."""

    def __init__(self, job, run, numbers, data=None):
        self.job, self.data = job, data
        self.mapping, self.importer = job.get_mapping(), job.importer
        self.corrected = dict(
            job.row_corrections.filter(row_number__in=numbers).values_list("row_number", "cells")
        )
        details = rejected(run).filter(row_number__in=list(numbers))
        self.rows = [self.row(detail) for detail in details]

    def row(self, detail):
        wrong, problems = {}, []
        for problem in detail.get_problems():
            column = self.importer.by_name.get(problem.column.casefold())
            if column and is_settable(self.mapping, column):
                wrong.setdefault(column, []).append(problem)
            else:
                problems.append(problem)
        # What puts such a problem right may be another cell: the country of a phone number, or the number.
        codes = [problem.code for found in wrong.values() for problem in found]
        for remedy in filter(None, map(self.importer.remedies.get, codes)):
            for key in filter(None, (remedy.column, remedy.blames)):
                wrong.setdefault(self.importer.by_key[key], [])
        cells = [self.cell(detail, column, found) for column, found in wrong.items()]
        return BadRow(detail.row_number, cells, self.others(detail, wrong), problems)

    def cell(self, detail, column, problems):
        name, before = f"cell-{detail.row_number}-{column.key}", self.text(detail, column)
        text = before if self.data is None else typed(self.data.get(name, before))
        return BadCell(name, column, before, text, problems)

    def text(self, detail, column):
        """What stands in a cell: as it was corrected, else as the file or the value for all rows has it."""
        corrected = self.corrected.get(detail.row_number, {})
        if column.key in corrected:
            return corrected[column.key] or ""
        return self.in_file(detail, column)

    def in_file(self, detail, column):
        index = self.mapping.columns.get(column.key)
        if index is None:
            return self.mapping.fixed.get(column.key, "")
        text = quoted(detail.cells[index]) if index < len(detail.cells) else ""
        return self.mapping.values.get(column.key, {}).get(text, text) or ""

    def others(self, detail, wrong):
        columns = [c for c in self.importer.columns if c.key in self.mapping.columns and c not in wrong]
        texts = [(column, self.text(detail, column)) for column in columns]
        return [(column, text) for column, text in texts if text][:CONTEXT_CELLS]

    def changed(self):
        """{row number: {column key: text, None for a blank}} of what was typed anew; what may not be
        blank gets an error."""
        changed = {}
        for row in self.rows:
            for cell in row.cells:
                if cell.text == cell.before.strip():
                    continue
                if not (cell.text or cell.column.may_be_left_out):
                    cell.error = _("This cell cannot be left out. Type its value.")
                changed.setdefault(row.number, {})[cell.column.key] = cell.text or None
        return changed

    @property
    def error_list(self):
        return [(cell.id, cell.error) for row in self.rows for cell in row.cells if cell.error]
