"""The catalogue of problems: what can be wrong with a cell or a row, in sentences for people.

What only one entity type can have is declared with it (`Importer.causes`) and joins the catalogue
when the type is registered.

A problem is data (code, column, value, details); its sentence is made from the catalogue where
it is read, so the page, the failed-rows file and the manual always say the same.
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from .matching import named_look_alikes
from .rows import ROWS_OF_A_SHEET, row_in_words
from .wording import figure

FORMAT = "format"
CONTENT = "content"
CHOSEN = "chosen"  # nothing is wrong with the row: it is left out because somebody chose so
DONE = "done"
ERASED = "erased"
KEPT = "kept"  # why an undo leaves a record as it is
SHOWN_VALUE_LENGTH = 80
# The details that are words of ours: what records are called, and a reason, which may name other details.
IN_WORDS = ("target", "noun", "because")


@dataclass(frozen=True)
class Cause:
    """One entry of the catalogue.

    `sentence` says what is wrong ({value} is the cell, other names are details of the problem),
    `advice` what to do about it.
    """

    kind: str
    sentence: str
    advice: str


CATALOGUE = {
    # Decidable from the cell alone, or from the row's shape.
    "not_an_email": Cause(
        FORMAT, _("“{value}” is not an e-mail address"), _("Correct the address, or leave the cell blank.")
    ),
    "not_a_date": Cause(FORMAT, _("“{value}” is not a date"), _("Write the date as 1984-03-09.")),
    "no_such_date": Cause(
        FORMAT, _("“{value}” is not a date that exists"), _("Correct the day, the month or the year.")
    ),
    "ambiguous_date": Cause(
        FORMAT,
        _("“{value}” can be read day first or month first"),
        _("Choose the date order in the data mapping step, or write the date as 1984-03-09."),
    ),
    "two_digit_year": Cause(
        FORMAT, _("“{value}” has a year of two digits"), _("Write the year with four digits.")
    ),
    "date_with_time": Cause(
        FORMAT, _("“{value}” is a date with a time of day"), _("Remove the time of day from the cell.")
    ),
    "date_out_of_range": Cause(FORMAT, _("“{value}” is not between 1900 and 2155"), _("Correct the year.")),
    "date_in_future": Cause(FORMAT, _("“{value}” is in the future"), _("Correct the date.")),
    "not_a_number": Cause(
        FORMAT, _("“{value}” is not a number"), _("Write the number in digits, such as 3.20.")
    ),
    "ambiguous_number": Cause(
        FORMAT,
        _("“{value}” can be read as a decimal or as thousands"),
        _("Choose the decimal mark in the data mapping step."),
    ),
    "negative_number": Cause(FORMAT, _("“{value}” is negative"), _("Give a number of 0 or more.")),
    "too_many_digits": Cause(
        FORMAT,
        _("“{value}” has more than {whole} digits before the decimal mark or {decimals} after it"),
        _("Shorten the number."),
    ),
    "not_yes_or_no": Cause(FORMAT, _("“{value}” is neither yes nor no"), _("Write yes or no.")),
    "unknown_choice": Cause(FORMAT, _("“{value}” is not one of {choices}"), _("Use one of these values.")),
    "unknown_country": Cause(
        FORMAT,
        _("“{value}” is not a country that is known"),
        _("Use the three-letter code, such as CYP for Cyprus."),
    ),
    "unknown_currency": Cause(
        FORMAT, _("“{value}” is not a currency that is known"), _("Use the three-letter code, such as EUR.")
    ),
    "unknown_language": Cause(
        FORMAT,
        _("“{value}” is not a language that is known"),
        _("Use the two-letter code, such as en or el."),
    ),
    "text_too_long": Cause(
        FORMAT, _("“{value}” is longer than {limit} characters"), _("Shorten the text to {limit} characters.")
    ),
    "unusable_character": Cause(
        FORMAT, _("the text contains a character that cannot be stored"), _("Type the text anew.")
    ),
    "long_number": Cause(
        FORMAT,
        _("“{value}” is a number of more than 15 digits, which a spreadsheet program rounds"),
        _("Format the column as Text and enter the value again."),
    ),
    "damaged_number": Cause(
        FORMAT,
        _("“{value}” was turned into a rounded number by a spreadsheet program"),
        _("Format the column as Text and enter the original value again."),
    ),
    "damaged_by_date": Cause(
        FORMAT,
        _("“{value}” was turned into a date by a spreadsheet program"),
        _("Format the column as Text and enter the original value again."),
    ),
    "error_cell": Cause(
        FORMAT, _("the cell holds the error {value}"), _("Correct the formula, or enter the value itself.")
    ),
    "formula_without_value": Cause(
        FORMAT,
        _("the cell holds a formula without a stored value"),
        _("Open the file in your spreadsheet program, save it, and upload it again."),
    ),
    "too_many_cells": Cause(
        FORMAT,
        _("the row has {cells} cells, but there are {headers} columns"),
        _("Look for a stray separator or a missing quote in the row."),
    ),
    # What was chosen for rows that would double a record.
    "would_double": Cause(
        CHOSEN,
        _("“{value}” belongs to {noun} {holder} already"),
        _(
            "Give the row a code of its own, or choose in the preview to update the record or to create another."
        ),
    ),
    "means_several": Cause(
        CHOSEN,
        _("the row may mean any of the {noun} {holders}"),
        _("Give the row the code of the record that it means."),
    ),
    # Need another cell, another row or the database.
    "missing": Cause(CONTENT, _("the value is missing"), _("Fill in the cell.")),
    "missing_for": Cause(CONTENT, _("the value is missing; {because}"), _("Fill in the cell.")),
    "twice_in_file": Cause(
        CONTENT, _("“{value}” is in {place} too"), _("Keep one of the two rows, or correct the value.")
    ),
    "held_by_another": Cause(
        CONTENT, _("“{value}” belongs to {noun} {holder}"), _("Use a value that no other record has.")
    ),
    "means_the_same": Cause(
        CONTENT,
        _("“{value}” means {noun} {holder}, which {place} is about too"),
        _("Keep one of the two rows, or correct the value."),
    ),
    "unknown_reference": Cause(
        CONTENT, _("there is no {target} “{value}”"), _("Correct the value, or create the {target} first.")
    ),
    "unknown_look_up": Cause(
        CONTENT,
        _("there is no {target} “{value}”"),
        _(
            "Correct the value, or choose “Automatically generate missing attributes” in the data mapping step."
        ),
    ),
    "unfit_reference": Cause(CONTENT, _("“{value}” cannot be used: {because}"), _("Use another {target}.")),
    "refused_by_database": Cause(
        CONTENT,
        _("the record could not be written because another record changed meanwhile"),
        _("Import the row again."),
    ),
    # Of failed rows that come back.
    "not_a_failed_row": Cause(
        FORMAT,
        _("the row has no number of its own in the column “Row (import …)”"),
        _(
            "Give it the number that it has in the first file, and each number to one row only; import rows "
            "that are new with a file of their own."
        ),
    ),
    "done_already": Cause(
        DONE,
        _("{place} was imported on {date} with import {number}"),
        _(
            "There is nothing to do; to change the record, change it in the CRM or import it with updating on."
        ),
    ),
    ERASED: Cause(
        CHOSEN,
        _("what the row held was erased with the record that it was about"),
        _("There is nothing to do."),
    ),
    # Why an undo leaves a record as it is.
    "changed_by_import": Cause(
        KEPT,
        _("“{value}” was changed since by import {other}"),
        _("Undo import {other} first, or correct the record by hand."),
    ),
    "changed_since": Cause(
        KEPT, _("“{value}” was changed since in the CRM"), _("Correct or delete the record by hand.")
    ),
    "used_since": Cause(
        KEPT, _("“{value}” is used by {users}"), _("Remove or undo these first, then undo again.")
    ),
    "value_taken": Cause(
        KEPT,
        _("“{old}”, which “{value}” had before, belongs to another record now"),
        _("Correct the record by hand."),
    ),
    "reference_gone": Cause(
        KEPT, _("the {target} that “{value}” had before is gone"), _("Correct the record by hand.")
    ),
    "old_values_gone": Cause(
        KEPT, _("what “{value}” had before is no longer kept"), _("Correct the record by hand.")
    ),
    "not_undone": Cause(
        KEPT,
        _("“{value}” could not be undone because other records changed meanwhile"),
        _("Undo the import again."),
    ),
}


class Words(dict):
    """The details of a problem; what an older ledger did not keep yet is blank."""

    def __missing__(self, name):
        return ""


@dataclass(frozen=True)
class Problem:
    """One bad cell or row: `column` is the entity type's column name, or "" for the row."""

    code: str
    column: str = ""
    value: str = ""
    details: dict = field(default_factory=dict)

    @property
    def kind(self):
        return CATALOGUE[self.code].kind

    @property
    def sentence(self):
        return gettext(CATALOGUE[self.code].sentence).format_map(self.words())

    @property
    def advice(self):
        advice = gettext(CATALOGUE[self.code].advice).format_map(self.words())
        return " ".join(filter(None, [named_look_alikes(self.value), advice]))

    def words(self):
        """What its sentences name; words of ours among them are kept as they stand in the sources."""
        words = Words(self.details, value=shown(self.value), place=self.place, users=self.users)
        for name in IN_WORDS:
            if said := words[name]:
                words[name] = gettext(said).format_map(words)
        return words

    @property
    def label(self):
        """The column's name in the language of the reader; "" for the row."""
        return gettext(self.column) if self.column else ""

    @property
    def place(self):
        """The other row that it is about, as "Sheet2, row 812"; its number is the detail `row`."""
        if "row" not in self.details:
            return ""
        return row_in_words(self.details.get("sheet", ""), self.details["row"] % ROWS_OF_A_SHEET)

    @property
    def users(self):
        """What uses the record, as "2 devices, 1 reward scheme code"; kept as [[count, noun]]."""
        return ", ".join(f"{figure(count)} {gettext(noun)}" for count, noun in self.details.get("users", ()))

    @property
    def text(self):
        """The whole of it for one line: column, what is wrong, what to do."""
        about = f"{self.label}: " if self.column else ""
        sentence = self.sentence if about else self.sentence[:1].upper() + self.sentence[1:]
        return f"{about}{sentence}. {self.advice}"

    def to_json(self):
        return [self.code, self.column, self.value, self.details]

    @classmethod
    def from_json(cls, data):
        return cls(*data)


def shown(value):
    """A cell as it stands in a sentence: on one line, not longer than a line."""
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN_VALUE_LENGTH else text[: SHOWN_VALUE_LENGTH - 1] + "…"
