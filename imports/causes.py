"""The causes of a check's problems, and what can be done about each for all of its rows at once."""

from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from .fields import Date, Reference
from .models import ImportRow
from .problems import FORMAT, Problem

# About other rows or the whole row: no value that is used for all of them puts these right.
ONLY_ROW_BY_ROW = (
    "twice_in_file",
    "held_by_another",
    "refused_by_database",
    "would_double",
    "means_several",
    "means_the_same",
)
OF_A_REFERENCE = ("unknown_look_up", "unknown_reference", "unfit_reference")
WOULD_BE_NEW = "would_be_new"
OPTIONS = {"ambiguous_date": "date_order", "no_such_date": "date_order", "ambiguous_number": "decimal_mark"}
FETCHED_ROWS = 2000


@dataclass
class Cause:
    """What is wrong with some rows: one code in one column. `values` counts the distinct texts."""

    job: object
    code: str
    column: object
    count: int
    values: dict
    problem: Problem | None = None

    @property
    def key(self):
        return f"{self.code}|{self.column.name}"

    @property
    def importer(self):
        return self.job.importer

    @cached_property
    def mapping(self):
        return self.job.get_mapping()

    @property
    def is_mapped(self):
        return self.column.key in self.mapping.columns

    @property
    def is_of_the_cell(self):
        """Whether the cell's text alone makes the problem: then all rows that say it have it."""
        if self.code in self.importer.causes:
            return False
        return self.code in (*OF_A_REFERENCE, WOULD_BE_NEW) or self.problem.kind == FORMAT

    @property
    def is_settable(self):
        """Whether a cell of this column may be given another text."""
        return is_settable(self.mapping, self.column)

    @property
    def takes_values(self):
        """Whether one text may be used instead of another in all rows. A remedy that sets this column
        says it better: what the problem names is the value of another one then."""
        is_remedied = self.remedy and self.remedy.column == self.column.key
        can_be = self.is_settable and not self.column.unique and self.code not in ONLY_ROW_BY_ROW
        return can_be and not is_remedied

    @property
    def left_out(self):
        """The columns whose cells would be left out; [] when they may not be, or nothing is in them."""
        if self.code in ONLY_ROW_BY_ROW or self.code == WOULD_BE_NEW:
            return []
        blamed = (
            self.importer.by_key[self.remedy.blames] if self.remedy and self.remedy.blames else self.column
        )
        columns = self.importer.left_out_with(blamed)
        # A missing cell is left out already; only what needs it can be left out with it.
        return columns if "" not in self.values or len(columns) > 1 else []

    @property
    def remedy(self):
        return self.importer.remedies.get(self.code)

    @property
    def option(self):
        """The option that decides how such cells are read, or ""."""
        is_written = isinstance(self.column.field, Date) or self.code == "ambiguous_number"
        return OPTIONS.get(self.code, "") if is_written else ""

    def rows(self, run, values=None):
        """Yield (row number, value) of the rejected rows that have this problem, with one of `values`."""
        for number, problems in rejected(run).values_list("row_number", "problems").iterator(FETCHED_ROWS):
            for problem in map(Problem.from_json, problems):
                is_this = (problem.code, problem.column) == (self.code, self.column.name)
                if is_this and (values is None or problem.value in values):
                    yield number, problem.value
                    break


def is_settable(mapping, column):
    """Whether a cell can be given a text although its row may have none: what refers to a record takes
    one only where it is mapped or fixed."""
    return column.key in mapping.fed() or not isinstance(column.field, Reference)


class RowsOf:
    """The numbers of a cause's rows, to be paged through: only what is asked for is read."""

    def __init__(self, cause, run):
        self.cause, self.run = cause, run

    def __len__(self):
        return self.cause.count if self.cause else 0

    def __getitem__(self, part):
        rows = self.cause.rows(self.run) if self.cause else ()
        return [number for number, _value in islice(rows, part.start, part.stop)]


def rejected(run):
    return run.details.filter(outcome=ImportRow.Outcome.REJECTED).order_by("row_number")


def causes_of(job, run):
    """{key: Cause} of what can be corrected in place, most frequent first."""
    by_name = job.importer.by_name
    found = [
        Cause(job, c["code"], by_name[c["column"].casefold()], c["count"], c.get("values", {}), c["problem"])
        for c in run.problems
        if c["column"].casefold() in by_name
    ]
    return {cause.key: cause for cause in (*found, *new_names(job, run))}


def new_names(job, run):
    """A Cause per column whose names would be generated: no problem, but perhaps only misspelt."""
    names = {}
    for name in run.generated_names:
        names.setdefault(name["key"], {})[name["name"]] = name["count"]
    return [
        Cause(job, WOULD_BE_NEW, job.importer.by_key[key], sum(counts.values()), counts)
        for key, counts in names.items()
        if key in job.get_mapping().columns
    ]
