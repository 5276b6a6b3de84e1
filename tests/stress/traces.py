"""All that imports leave behind, so that two courses of the same import can be compared.

A trace is a Counter of lines: every record, every row of every ledger, every counter, every e-mail.
"""

import re
from collections import Counter
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

from entities.models import Address, Contact
from imports.models import GeneratedLookup, ImportJob, ImportRow, ImportRun, file_storage

GENERATED_CODE = re.compile(r"\d{16}")
NOT_COMPARED = {"id", "changed_at"}
RUN_COUNTS = ("state", "rows_done", "created", "updated", "unchanged", "rejected", "rejected_for_content")
JOB_COUNTS = ("state", "rows", "created", "updated", "unchanged", "rejected", "not_reached")
UNDO_COUNTS = ("deleted", "restored", "kept", "gone", "reasons")


def trace():
    lines = Counter(records())
    for place, job in enumerate(ImportJob.objects.order_by("pk")):
        lines.update((place, "import", name, getattr(job, name)) for name in JOB_COUNTS)
        lines[place, "reason", re.sub(r"\d+", "#", str(job.reason))] += 1
        lines[place, "undone", bool(job.undone_at)] += 1
        lines[place, "rows read", job.reading.get("rows"), has_parts(job)] += 1
        lines.update((place, "failed rows", line) for line in failed_rows(job))
        lines.update((place, "e-mail", subject) for subject in e_mails(job).values())
        for run in job.runs.order_by("pk"):
            lines.update((place, run.kind, *line) for line in of_run(run))
    return lines


def has_parts(job):
    parts = job.reading.get("parts", ())
    return bool(parts) and all(file_storage().exists(part["name"]) for part in parts)


def records():
    """Each record of the CRM without what differs from one import to the next."""
    for model in apps.get_app_config("entities").get_models():
        if isinstance(model._meta.pk, models.UUIDField):
            for record in model._base_manager.select_related():
                yield (model.__name__, *sorted(values_of(record)))


def values_of(record):
    for field in record._meta.concrete_fields:
        if field.name in NOT_COMPARED:
            continue
        value = getattr(record, field.name)
        if isinstance(value, models.Model):
            value = getattr(value, "code", None) or str(value)
        if isinstance(value, str) and GENERATED_CODE.fullmatch(value):
            value = "a generated code"
        yield field.name, str(value)


def of_run(run):
    yield from ((name, getattr(run, name)) for name in RUN_COUNTS)
    yield from (("ledger", number, outcome) for number, outcome in ledger(run))
    for detail in run.details.all():
        yield "detail", detail.row_number, detail.outcome, tuple(p.code for p in detail.get_problems())
    for key, cause in run.summary.get("problems", {}).items():
        yield "cause", key, cause["count"]
    if run.kind in (ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT):
        for key, name in run.summary.get("look_ups", {}).items():
            # An import counts the rows of the batch that generates the name, whatever its size.
            yield "new name", key, name["count"] if run.kind == ImportRun.Kind.CHECK else ""
    yield from ((name, str(run.summary.get(name))) for name in UNDO_COUNTS)
    yield "generated", run.generated.count()


def ledger(run):
    return run.ledger.values_list("row_number", "outcome")


def failed_rows(job):
    if not job.failed_rows:
        return []
    with file_storage().open(job.failed_rows.name) as file:
        text = file.read().decode("utf-8-sig").replace(job.reference, "")
        return text.splitlines()


def e_mails(job=None):
    """{Message-ID: Subject} of what was sent, about one import or all: a mail server drops the second copy."""
    folder = Path(settings.EMAIL_FILE_PATH)
    texts = [path.read_text() for path in folder.iterdir()] if folder.exists() else []
    text = "\n".join(texts)
    found = zip(
        re.findall(r"^Message-ID: (.*)$", text, re.M), re.findall(r"^Subject: (.*)$", text, re.M), strict=True
    )
    about = f"<import-{job.reference}-" if job else "<import-"
    return {
        message_id: re.sub(r"\d+", "#", subject)
        for subject, message_id in ((s, m) for m, s in found)
        if message_id.startswith(about)
    }


def does_not_add_up():
    """Sentences about what is wrong in itself, whatever was to come out."""
    for run in ImportRun.objects.filter(kind=ImportRun.Kind.IMPORT):
        outcomes = Counter(run.ledger.values_list("outcome", flat=True))
        if {name: count for name, count in run.counts.items() if count} != dict(outcomes):
            yield f"{run}: counts {run.counts}, ledger {dict(outcomes)}"
        if run.rows_done != sum(outcomes.values()):
            yield f"{run}: {run.rows_done} rows done, {sum(outcomes.values())} in the ledger"
        written = run.ledger.filter(outcome=ImportRow.Outcome.CREATED)
        if written.values("record_id").distinct().count() != written.count():
            yield f"{run}: two rows created one record"
        generated = GeneratedLookup.objects.filter(run=run)
        if len(set(generated.values_list("record_id"))) != generated.count():
            yield f"{run}: a name was generated twice"
    if orphans := Address.objects.exclude(contact__in=Contact.objects.all()).count():
        yield f"{orphans} addresses without their contact"


def difference(expected, found):
    """(lines that are missing, lines that are too many)."""
    return expected - found, found - expected
