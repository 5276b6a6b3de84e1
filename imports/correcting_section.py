"""What the preview offers for correcting rows in place: a form per cause, and what was corrected so far."""

from dataclasses import dataclass, field
from functools import cached_property

from django.utils.text import slugify
from django.utils.translation import gettext as _

from . import correcting
from .causes import WOULD_BE_NEW, Cause, causes_of
from .fields import folded_word
from .forms import DATE_ORDERS, DECIMAL_MARKS
from .known_values import choices, nearest
from .matching import latin, named_look_alikes

SHOWN_VALUES = 20
MOST_SINGLE_VALUES = 5
ORDERS = {"date_order": DATE_ORDERS, "decimal_mark": DECIMAL_MARKS}


@dataclass
class Line:
    """One distinct value of a cause: what may be used instead, and what was typed when that failed."""

    index: int
    text: str
    count: int
    match: object = None
    typed: str = ""
    is_left_out: bool = False
    is_used_instead: bool = False
    error: str = ""

    @property
    def hint(self):
        """Why it is not known, when the eye cannot see it: letters that look alike."""
        if named := named_look_alikes(self.text):
            return named
        is_only_looks = self.match and folded_word(latin(self.text)) == folded_word(self.match.label)
        return _("Its letters are not Latin, they only look so.") if is_only_looks and self.is_foreign else ""

    @property
    def is_foreign(self):
        return latin(self.text) != self.text


@dataclass
class CauseForm:
    """The form of a cause. `data` is what was posted to it, `errors` {name of a field: sentence}."""

    cause: Cause
    data: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    @property
    def id(self):
        return slugify(f"{self.cause.code} {self.cause.column.key.replace('.', ' ').replace('_', ' ')}")

    @property
    def is_open(self):
        return bool(self.errors)

    @property
    def is_only_by_row(self):
        return not (self.orders or self.for_all or self.lines or self.cause.left_out or self.is_new)

    @property
    def error_list(self):
        return [(f"{self.id}-{name}", sentence) for name, sentence in self.errors.items()]

    @property
    def is_new(self):
        return self.cause.code == WOULD_BE_NEW

    @property
    def leaves_out_cells(self):
        """Whether a cell of its own can be left out, value by value."""
        return self.cause.left_out == [self.cause.column]

    @property
    def left_out_name(self):
        """What is left out: the column, or a child record as a whole, such as the address."""
        columns = self.cause.left_out
        if len(columns) == 1:
            return columns[0].label
        model = self.cause.importer.children[self.cause.column.record].model
        return _("the %s") % model._meta.verbose_name

    @property
    def asked_column(self):
        """The column to which the values go."""
        return self.remedy_column if self.for_each else self.cause.column

    @property
    def remedy_column(self):
        return self.cause.importer.by_key[self.cause.remedy.column]

    @property
    def named_column(self):
        """The column whose names the values are, None when no header feeds it."""
        blamed = self.for_each and self.for_each.blames
        column = self.cause.importer.by_key[blamed] if blamed else self.cause.column
        return column if column.key in self.cause.mapping.columns else None

    @cached_property
    def lines(self):
        """The most frequent values; many that stand in one row each are better corrected row by row."""
        cause = self.cause
        if not (self.for_each or cause.takes_values) or (cause.is_of_the_cell and not cause.is_mapped):
            return []
        by_count = sorted(cause.values.items(), key=lambda pair: (-pair[1], pair[0]))[:SHOWN_VALUES]
        named = self.named_column if self.for_each else cause.column
        matches = nearest(named, [text for text, _ in by_count]) if named else {}
        if sum(count == 1 for _, count in by_count) > MOST_SINGLE_VALUES and not self.for_each:
            by_count = [(text, count) for text, count in by_count if count > 1 or text in matches]
        return [
            self.line(index, text, count, matches.get(text)) for index, (text, count) in enumerate(by_count)
        ]

    @property
    def first_match(self):
        return next((line for line in self.lines if line.match), None)

    def line(self, index, text, count, match):
        suggested = match.text if match and not self.for_each else ""
        return Line(
            index,
            text,
            count,
            match,
            self.data.get(f"value-{index}", suggested),
            f"leave-{index}" in self.data,
            f"instead-{index}" in self.data if self.data else match is not None,
            self.errors.get(f"value-{index}", ""),
        )

    @property
    def others(self):
        """How many rows have values that are not shown."""
        return self.cause.count - sum(line.count for line in self.lines)

    @cached_property
    def choices(self):
        """[(text, words)] of the values to be used, when they are known."""
        return list(self.for_each.choices if self.for_each else ()) or choices(self.asked_column)

    @cached_property
    def answers(self):
        """[(text, words)] of what its remedy may be answered with."""
        return list(self.for_all.choices) or choices(self.remedy_column)

    @property
    def orders(self):
        """The ways in which all dates or numbers of the file can be read."""
        option = self.cause.option
        present = getattr(self.cause.job.get_options(), option) if option else ""
        return [(value, words) for value, words in ORDERS.get(option, {}).items() if value != present]

    @property
    def for_all(self):
        """The remedy that asks one value for all rows of the cause, or None."""
        remedy = self.cause.remedy
        return remedy if remedy and not remedy.for_each else None

    @property
    def for_each(self):
        """The remedy that asks a value for each value of the cause, or None."""
        remedy = self.cause.remedy
        return remedy if remedy and remedy.for_each else None

    @property
    def answer(self):
        return self.data.get("answer", "")

    @property
    def answer_error(self):
        return self.errors.get("answer", "")


def forms(job, run, tried=None):
    """{key of a cause: CauseForm} of what a finished check has found; `tried` is one that was refused."""
    found = {key: CauseForm(cause) for key, cause in causes_of(job, run).items()}
    if tried and tried.cause.key in found:
        found[tried.cause.key] = tried
    return found


def context(job, run, tried=None):
    """What the preview needs for its causes and its list of corrections."""
    if run.state != run.State.DONE or not job.is_draft:
        return {}
    found = forms(job, run, tried)
    return {
        "corrections": found,
        "new_names": [form for form in found.values() if form.is_new],
        "corrected": so_far(job),
    }


def offered(causes, context):
    """The causes as the preview lists them, each with the form that corrects it, if there is one."""
    return [
        cause | {"form": context.get("corrections", {}).get(f"{cause['code']}|{cause['column']}")}
        for cause in causes
    ]


def so_far(job):
    """[{what it is, the fields that take it back}] of the corrections in force."""
    values, rows = correcting.corrected_so_far(job)
    told = [
        {"column": column, "text": text, "used": used, "fields": {"column": column.key, "text": text}}
        for (column, text), used in values.items()
    ]
    told += [
        {"column": column, "changed": counts["changed"], "left_out": counts["left_out"]}
        | {"fields": {"column": column.key}}
        for column, counts in rows.items()
    ]
    return told
