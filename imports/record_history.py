"""From a record back to the imports and rows that created, changed or restored it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from .models import ImportJob, ImportRow, ImportRowDetail
from .rows import row_name

AT_MOST = 100  # of the latest; every import of the same file adds one at most
Outcome = ImportRow.Outcome
TOLD = (Outcome.CREATED, Outcome.UPDATED, Outcome.DELETED, Outcome.RESTORED, Outcome.KEPT)


@dataclass(frozen=True)
class Entry:
    """One entry, as the admin's history shows its own: when, who, what. `changed` are labels of columns."""

    outcome: str
    action_time: datetime
    job: ImportJob
    row_number: int
    changed: list

    @property
    def user(self):
        return self.job.created_by

    @property
    def url(self):
        return reverse("imports:row", args=[self.job.pk, self.row_number])

    @property
    def words(self):
        return {
            Outcome.CREATED: pgettext("one row", "Created"),
            Outcome.UPDATED: _("Changed %(columns)s") % {"columns": get_text_list(self.changed, _("and"))},
            Outcome.DELETED: _("Deleted when this was undone:"),
            Outcome.RESTORED: _("Put back to its old values when this was undone:"),
            Outcome.KEPT: _("Kept when this was undone:"),
        }[self.outcome]

    @property
    def source(self):
        """ "by import 1042, row 812 of contacts.csv"; without "by" where an undo is told of."""
        names = {
            "number": self.job.pk,
            "row": row_name(self.row_number, self.job.row_sheets),
            "file": self.job.file_name,
        }
        if self.outcome in (Outcome.CREATED, Outcome.UPDATED):
            return _("by import %(number)s, %(row)s of %(file)s") % names
        return _("import %(number)s, %(row)s of %(file)s") % names

    def get_change_message(self):
        return format_html('{} <a class="underline" href="{}">{}</a>', self.words, self.url, self.source)


def entries(importer, record_id):
    """[Entry] of a record, the oldest first."""
    rows = ImportRow.objects.filter(record_id=record_id, outcome__in=TOLD)
    rows = rows.select_related("run__job__created_by", "run__job__repairs").order_by("-id")[:AT_MOST]
    rows = sorted(rows, key=lambda row: row.written_at)
    changed = changed_columns(importer, [row for row in rows if row.outcome == Outcome.UPDATED])
    return [
        Entry(
            row.outcome,
            row.written_at,
            row.run.job,
            row.row_number,
            changed.get((row.run_id, row.row_number), [_("its values")]),
        )
        for row in rows
    ]


def changed_columns(importer, rows):
    """{(run, row number): [column's label]} of updates whose details are still kept."""
    wanted = Q(pk=None)
    for row in rows:
        wanted |= Q(run=row.run_id, row_number=row.row_number)
    details = ImportRowDetail.objects.filter(wanted) if rows else ()
    return {
        (detail.run_id, detail.row_number): [
            column.label for column in importer.columns if column.key in detail.changes
        ]
        for detail in details
        if detail.changes
    }
