"""Sentences that are kept with an import, to be said in the language of whoever reads them.

The database holds code and details; a Said reads like the sentence that it is.
"""

import json

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .readers_problems import FILE_PROBLEMS, UnreadableFile
from .rows import row_in_words
from .wording import figure


def incorrect_content(rows):
    return ngettext(
        "Nothing was imported, because %(rows)s row has incorrect content.",
        "Nothing was imported, because %(rows)s rows have incorrect content.",
        rows,
    ) % {"rows": figure(rows)}


def nothing_imported(rows):
    if rows == 1:
        return _("No row could be imported: the only row has problems.")
    return _("No row could be imported: all %(rows)s rows have problems.") % {"rows": figure(rows)}


def all_done(rows):
    return ngettext(
        "Nothing was imported, because its only row was imported already.",
        "Nothing was imported, because all its %(rows)s rows were imported already.",
        rows,
    ) % {"rows": figure(rows)}


def all_left_out(rows):
    if rows == 1:
        return _("No row was left to import: the only row was left out, as chosen in the preview.")
    return _("No row was left to import: all %(rows)s rows were left out, as chosen in the preview.") % {
        "rows": figure(rows)
    }


def cancelled(sheet, row, done):
    return ngettext(
        "Cancelled after %(row)s; the %(done)s row imported before it stays in the CRM.",
        "Cancelled after %(row)s; the %(done)s rows imported before it stay in the CRM.",
        done,
    ) % {"row": row_in_words(sheet, row), "done": figure(done)}


def stopped(sheet, row, done):
    return ngettext(
        "Stopped after %(row)s for a technical reason; %(done)s row before it is in the CRM.",
        "Stopped after %(row)s for a technical reason; %(done)s rows before it are in the CRM.",
        done,
    ) % {"row": row_in_words(sheet, row), "done": figure(done)}


def tried(rows):
    return ngettext(
        "Stopped after the first %(rows)s row, as you asked.",
        "Stopped after the first %(rows)s rows, as you asked.",
        rows,
    ) % {"rows": figure(rows)}


TRIED = "tried"
SENTENCES = {
    "incorrect_content": incorrect_content,
    "nothing_imported": nothing_imported,
    "all_done": all_done,
    "none_left": lambda: _("No row could be imported: those that were not imported already have problems."),
    TRIED: tried,
    "all_left_out": all_left_out,
    "cancelled_check": lambda: _("Cancelled while checking; nothing was written."),
    "cancelled_at_once": lambda: _("Cancelled before the first row; nothing was written."),
    "cancelled": cancelled,
    "stopped_check": lambda sheet, row: (
        _("The check stopped after %(row)s for a technical reason; nothing was written.")
        % {"row": row_in_words(sheet, row)}
    ),
    "stopped": stopped,
    "later_version": lambda: _(
        "Stopped because it was prepared by a later version of this system, which this one does not understand. "
        "Tell the person who runs this system; with that version it can be continued."
    ),
    "without_rights": lambda: _(
        "Stopped because the person who started it no longer has the right to import this."
    ),
}


class Said:
    """One sentence: `code` is of SENTENCES or FILE_PROBLEMS."""

    def __init__(self, code, **details):
        self.code, self.details = code, details

    def __str__(self):
        if self.code in FILE_PROBLEMS:
            return UnreadableFile(self.code, **self.details).sentence
        return SENTENCES[self.code](**self.details)

    def __eq__(self, other):
        return str(self) == str(other)

    def __hash__(self):
        return hash((self.code, *self.details))

    def to_text(self):
        return json.dumps([self.code, self.details])


class SaidField(models.TextField):
    """A Said, or text that is what it is. To the database and to migrations a TextField."""

    def deconstruct(self):
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def from_db_value(self, value, expression, connection):
        if value is None or not value.startswith('["'):  # None when an outer join found no import
            return value
        code, details = json.loads(value)
        return Said(code, **details)

    def get_prep_value(self, value):
        return value.to_text() if isinstance(value, Said) else super().get_prep_value(value)
