"""The forms of the wizard. Every sentence says what happened and what to do."""

from dataclasses import replace

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from . import uploads
from .cells import BadCell
from .fields import Choice, Date, Number, YesNo
from .importers import importers
from .joining import joinable, names, row_count
from .mapping import (
    CLEAR,
    CREATE,
    FILL,
    FIRST_ROWS,
    LEAVE_OUT,
    UPDATE,
    Mapping,
    guess_header_row,
)
from .noticed import blank_words, possible_totals
from .problems import Problem
from .readers_encoding import ENCODINGS
from .wording import figure

NOT_IMPORTED = _("Do not import")
DATE_ORDERS = {"dmy": _("Day, month, year"), "mdy": _("Month, day, year"), "ymd": _("Year, month, day")}
DECIMAL_MARKS = {".": _("Point: 3.20"), ",": _("Comma: 3,20")}
DELIMITERS = {",": _("Comma ,"), ";": _("Semicolon ;"), "\t": _("Tab"), "|": _("Bar |")}
STORED_POLICIES = {
    "": _("overwrite"),
    FILL: _("only fill if empty"),
    CLEAR: _("a blank cell clears it"),
}
SHOWN_HEADER_CELLS = 4
ALL_SHEETS = "*"  # which the name of no sheet can hold


class EntityTypeForm(forms.Form):
    entity_type = forms.ChoiceField(
        choices=lambda: [(importer.slug, importer.title) for importer in importers()],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("No entity type was chosen. Choose what the rows of your file are."),
            "invalid_choice": _("This entity type does not exist. Choose one of those below."),
        },
    )


class UploadForm(forms.Form):
    file = forms.FileField(
        allow_empty_file=True,
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.xls,.tsv,.txt"}),
        error_messages=dict.fromkeys(("required", "invalid", "missing"), _(uploads.SENTENCES["not_chosen"])),
    )


class ReadingForm(forms.Form):
    """How the file is read: what was found out, to be changed where there is a choice."""

    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    header_row = forms.TypedChoiceField(label=_("Row with the headers"), coerce=int, required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), required=False)
    delimiter = forms.ChoiceField(label=_("Separator between columns"), required=False)
    date_order = forms.ChoiceField(
        label=_("Date order"),
        required=False,
        choices=[("", _("Only dates that can be read in one way")), *DATE_ORDERS.items()],
    )
    decimal_mark = forms.ChoiceField(
        label=_("Decimal mark"),
        required=False,
        choices=[("", _("Only numbers that can be read in one way")), *DECIMAL_MARKS.items()],
    )

    def __init__(self, data=None, *, job, first_rows, asks_dates=False):
        self.reading, self.options = job.get_reading(), job.get_options()
        super().__init__(data, initial=self.initial_values(job.importer, first_rows))
        self.fields["sheet"].choices = self.sheet_choices()
        self.fields["header_row"].choices = [
            (number, row_label(number, cells)) for number, cells in first_rows
        ]
        self.fields["encoding"].choices = with_present(ENCODINGS, self.reading.encoding)
        self.fields["delimiter"].choices = with_present(DELIMITERS, self.reading.delimiter)
        kinds = {type(column.field) for column in job.importer.columns}
        wanted = {
            "sheet": len(self.reading.sheets) > 1,
            "encoding": self.reading.encoding is not None,
            "delimiter": self.reading.delimiter is not None,
            "date_order": Date in kinds and not asks_dates,
            "decimal_mark": Number in kinds,
        }
        for name in [name for name, is_wanted in wanted.items() if not is_wanted]:
            del self.fields[name]

    def initial_values(self, importer, first_rows):
        return {
            "sheet": ALL_SHEETS if self.reading.joined else self.reading.sheet,
            "encoding": self.reading.encoding,
            "delimiter": self.reading.delimiter,
            "header_row": self.options.header_row or guess_header_row(importer, first_rows),
            "date_order": self.options.date_order,
            "decimal_mark": self.options.decimal_mark,
        }

    def sheet_choices(self):
        joined = self.reading.joined or joinable(self.reading, self.options.header_row)
        together = [(ALL_SHEETS, self.joined_label(joined))] if joined else []
        return together + [(sheet["name"], self.sheet_label(sheet)) for sheet in self.reading.sheets]

    def joined_label(self, joined):
        count = row_count(self.reading, joined)
        if count is None:
            return gettext("All sheets with these headers (%s)") % names(joined)
        shown = {"names": names(joined), "rows": figure(count)}
        return gettext("All sheets with these headers (%(names)s: %(rows)s rows)") % shown

    @staticmethod
    def sheet_label(sheet):
        label = sheet["name"]
        if (rows := sheet["rows"]) is not None:
            label += " – " + ngettext("%(rows)s row", "%(rows)s rows", rows) % {"rows": figure(rows)}
        return label if sheet["visible"] else gettext("%(sheet)s (hidden)") % {"sheet": label}

    def chosen(self, name):
        """The answer, or what holds already when the form does not ask or has no answer."""
        return self.cleaned_data.get(name) or self.initial[name]

    def reads_anew(self):
        """{what: answer} when the file has to be read again, else {}."""
        names = ("sheet", "encoding", "delimiter")
        how = {name: self.chosen(name) for name in names if name in self.fields}
        changed = [name for name in how if how[name] != self.initial[name]]
        if how.get("sheet") == ALL_SHEETS and ("sheet" in changed or self.moves_joined_headers()):
            joined = joinable(self.reading, self.chosen("header_row"))
            return {"join": joined} if joined else {"sheet": self.reading.sheet}
        if "sheet" in changed:
            return {"sheet": how["sheet"]}
        # A delimiter that was detected under another encoding is detected again, unless it was chosen.
        return {name: how[name] for name in how if name in changed or name == "encoding"} if changed else {}

    def moves_joined_headers(self):
        return bool(self.reading.joined) and self.chosen("header_row") != self.reading.joined[0]["skipped"]

    def writes(self):
        """Date order and decimal mark as chosen; "" is an answer too."""
        return {
            name: self.cleaned_data[name] for name in ("date_order", "decimal_mark") if name in self.fields
        }


def with_present(choices, present):
    known = {value: gettext(label) for value, label in choices.items()}
    if present is not None:
        known.setdefault(present, present)
    return list(known.items())


def row_label(number, cells):
    texts = [text for cell in cells if (text := str(cell or "").strip())]
    more = " …" if len(texts) > SHOWN_HEADER_CELLS else ""
    shown = " · ".join(text[:20] for text in texts[:SHOWN_HEADER_CELLS])
    return gettext("Row %(row)s: %(cells)s") % {"row": number, "cells": f"{shown}{more}"}


class MappingForm(forms.Form):
    """A select per header, a value per column that no header feeds, and the options.

    After `is_valid()`, `mapping` and `options` hold what was answered, as far as it is usable.
    """

    skip_header = forms.BooleanField(required=False)
    generate = forms.BooleanField(required=False)
    update = forms.BooleanField(required=False)
    date_answer = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    blanks = forms.MultipleChoiceField(required=False)
    totals = forms.TypedMultipleChoiceField(required=False, coerce=int)

    def __init__(self, data=None, *, job, headers, find_ambiguous_date, header_row=None):
        self.importer, self.headers = job.importer, headers
        self.find_ambiguous_date, self.header_row = find_ambiguous_date, header_row
        self.mapping, self.options = job.get_mapping(), job.get_options()
        super().__init__(data, initial=self.initial_values())
        reading = job.get_reading()
        self.fields["blanks"].choices = [(word, word) for word in blank_words(reading)]
        self.fields["totals"].choices = [(row, row) for row in possible_totals(reading)]
        columns = [(column.key, column.label) for column in self.importer.columns]
        for index, header in enumerate(headers):
            choices = [("", NOT_IMPORTED), *columns]
            self.fields[header_name(index)] = forms.ChoiceField(label=header, choices=choices, required=False)
            if self.importer.updates:
                self.fields[stored_name(index)] = stored_field()
        for column in self.importer.columns:
            self.fields[fixed_name(column)] = fixed_field(column)
        if not self.importer.look_ups:
            del self.fields["generate"]
        if not self.importer.updates:
            del self.fields["update"]
        self.fields["date_answer"].choices = [(key, DATE_ORDERS[key]) for key in ("dmy", "mdy")]

    def initial_values(self):
        options = self.options
        values = {
            "skip_header": options.header_row > 0,
            "generate": options.generate,
            "update": options.update,
            "date_answer": options.date_order,
            "blanks": options.blanks,
            "totals": options.totals,
        }
        values |= {header_name(index): key for key, index in self.mapping.columns.items()}
        values |= {
            stored_name(index): self.mapping.stored.get(key) for key, index in self.mapping.columns.items()
        }
        return values | {f"fixed-{key}": text for key, text in self.mapping.fixed.items()}

    def clean(self):
        columns = self.clean_headers()
        self.options = replace(
            self.options,
            header_row=(self.header_row or self.options.header_row or 1)
            if self.cleaned_data["skip_header"]
            else 0,
            generate=self.cleaned_data.get("generate", False),
            update=self.cleaned_data.get("update", False),
            blanks=self.clean_blank_words(),
            totals=sorted(self.cleaned_data.get("totals", ())),
        )
        self.mapping = Mapping(columns, {}, self.matched_values(columns))
        self.mapping.stored = self.clean_stored(columns)
        self.clean_dates()
        self.mapping.fixed = self.clean_fixed(columns)
        self.require_columns()

    def clean_blank_words(self):
        """The words that were ticked; those that the file does not hold stay."""
        asked = dict(self.fields["blanks"].choices)
        kept = [word for word in self.options.blanks if word not in asked]
        return sorted({*kept, *self.cleaned_data.get("blanks", ())})

    def matched_values(self, columns):
        """What was matched for the values of a header stays while the header feeds the same column."""
        before = self.mapping
        return {
            key: words for key, words in before.values.items() if columns.get(key) == before.columns.get(key)
        }

    def clean_headers(self):
        """{column key: index of its header}; a second header on a column is refused."""
        columns = {}
        for index, header in enumerate(self.headers):
            key = self.cleaned_data.get(header_name(index))
            if not key:
                continue
            if key not in columns:
                columns[key] = index
                continue
            first, column = self.headers[columns[key]], self.importer.by_key[key]
            self.add_error(
                header_name(index),
                gettext(
                    "“%(first)s” and “%(second)s” both feed %(column)s. Keep one and choose “%(none)s” "
                    "or another column for the other."
                )
                % {"first": first, "second": header, "column": column.label, "none": NOT_IMPORTED},
            )
        return columns

    def clean_stored(self, columns):
        """{column key: FILL or CLEAR}; what a column cannot do is an error when records are updated."""
        stored = {}
        for key, index in columns.items():
            policy = self.cleaned_data.get(stored_name(index))
            allowed = self.importer.policies(self.importer.by_key[key])
            if policy in allowed:
                stored[key] = policy
            elif policy and self.options.update:
                self.add_error(stored_name(index), unfit_policy(self.importer.by_key[key], allowed))
        return stored

    def clean_dates(self):
        self.ambiguous_date = self.find_ambiguous_date(self.mapping)
        if not self.ambiguous_date:
            return
        self.options.date_order = self.cleaned_data.get("date_answer", "")
        if not self.options.date_order:
            self.add_error(
                "date_answer",
                gettext("It is not known how %(date)s is to be read. Choose day first or month first.")
                % {"date": self.ambiguous_date},
            )

    def clean_fixed(self, columns):
        """{column key: text} of the columns that no header feeds; a value that its column refuses is an error."""
        fixed = {}
        for column in self.importer.columns:
            text = (self.cleaned_data.get(fixed_name(column)) or "").strip()
            if not text or column.key in columns:
                continue
            try:
                column.field.compile(self.options.fixed_options)(text)
            except BadCell as bad:
                problem = Problem(bad.code, column.name, bad.value, bad.details)
                self.add_error(fixed_name(column), problem.text)
            fixed[column.key] = text
        return fixed

    def require_columns(self):
        for column in self.mapping.missing(self.importer, self.options.update):
            if not self.has_error(fixed_name(column)):
                self.add_error(
                    fixed_name(column),
                    gettext("%(column)s is required. Map a header to it, or give it a value for all rows.")
                    % {"column": column.label},
                )
        if not self.mapping.columns and not self.errors:
            self.add_error(
                header_name(0), _("No header is mapped. Choose a column for at least one of them.")
            )


def header_name(index):
    return f"header-{index}"


def stored_name(index):
    return f"stored-{index}"


def stored_field():
    return forms.ChoiceField(label=_("When updating"), choices=list(STORED_POLICIES.items()), required=False)


def unfit_policy(column, allowed):
    """Why a column cannot have the policy that was chosen, and which it can."""
    if not allowed:
        return _("%(column)s does not change when a record is updated. Choose “%(overwrite)s”.") % {
            "column": column.label,
            "overwrite": STORED_POLICIES[""],
        }
    return _(
        "%(column)s is never blank, so a blank cell cannot clear it. Choose “%(overwrite)s” or “%(fill)s”."
    ) % {"column": column.label, "overwrite": STORED_POLICIES[""], "fill": STORED_POLICIES[FILL]}


def fixed_name(column):
    return f"fixed-{column.key}"


def fixed_field(column):
    field, help_text = column.field, column.help
    if isinstance(field, Choice):
        choices = [("", _("No value")), *field.choices.choices]
        return forms.ChoiceField(label=column.label, choices=choices, required=False, help_text=help_text)
    if isinstance(field, YesNo):
        choices = [("", _("No value")), ("yes", _("Yes")), ("no", _("No"))]
        return forms.ChoiceField(label=column.label, choices=choices, required=False, help_text=help_text)
    return forms.CharField(label=column.label, required=False, help_text=help_text)


class DoublesForm(forms.Form):
    """What is to become of rows that would double a record."""

    doubles = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"),
            _("Nothing was chosen. Say what is to become of the rows that would double a record."),
        ),
    )

    def __init__(self, importer, *args, rows=0, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["doubles"].choices = doubles_answers(importer, rows).items()


def doubles_answers(importer, rows):
    """{answer: words} on so many rows."""
    return {
        CREATE: ngettext("Create it anyway", "Create them anyway", rows),
        UPDATE: _("Update the %(noun)s that is there") % {"noun": importer.noun},
        LEAVE_OUT: ngettext("Leave it out", "Leave them out", rows),
    }


def content_answers(rows):
    """{answer: words} on so many rows with incorrect content."""
    return {
        "yes": ngettext(
            "Leave this row out and import the rest", "Leave these rows out and import the rest", rows
        ),
        "no": ngettext(
            "Import nothing until it is corrected", "Import nothing until they are corrected", rows
        ),
    }


class StartForm(forms.Form):
    """Start Import: the key of the preview, the answer on incorrect content when it was asked, and whether
    to stop after the first rows."""

    start_key = forms.UUIDField(widget=forms.HiddenInput)
    leave_out = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    first_rows = forms.TypedChoiceField(
        choices=[(str(FIRST_ROWS), "")], coerce=int, empty_value=None, required=False
    )
