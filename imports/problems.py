"""The catalogue of problems: what can be wrong with a cell or a row, in sentences for people.

What only one entity type can have is declared with it (`Importer.causes`) and joins the catalogue
when the type is registered.

A problem is data (code, column, value, details); its sentence is made from the catalogue where
it is read, so the page, the failed-rows file and the manual always say the same.
"""

from dataclasses import dataclass, field

from .rows import ROWS_OF_A_SHEET, row_in_words

FORMAT = "format"
CONTENT = "content"
SHOWN_VALUE_LENGTH = 80


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
        FORMAT, "“{value}” is not an e-mail address", "Correct the address, or leave the cell blank."
    ),
    "not_a_date": Cause(FORMAT, "“{value}” is not a date", "Write the date as 1984-03-09."),
    "no_such_date": Cause(
        FORMAT, "“{value}” is not a date that exists", "Correct the day, the month or the year."
    ),
    "ambiguous_date": Cause(
        FORMAT,
        "“{value}” can be read day first or month first",
        "Choose the date order in the data mapping step, or write the date as 1984-03-09.",
    ),
    "two_digit_year": Cause(FORMAT, "“{value}” has a year of two digits", "Write the year with four digits."),
    "date_with_time": Cause(
        FORMAT, "“{value}” is a date with a time of day", "Remove the time of day from the cell."
    ),
    "date_out_of_range": Cause(FORMAT, "“{value}” is not between 1900 and 2155", "Correct the year."),
    "date_in_future": Cause(FORMAT, "“{value}” is in the future", "Correct the date."),
    "not_a_number": Cause(FORMAT, "“{value}” is not a number", "Write the number in digits, such as 3.20."),
    "ambiguous_number": Cause(
        FORMAT,
        "“{value}” can be read as a decimal or as thousands",
        "Choose the decimal mark in the data mapping step.",
    ),
    "negative_number": Cause(FORMAT, "“{value}” is negative", "Give a number of 0 or more."),
    "too_many_digits": Cause(
        FORMAT,
        "“{value}” has more than {whole} digits before the decimal mark or {decimals} after it",
        "Shorten the number.",
    ),
    "not_yes_or_no": Cause(FORMAT, "“{value}” is neither yes nor no", "Write yes or no."),
    "unknown_choice": Cause(FORMAT, "“{value}” is not one of {choices}", "Use one of these values."),
    "unknown_country": Cause(
        FORMAT,
        "“{value}” is not a country that is known",
        "Use the three-letter code, such as CYP for Cyprus.",
    ),
    "unknown_currency": Cause(
        FORMAT, "“{value}” is not a currency that is known", "Use the three-letter code, such as EUR."
    ),
    "unknown_language": Cause(
        FORMAT, "“{value}” is not a language that is known", "Use the two-letter code, such as en or el."
    ),
    "text_too_long": Cause(
        FORMAT, "“{value}” is longer than {limit} characters", "Shorten the text to {limit} characters."
    ),
    "unusable_character": Cause(
        FORMAT, "the text contains a character that cannot be stored", "Type the text anew."
    ),
    "long_number": Cause(
        FORMAT,
        "“{value}” is a number of more than 15 digits, which a spreadsheet program rounds",
        "Format the column as Text and enter the value again.",
    ),
    "damaged_number": Cause(
        FORMAT,
        "“{value}” was turned into a rounded number by a spreadsheet program",
        "Format the column as Text and enter the original value again.",
    ),
    "damaged_by_date": Cause(
        FORMAT,
        "“{value}” was turned into a date by a spreadsheet program",
        "Format the column as Text and enter the original value again.",
    ),
    "error_cell": Cause(
        FORMAT, "the cell holds the error {value}", "Correct the formula, or enter the value itself."
    ),
    "formula_without_value": Cause(
        FORMAT,
        "the cell holds a formula without a stored value",
        "Open the file in your spreadsheet program, save it, and upload it again.",
    ),
    "too_many_cells": Cause(
        FORMAT,
        "the row has {cells} cells, but there are {headers} columns",
        "Look for a stray separator or a missing quote in the row.",
    ),
    # Need another cell, another row or the database.
    "missing": Cause(CONTENT, "the value is missing", "Fill in the cell."),
    "missing_for": Cause(CONTENT, "the value is missing; {because}", "Fill in the cell."),
    "twice_in_file": Cause(
        CONTENT, "“{value}” is in {place} too", "Keep one of the two rows, or correct the value."
    ),
    "held_by_another": Cause(
        CONTENT, "“{value}” belongs to {holder}", "Use a value that no other record has."
    ),
    "unknown_reference": Cause(
        CONTENT, "there is no {target} “{value}”", "Correct the value, or create the {target} first."
    ),
    "unknown_look_up": Cause(
        CONTENT,
        "there is no {target} “{value}”",
        "Correct the value, or choose “Automatically generate missing attributes” in the data mapping step.",
    ),
    "unfit_reference": Cause(CONTENT, "“{value}” cannot be used: {because}", "Use another {target}."),
    "refused_by_database": Cause(
        CONTENT,
        "the record could not be written because another record changed meanwhile",
        "Import the row again.",
    ),
}


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
        return CATALOGUE[self.code].sentence.format(value=shown(self.value), place=self.place, **self.details)

    @property
    def advice(self):
        return CATALOGUE[self.code].advice.format(value=shown(self.value), **self.details)

    @property
    def place(self):
        """The other row that it is about, as "Sheet2, row 812"; its number is the detail `row`."""
        if "row" not in self.details:
            return ""
        return row_in_words(self.details.get("sheet", ""), self.details["row"] % ROWS_OF_A_SHEET)

    @property
    def text(self):
        """The whole of it for one line: column, what is wrong, what to do."""
        about = f"{self.column}: " if self.column else ""
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
