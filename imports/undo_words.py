"""Where an undo is and what it did or would do, in words for its pages."""

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from . import undo
from .durations import left_in_words
from .models import ImportJob, ImportRun
from .wording import figure

WOULD = {
    "deleted": gettext_noop("delete %(records)s"),
    "restored": gettext_noop("restore %(records)s"),
    "kept": gettext_noop("keep %(records)s"),
}
DID = {
    "deleted": gettext_noop("%(records)s deleted"),
    "restored": gettext_noop("%(records)s restored"),
    "kept": gettext_noop("%(records)s kept"),
    "gone": gettext_noop("%(records)s gone already"),
}
REASONS = {
    "changed_by_import": gettext_noop("%(count)s changed since by another import"),
    "changed_since": gettext_noop("%(count)s changed since in the CRM"),
    "used_since": gettext_noop("%(count)s in use"),
    "value_taken": gettext_noop("%(count)s whose old value another record has"),
    "reference_gone": gettext_noop("%(count)s that had what is gone"),
    "old_values_gone": gettext_noop("%(count)s whose old values are no longer kept"),
    "not_undone": gettext_noop("%(count)s that the database refused"),
}


@dataclass
class ShownUndo:
    """An undo run, or its check, as people see it on the page of `job`."""

    job: ImportJob
    run: ImportRun

    @property
    def is_check(self):
        return self.run.kind == ImportRun.Kind.UNDO_CHECK

    @property
    def is_running(self):
        return not self.run.is_over

    @property
    def is_done(self):
        return self.run.state == ImportRun.State.DONE

    @property
    def other(self):
        """The import whose undo it is, when that is another one."""
        return self.run.job if self.run.job_id != self.job.pk else None

    @property
    def repairs(self):
        """The imports that repair this one and are undone with it."""
        return [job for job in undo.imports_undone_with(self.run.job) if job.pk != self.run.job_id]

    @property
    def counts(self):
        return undo.counts(self.run)

    @property
    def kept(self):
        return self.counts["kept"]

    @property
    def would_change(self):
        return bool(self.counts["deleted"] or self.counts["restored"])

    @property
    def rows(self):
        return self.run.summary.get("rows", 0)

    @property
    def percent(self):
        return min(100 * self.run.rows_done // self.rows, 100) if self.rows else 0

    @property
    def time_left(self):
        """ "" until it means something."""
        return left_in_words(self.run, self.rows)

    @property
    def text(self):
        if self.run.state == ImportRun.State.WAITING and not self.run.rows_done:
            return _("Waiting in the queue")
        words = (
            _("Looking at record %(done)s of %(all)s")
            if self.is_check
            else _("Undoing record %(done)s of %(all)s")
        )
        return words % {"done": figure(self.run.rows_done), "all": figure(self.rows)}

    @property
    def milestone(self):
        """What a screen reader is told; it changes at quarters only."""
        if not self.is_running:
            return self.sentence
        return _("%(percent)s %% done") % {"percent": self.percent // 25 * 25}

    @property
    def sentence(self):
        if not self.is_done:
            return self.stopped
        return self.would if self.is_check else self.did

    @property
    def would(self):
        """ "Undo would delete 940 contacts, restore 52 and keep 3." """
        parts = self.parts(WOULD)
        if not parts:
            return _("There is nothing left to undo: its records are gone already.")
        return _("Undo would %(parts)s.") % {"parts": listed(parts)}

    @property
    def did(self):
        """ "Undone on 20 February 2027: 940 contacts deleted, 52 restored and 3 kept." """
        day = date_format(self.job.undone_at or self.run.finished_at, "j E Y")
        words = _("Undone on %(day)s: %(parts)s.")
        return words % {"day": day, "parts": listed(self.parts(DID)) or _("nothing was left to undo")}

    @property
    def stopped(self):
        if self.run.summary.get("without_rights"):
            why = _("because the person who started it no longer has the right to undo this")
        else:
            why = _("for a technical reason")
        words = _("The undo stopped after %(done)s of %(all)s records %(why)s.")
        return words % {"done": figure(self.run.rows_done), "all": figure(self.rows), "why": why}

    @property
    def action(self):
        """ "Undo: delete 940 contacts and restore 52" """
        acts = {name: words for name, words in WOULD.items() if name != "kept"}
        return _("Undo: %(parts)s") % {"parts": listed(self.parts(acts))}

    @property
    def reasons(self):
        """ "2 changed since in the CRM, 1 in use" """
        found = sorted(self.run.summary.get("reasons", {}).items(), key=lambda pair: -pair[1])
        return ", ".join(_(REASONS[code]) % {"count": figure(count)} for code, count in found)

    @property
    def names(self):
        """[sentence] on the generated names that go or stay."""
        found = self.run.summary.get("look_ups", {})
        return [words % {"count": figure(count)} for count, words in self.words_on_names(found) if count]

    def words_on_names(self, found):
        going, staying = found.get("deleted", 0), found.get("kept", 0)
        if self.is_check:
            goes = ngettext(
                "%(count)s generated name would go.", "%(count)s generated names would go.", going
            )
        else:
            goes = ngettext(
                "%(count)s generated name is removed.", "%(count)s generated names are removed.", going
            )
        stays = ngettext(
            "%(count)s generated name stays, because it is used or was changed.",
            "%(count)s generated names stay, because they are used or were changed.",
            staying,
        )
        return [(going, goes), (staying, stays)]

    def parts(self, words):
        """What is counted, as phrases; the first names the records."""
        phrases = []
        for name, phrase in words.items():
            if count := self.counts.get(name):
                records = figure(count) if phrases else self.with_noun(count)
                phrases.append(_(phrase) % {"records": records})
        return phrases

    def with_noun(self, count):
        importer = self.job.importer
        return f"{figure(count)} {importer.noun if count == 1 else importer.nouns}"


def listed(phrases):
    return get_text_list(phrases, _("and"))


def latest_undos(jobs):
    """{number of an import: ShownUndo} of those that are undone, or were begun to be."""
    roots = {job.pk: job.repairs_id or job.pk for job in jobs}
    found = ImportRun.objects.filter(kind=ImportRun.Kind.UNDO, job__in={*roots, *roots.values()})
    latest = {run.job_id: run for run in found.order_by("id")}
    runs = {job: [latest[pk] for pk in (job.pk, roots[job.pk]) if pk in latest] for job in jobs}
    return {job.pk: ShownUndo(job, max(some, key=lambda run: run.pk)) for job, some in runs.items() if some}
