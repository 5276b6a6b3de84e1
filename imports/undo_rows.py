"""What the runs of an undo do with the ledger rows of an import; the worker says when."""

from collections import Counter
from heapq import merge

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DataError, IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, UUIDField
from django.utils import timezone
from django.utils.translation import gettext_noop

from . import bulk, undo
from .failpoints import reached
from .models import GeneratedLookup, ImportJob, ImportRow, ImportRowDetail, ImportRun
from .referrers import referring, relations
from .said import Said
from .undoing import DELETED, KEPT, RESTORED, UPDATED, Decider, Undone

PAGE = 2000
LOOK_UPS_AT_ONCE = 1000


class UndoRows:
    """The ledger rows of an import and of its repairs, the last first: decided and, by an undo, undone."""

    looks_ahead = False

    def __init__(self, run):
        self.run, self.job, self.importer = run, run.job, run.job.importer
        self.is_undo = run.kind == ImportRun.Kind.UNDO
        self.ledger = undo.ledger(self.job)
        self.decider = Decider(self.importer, run, self.ledger, lock=self.is_undo)

    def why_not(self):
        """Whether who asked for the undo lost the rights; looking at what it would do takes none."""
        if not self.is_undo:
            return None
        user = get_user_model().objects.filter(pk=self.run.summary.get("by"), is_active=True).first()
        self.run.summary["without_rights"] = not (user and undo.may_undo(user, self.job))
        ImportRun.objects.filter(pk=self.run.pk, token=self.run.token).update(summary=self.run.summary)
        return Said("without_rights") if self.run.summary["without_rights"] else None

    def rows(self):
        """Yield the rows before the run's cursor as (row number, ledger row), the last of the file first."""
        left = undo.left_to_undo(self.job, but=self.run).order_by("-row_number")
        runs = left.order_by().values_list("run", flat=True).distinct()
        pages = (self.pages(left.filter(run=run_id)) for run_id in runs)
        return ((row.row_number, row) for row in merge(*pages, key=lambda row: -row.row_number))

    def pages(self, rows):
        """The rows of one import run, read by pages: no cursor stays open while others are written."""
        last = self.run.cursor
        while page := list((rows.filter(row_number__lt=last) if last else rows)[:PAGE]):
            yield from page
            last = page[-1].row_number

    def begin(self, batch):
        """The batch as [Undone], with the details of updates, which nobody changes."""
        rows = [row for _, row in batch]
        details = ImportRowDetail.objects.filter(
            run__in={row.run_id for row in rows},
            row_number__range=(rows[-1].row_number, rows[0].row_number),
            outcome=UPDATED,
        ).defer("problems", "cells")
        found = {(detail.run_id, detail.row_number): detail for detail in details}
        return [
            Undone(
                row.row_number,
                row.run_id,
                row.outcome,
                row.record_id,
                row.written_at,
                found.get((row.run_id, row.row_number)) if row.outcome == UPDATED else None,
            )
            for row in rows
        ]

    def write(self, rows, one_by_one):
        if self.is_undo and one_by_one:
            for row in rows:
                self.write_one(row)
        else:
            self.decider.decide(rows)
            if self.is_undo:
                write_back(self.importer, rows)
        reached("mid_upsert")
        self.write_ledger(rows, timezone.now())

    def write_one(self, row):
        """Blame the right row: what the database refuses keeps that row's record alone."""
        try:
            with transaction.atomic():
                self.decider.decide([row])
                write_back(self.importer, [row])
        except (IntegrityError, DataError):
            row.keep("not_undone", self.importer.key)

    def write_ledger(self, rows, now):
        if self.is_undo:
            bulk.insert_rows(
                ImportRow,
                ["run_id", "row_number", "outcome", "record_id", "written_at"],
                [[self.run.pk, row.number, row.becomes, row.record_id, now] for row in rows],
            )
        kept = [
            ImportRowDetail(
                run=self.run, row_number=row.number, outcome=KEPT, problems=[row.problem.to_json()]
            )
            for row in rows
            if row.becomes == KEPT
        ]
        ImportRowDetail.objects.bulk_create(kept)

    def count(self, rows, seconds):
        """Add a batch to the run's summary: {"deleted", "restored", "kept", "gone", "reasons": {code: count}}."""
        summary = self.run.summary
        became = Counter("gone" if row.is_gone else row.becomes for row in rows)
        reasons = Counter(row.problem.code for row in rows if row.problem)
        summary["reasons"] = dict(Counter(summary.get("reasons", {})) + reasons)
        for name, count in became.items():
            summary[name] = summary.get(name, 0) + count
        ImportRun.objects.filter(pk=self.run.pk).update(
            rows_done=F("rows_done") + len(rows), seconds=F("seconds") + seconds, summary=summary, attempts=0
        )
        self.run.rows_done += len(rows)

    # The end.

    def finish(self, worker):
        """In the transaction that ends the run: generated names that nothing uses go, the imports are undone."""
        with transaction.atomic():
            worker.close(self.run, ImportRun.State.DONE)
            self.run.summary["look_ups"] = self.finish_look_ups()
            ImportRun.objects.filter(pk=self.run.pk).update(summary=self.run.summary)
            if self.is_undo:
                self.mark_undone()

    def finish_look_ups(self):
        """{"deleted", "kept"}: how many generated names go, and how many stay because they are used or changed."""
        generated = GeneratedLookup.objects.filter(run__job__in=undo.imports_undone_with(self.job))
        written = self.ledger.order_by().values_list("written_at", flat=True).distinct()
        moments = set(written) if generated else set()
        counts = Counter()
        for label in sorted(set(generated.values_list("model", flat=True))):
            pks = list(
                generated.filter(model=label).order_by("record_id").values_list("record_id", flat=True)
            )
            for start in range(0, len(pks), LOOK_UPS_AT_ONCE):
                chunk = pks[start : start + LOOK_UPS_AT_ONCE]
                counts += self.finish_names(apps.get_model(label), chunk, moments)
        return {"deleted": counts[DELETED], "kept": counts[KEPT]}

    def finish_names(self, model, pks, moments):
        names = model._base_manager.filter(pk__in=pks).order_by("pk")
        names = names.select_for_update(of=("self",)) if self.is_undo else names
        stored = dict(names.values_list("pk", "changed_at"))
        used = {pk for relation in relations(model) for pk in self.still_used(relation, list(stored))}
        going = [pk for pk, changed_at in stored.items() if changed_at in moments and pk not in used]
        if self.is_undo and going:
            bulk.delete(model, model._meta.pk.name, going)
            bulk.settle()
        return Counter({DELETED: len(going), KEPT: len(stored) - len(going)})

    def still_used(self, relation, pks):
        """Of these names, those that something refers to; a check leaves out what would not do so any more."""
        users = referring(relation, pks)
        counted = counts_by(relation, users)
        if not self.is_undo and isinstance(relation.related_model._meta.pk, UUIDField):
            # Counted apart, because a database may look for each user in the whole ledger otherwise.
            kept = self.run.details.filter(row_number=OuterRef("row_number"))
            going = self.ledger.exclude(Exists(kept)).values("record_id")
            counted -= counts_by(relation, users.filter(pk__in=going))
        return {pk for pk, count in counted.items() if count > 0}

    def mark_undone(self):
        user = get_user_model().objects.filter(pk=self.run.summary.get("by")).first()
        details = undo.counts(self.run) | {"names": self.run.summary["look_ups"], "with_import": self.job.pk}
        for job in undo.imports_undone_with(self.job):
            ImportJob.objects.filter(pk=job.pk).update(undone_at=self.run.finished_at)
            job.log(gettext_noop("undone"), user, **details)


def counts_by(relation, users):
    """Counter of how many of these records refer to what."""
    return Counter(dict(users.values_list(relation.field.attname).annotate(Count("pk"))))


def write_back(importer, rows):
    """Delete and restore what was decided; children before the records on which they hang."""
    going = [row.record_id for row in rows if row.becomes == DELETED and row.stored]
    for name, child in importer.children.items():
        writes = [(stored, record) for row in rows for n, stored, record in row.children if n == name]
        bulk.delete(child.model, child.parent, going)
        bulk.delete(child.model, "id", [stored["id"] for stored, record in writes if record is None])
        write_records(child.model, [record for _, record in writes if record is not None])
    bulk.delete(importer.model, "id", going)
    write_records(importer.model, [row.record for row in rows if row.becomes == RESTORED])
    bulk.settle()


def write_records(model, records):
    names = [f.name for f in model._meta.concrete_fields if not f.primary_key]
    last = {record["id"]: record for record in records}  # of several rows' the oldest values
    bulk.update(model, names, sorted(last.values(), key=lambda record: record["id"]))
