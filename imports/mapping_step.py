"""The mapping step: from the file's headers to columns, and how the file is read."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from . import drafts, execution, repairs
from .dates import date_samples
from .forms import MappingForm, ReadingForm, fixed_name, header_name, stored_name
from .joining import joinable, row_count, without_headers
from .looking_over import find_ambiguous_date, is_outdated, make_report
from .models import file_storage
from .noticed import extent, findings
from .parts import TimeIsUp, first_rows
from .readers_encoding import ENCODINGS
from .readers_problems import FILE_PROBLEMS, UnreadableFile
from .remembered_step import RememberedActions, SaveForm
from .steps import errors_of, render_step

HEADER_ROWS = 20
MATCHES = {
    "name": ("matched", gettext_noop("matched")),
    "remembered": ("remembered", gettext_noop("remembered")),
}
DELIMITER_NAMES = {",": "“,”", ";": "“;”", "\t": gettext_lazy("tabs"), "|": "“|”"}


class MappingStep(RememberedActions):
    """One request to the mapping page. Each button of its form is a method `do_<action>`."""

    def __init__(self, request, job):
        self.request, self.job = request, job
        if is_outdated(job):
            make_report(job)
            job.save_draft("reading")
        self.first_rows = list(first_rows(file_storage(), job.get_reading(), HEADER_ROWS))
        self.headers = drafts.headers(job)
        data = request.POST if request.method == "POST" else None
        self.ambiguous_date = self.find_ambiguous_date(job.get_mapping())
        self.save_form = SaveForm(data)
        self.reading_form = ReadingForm(
            data, job=job, first_rows=self.first_rows, asks_dates=bool(self.ambiguous_date)
        )
        self.reading_form.is_valid()
        header_row = self.reading_form.chosen("header_row") if data is not None else None
        self.form = MappingForm(
            data,
            job=job,
            headers=self.headers,
            header_row=header_row,
            find_ambiguous_date=self.find_ambiguous_date,
        )

    def find_ambiguous_date(self, mapping):
        return find_ambiguous_date(self.job, mapping)

    def answer(self):
        actions = {
            "previous": self.do_previous,
            "reset": self.do_reset,
            "apply": self.do_apply,
            "join": self.do_join,
            "use": self.do_use,
            "remember": self.do_remember,
            "switch": self.do_switch,
        }
        self.is_complete = self.form.is_valid()
        self.ambiguous_date = self.form.ambiguous_date
        if not self.reading_form.is_valid():
            return self.page()
        return actions.get(self.request.POST.get("action"), self.do_next)()

    def do_previous(self):
        self.save()
        return redirect("imports:upload", self.job.pk)

    def do_reset(self):
        drafts.forget_remembered(self.job)
        messages.success(self.request, _("The mapping is what the headers suggest again."))
        return self.again()

    def do_next(self):
        if self.is_changed_reading():
            return self.do_apply()
        if not drafts.data_rows(self.job):
            self.reading_form.add_error(None, _(FILE_PROBLEMS["header_only"]))
        if not self.is_complete or self.reading_form.errors:
            return self.page()
        self.save()
        if self.save_form.is_valid() and self.save_form.cleaned_data["mapping_name"].strip():
            self.keep_named()
        return redirect("imports:preview", self.job.pk)

    def is_changed_reading(self):
        form = self.reading_form
        return form.reads_anew() or form.chosen("header_row") != form.initial["header_row"]

    def do_apply(self):
        """Read the file as the person says, or find its headers where they say; then suggest anew."""
        self.save()
        if how := self.reading_form.reads_anew():
            return self.read_anew(how)
        if self.is_changed_reading():
            self.job.options["header_row"] = self.reading_form.chosen("header_row")
            self.job.mapping = drafts.suggested_mapping(self.job).to_json()
            drafts.detect_writing(self.job)
            self.job.save_draft("reading", "options", "mapping")
            drafts.forget_corrections(self.job)
        return self.again()

    def do_join(self):
        """Read the sheets that have the same headers as one."""
        self.save()
        joined = joinable(self.job.get_reading(), self.job.get_options().header_row)
        return self.read_anew({"join": joined}) if joined else self.again()

    def read_anew(self, how):
        execution.stop_runs(self.job)
        try:
            drafts.read(self.job, in_request=True, **how)
        except TimeIsUp:
            execution.begin_reading(self.job, **how)
            return self.again()
        except UnreadableFile as error:
            self.reading_form.add_error(None, error.sentence)
            return self.page()
        if drafts.headers(self.job) == self.headers:
            messages.success(self.request, _("The file was read again; the mapping is as it was."))
        else:
            messages.success(
                self.request, _("The file was read again; the mapping is what its headers suggest.")
            )
        return self.again()

    def again(self):
        return redirect("imports:mapping", self.job.pk)

    def save(self):
        options = {**self.form.options.to_json(), **self.reading_form.writes(), "leave_out": None}
        self.job.mapping, self.job.options = self.form.mapping.to_json(), options
        self.job.save_draft("mapping", "options")

    def page(self):
        job, importer = self.job, self.job.importer
        option = self.form.options
        missing = self.form.mapping.missing(importer, option.update)
        needed = importer.needed(option.update, self.form.mapping.fed())
        return render_step(
            self.request,
            "mapping",
            job,
            importer=importer,
            form=self.form,
            reading=job.get_reading(),
            reading_form=self.reading_form,
            other_sheets=self.other_sheets(),
            joining=self.joining(),
            noticed=self.noticed(),
            noticed_extent=extent(job.get_reading()),
            reading_problem=job.reading_problem,
            rows=drafts.data_rows(job),
            header_row=option.header_row,
            header_rows=self.header_rows(),
            fixed_rows=self.fixed_rows(),
            is_fixed_open=self.is_fixed_open(),
            encoding_name=encoding_name(job.get_reading().encoding),
            delimiter_name=DELIMITER_NAMES.get(job.get_reading().delimiter, job.get_reading().delimiter),
            needed=needed,
            missing=missing,
            mapped_count=len(needed) - len(missing),
            ambiguous_date=self.ambiguous_date,
            date_samples=date_samples(self.ambiguous_date),
            lost_columns=repairs.lost_columns(job),
            imported_before=drafts.imported_before(job),
            errors=errors_of(self.form) + errors_of(self.reading_form) + errors_of(self.save_form),
            **self.remembered_context(),
        )

    def noticed(self):
        """[(Finding, whether its box is ticked)] of the file."""
        reading, form = self.job.get_reading(), self.form
        found = findings(reading, self.job.importer, self.headers, form.mapping, form.options)
        return [
            (finding, bool(finding.field) and finding.value in map(str, form[finding.field].value() or ()))
            for finding in found
        ]

    def joining(self):
        """What there is to say of sheets with the same headers, None when there are none."""
        reading = self.job.get_reading()
        sheets = reading.joined or joinable(reading, self.job.get_options().header_row)
        if not sheets:
            return None
        return {
            "sheets": sheets,
            "is_joined": bool(reading.joined),
            "rows": row_count(reading, sheets),
            "without_headers": without_headers(sheets),
        }

    def other_sheets(self):
        return [
            sheet for sheet in self.job.get_reading().sheets if not sheet["selected"] and sheet["rows"] != 0
        ]

    def header_rows(self):
        """A line per header: its field, its first values, and how its match came about."""
        suggestions = drafts.suggestions(self.job)
        samples = drafts.samples(self.job, len(self.headers))
        return [
            {
                "field": self.form[header_name(index)],
                "stored": self.form[stored_name(index)] if self.job.importer.updates else None,
                "samples": samples[index],
                "suggested": suggestion.column.key if suggestion else "",
                "suggestion": match_words(suggestion),
                "match": match_of(self.form[header_name(index)].value() or "", suggestion),
            }
            for index, suggestion in enumerate(suggestions)
        ]

    def fixed_rows(self):
        """A line per column that can take a value for all rows; those that a header feeds are hidden."""
        fed = {self.form[header_name(index)].value() for index in range(len(self.headers))}
        required = {column.key for column in self.job.importer.needed(update=False)}
        return [
            {
                "field": self.form[fixed_name(column)],
                "column": column,
                "is_fed": column.key in fed,
                "is_required": column.key in required,
                "is_key": column.key == self.job.importer.key,
                "policies": " ".join(self.job.importer.policies(column)),
            }
            for column in sorted(self.job.importer.columns, key=lambda column: column.key not in required)
        ]

    def is_fixed_open(self):
        fields = [self.form[fixed_name(column)] for column in self.job.importer.columns]
        missing = self.form.mapping.missing(self.job.importer, self.form.options.update)
        return bool(missing) or any(field.errors or field.value() for field in fields)


def encoding_name(encoding):
    return _(ENCODINGS[encoding]) if encoding in ENCODINGS else encoding


def match_words(suggestion):
    """(state, word, reason) of a suggestion that is taken."""
    if suggestion is None:
        return ("unmapped", _("not imported"), "")
    state, word = MATCHES.get(suggestion.kind, ("suggested", gettext_noop("suggested")))
    return (state, _(word), suggestion.reason)


def match_of(chosen, suggestion):
    if not chosen:
        return match_words(None)
    if suggestion and suggestion.column.key == chosen:
        return match_words(suggestion)
    return ("chosen", _("chosen"), _("by you"))
