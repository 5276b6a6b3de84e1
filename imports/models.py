"""An import, its runs, and the ledger that says what became of every row."""

import hashlib
import json
import secrets
import uuid
from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .events import ImportEvent
from .importers import importer_for
from .mapping import Mapping, Options
from .parts import Reading
from .problems import DONE, Problem
from .remembered import RememberedMapping
from .said import TRIED, SaidField
from .versions import holds_unknown, is_as_stored_now, restored

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
NOT_DECISIVE = ("leave_out", "first_rows")
NO_LONGER_KEPT = "…"
COUNTED = ("created", "updated", "unchanged", "rejected")


def file_storage():
    return default_storage


def new_code():
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(4))


def upload_name(job, file_name):
    """Where an upload is kept; nothing of the user's name is in the path."""
    return f"imports/{job.folder}/source"


def failed_rows_name(job, file_name):
    return f"imports/{job.folder}/failed-rows-{uuid.uuid4().hex}"


def results_name(job, file_format):
    return f"imports/{job.folder}/results-{uuid.uuid4().hex}.{file_format}"


class NoLongerDraft(Exception):
    """The import was started, or its draft deleted, while somebody was changing it."""


class ImportJob(models.Model):
    """One file on its way into the CRM."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_PROGRESS = "in_progress", _("In Progress")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Format(models.TextChoices):
        CSV = "csv", ".csv"
        XLS = "xls", ".xls"
        XLSX = "xlsx", ".xlsx"

    ENDED = (State.COMPLETED, State.FAILED, State.CANCELLED)
    TRANSITIONS = {
        State.DRAFT: {State.IN_PROGRESS},
        State.IN_PROGRESS: {State.COMPLETED, State.FAILED, State.CANCELLED},
        State.FAILED: {State.IN_PROGRESS},
        State.CANCELLED: {State.IN_PROGRESS},
        State.COMPLETED: set(),
    }

    code = models.CharField(max_length=4, default=new_code, editable=False)
    folder = models.UUIDField(default=uuid.uuid4, editable=False)
    start_key = models.UUIDField(default=uuid.uuid4, editable=False)
    entity_type = models.CharField(max_length=50)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    reason = SaidField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="imports",
        verbose_name=_("started by"),
    )
    repairs = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="repaired_by",
        help_text="the import whose failed rows this one brings again; row numbers are those of its file",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    file = models.FileField(storage=file_storage, upload_to=upload_name, max_length=200, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    file_size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    file_format = models.CharField(max_length=4, choices=Format, blank=True)
    reading = models.JSONField(default=dict, blank=True)
    reading_problem = SaidField(blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    corrected = models.PositiveIntegerField(default=0, help_text="how often its rows were corrected in place")
    erased = models.PositiveIntegerField(default=0, help_text="rows that were erased with their records")
    language = models.CharField(max_length=10, blank=True, help_text="of who started it")
    remembered = models.ForeignKey(
        RememberedMapping,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="the remembered mapping that was proposed for it",
    )

    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    not_reached = models.PositiveIntegerField(default=0)

    failed_rows = models.FileField(
        storage=file_storage, upload_to=failed_rows_name, max_length=200, blank=True
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    from_command_line = models.BooleanField(default=False)
    mail_due = models.DateTimeField(null=True, help_text="when to tell how it ended; None when that is done")

    class Meta:
        verbose_name = _("import")
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["state", "-started_at"], name="import_by_state"),
            models.Index(fields=["sha256"], name="import_by_content"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="completed")
                | Q(
                    rows=models.F("created")
                    + models.F("updated")
                    + models.F("unchanged")
                    + models.F("rejected")
                ),
                name="completed_import_adds_up",
            )
        ]

    def __str__(self):
        return gettext("Import %(number)s: %(file)s") % {"number": self.pk, "file": self.file_name}

    def get_absolute_url(self):
        return reverse("imports:detail", args=[self.pk])

    @property
    def reference(self):
        """What the headers of its failed-rows file say, such as "1042-K7Q2"."""
        return f"{self.pk}-{self.code}"

    @property
    def starter(self):
        """Who started it, as a person reads it."""
        if self.created_by:
            return self.created_by.get_full_name() or self.created_by.get_username()
        return gettext("command line") if self.from_command_line else gettext("a removed account")

    @property
    def importer(self):
        return importer_for(self.entity_type)

    def get_reading(self):
        """The Reading of the file, or None before it was read."""
        if not self.reading:
            return None
        reading, totals = Reading.from_json(self.reading), self.options.get("totals")
        return reading.without(totals) if totals else reading

    def get_mapping(self):
        return restored(Mapping, self.mapping).only(self.importer.by_key)

    def get_options(self):
        return restored(Options, self.options)

    @property
    def stored_forms(self):
        return (Reading, self.reading), (Mapping, self.mapping), (Options, self.options)

    @property
    def is_of_this_version(self):
        """Whether this version of the product stored how its file is read and mapped."""
        return self.knows_columns and all(is_as_stored_now(*form) for form in self.stored_forms)

    @property
    def is_of_later_version(self):
        """Whether something decides its rows that this version of the product does not know."""
        return not self.knows_columns or any(holds_unknown(*form) for form in self.stored_forms)

    @property
    def knows_columns(self):
        mapping = restored(Mapping, self.mapping)
        return mapping == mapping.only(self.importer.by_key)

    @property
    def row_sheets(self):
        """The names of the sheets that its row numbers distinguish; a repair has those of the first import."""
        reading = self.repairs.reading if self.repairs_id else self.reading
        return [sheet["name"] for sheet in reading.get("joined", ())]

    @property
    def parts_prefix(self):
        return f"imports/{self.folder}/parts"

    @property
    def digest(self):
        """Of all that decides what the import does: file, how it was read, corrections, mapping and options.
        The answer on incorrect content is not part of it, nor whether it is tried: the check is the same."""
        options = {name: value for name, value in self.options.items() if name not in NOT_DECISIVE}
        reading = {name: self.reading.get(name) for name in ("sheet", "encoding", "delimiter")}
        if joined := self.reading.get("joined"):
            reading["joined"] = joined
        if self.has_all_rows:
            reading["with_all_rows"] = True
        decisive = [self.entity_type, self.sha256, reading, self.corrected, self.mapping, options]
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    @property
    def preview_key(self):
        """What Start Import sends back: it starts only the draft that its preview showed."""
        return uuid.uuid5(self.start_key, self.digest)

    def move_to(self, state, **values):
        """Change the state if it is still what this object knows; False when somebody else was first."""
        if state not in self.TRANSITIONS[self.state]:
            return False
        changed = ImportJob.objects.filter(pk=self.pk, state=self.state).update(
            state=state, touched_at=timezone.now(), **values
        )
        if changed:
            self.state = state
            for name, value in values.items():
                setattr(self, name, value)
        return bool(changed)

    def save_draft(self, *names):
        """Store these fields; raises NoLongerDraft when the import was started meanwhile."""
        values = {name: getattr(self, name) for name in names}
        values = {
            name: value.name if isinstance(value, FieldFile) else value for name, value in values.items()
        }
        drafts = ImportJob.objects.filter(pk=self.pk, state=self.State.DRAFT)
        if not drafts.update(touched_at=timezone.now(), **values):
            raise NoLongerDraft

    def log(self, event, user=None, **details):
        ImportEvent.objects.create(job=self, event=event, user=user, details=details)

    @property
    def family(self):
        """The import whose rows these are and all that repair it, oldest first. Of them, one at most has
        created or updated the record of a row number."""
        root = self.repairs_id or self.pk
        return ImportJob.objects.filter(Q(pk=root) | Q(repairs=root)).order_by("pk")

    @property
    def has_all_rows(self):
        """Whether a repair holds the other rows of the repaired import's file too."""
        return bool(self.reading.get("own"))

    def corrections(self):
        """{row number: {column key: text, None for a blank}} of the cells that were corrected in place."""
        return dict(self.row_corrections.values_list("row_number", "cells")) if self.corrected else {}

    def in_its_language(self):
        """A context in which everything is said in the language of who started the import."""
        return translation.override(self.language or settings.LANGUAGE_CODE)

    @property
    def is_draft(self):
        return self.state == self.State.DRAFT

    @property
    def is_tried(self):
        """Whether it stopped after its first rows, as was asked."""
        return self.state == self.State.CANCELLED and getattr(self.reason, "code", "") == TRIED

    @property
    def is_running(self):
        return self.state == self.State.IN_PROGRESS

    @property
    def counts(self):
        return {name: getattr(self, name) for name in (*COUNTED, "not_reached")}

    @property
    def imported(self):
        """How many of its rows are in the CRM as the file says."""
        return self.created + self.updated + self.unchanged

    def latest_run(self, *kinds):
        return self.runs.filter(kind__in=kinds).order_by("-id").first()

    @property
    def kept_until(self):
        """When its files and the details of its rows go, and with them the possibility to undo it."""
        return self.finished_at + timedelta(days=settings.IMPORT_RETENTION_DAYS)

    @property
    def undo_has_begun(self):
        """Whether it, or the import that it repairs, is being undone or was: then it does not go on."""
        imports = [self.pk, self.repairs_id or self.pk]
        return ImportRun.objects.filter(job__in=imports, kind=ImportRun.Kind.UNDO).exists()

    def deciding_run(self):
        """The run that says what became of the rows: the import's, else the check's that ended it."""
        return self.latest_run(ImportRun.Kind.IMPORT) or self.latest_run(ImportRun.Kind.CHECK)

    @property
    def stored_names(self):
        """The names in storage of the upload, its parts, the failed-rows file and the results."""
        own = self.reading.get("own", {})
        parts = [part["name"] for part in (*self.reading.get("parts", ()), *own.get("parts", ()))]
        results = self.runs.filter(kind=ImportRun.Kind.RESULTS).values_list("summary__file", flat=True)
        return [name for name in (*parts, self.file.name, self.failed_rows.name, *results) if name]

    def delete_files(self):
        """Remove them; safe to repeat."""
        delete_stored(self.stored_names)


def delete_stored(names):
    for name in names:
        file_storage().delete(name)


class ImportRun(models.Model):
    """One piece of background work of an import. Lease and cursor say who does it and how far it is."""

    class Kind(models.TextChoices):
        READ = "read", _("Reading")
        CHECK = "check", _("Checking")
        IMPORT = "import", _("Importing")
        UNDO_CHECK = "undo_check", _("Preparing to undo")
        UNDO = "undo", _("Undoing")
        RESULTS = "results", _("Writing the results")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    UNFINISHED = (State.WAITING, State.RUNNING)
    OF_ONE_TASK = (Kind.READ, Kind.RESULTS)

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)
    lease = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    cursor = models.PositiveIntegerField(default=0, help_text="number of the last row dealt with")
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    rejected_for_content = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    summary = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["state", "lease"], name="run_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind__in=["check", "import"])
                | Q(
                    rows_done=models.F("created")
                    + models.F("updated")
                    + models.F("unchanged")
                    + models.F("rejected")
                ),
                name="run_adds_up",
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of import {self.job_id}"

    @property
    def counts(self):
        return {name: getattr(self, name) for name in COUNTED}

    @property
    def is_over(self):
        return self.state not in self.UNFINISHED

    @property
    def problems(self):
        """The causes, most frequent first: [{code, kind, column, count, example_row, problem}]."""
        causes = self.summary.get("problems", {}).values()
        return [
            {**cause, "problem": Problem.from_json(cause["example"])}
            for cause in sorted(causes, key=lambda cause: (-cause["count"], cause["example_row"]))
        ]

    def forget_values(self):
        """Keep the causes without the values that had them; see writing.count_problems."""
        for cause in self.summary.get("problems", {}).values():
            code, column, _value, details = cause["example"]
            cause |= {"values": {}, "example": [code, column, NO_LONGER_KEPT, details]}
        self.save(update_fields=["summary"])

    @property
    def done_already(self):
        """How many rows it refused because another import of the family had done them."""
        return sum(cause["count"] for cause in self.problems if cause["kind"] == DONE)

    @property
    def generated_names(self):
        """The look-ups that are or would be generated: [{column, name, count}]."""
        return list(self.summary.get("look_ups", {}).values())


class ImportRow(models.Model):
    """The ledger: what became of one row of one run. Insert-only."""

    class Outcome(models.TextChoices):
        CREATED = "created", pgettext_lazy("one row", "Created")
        UPDATED = "updated", pgettext_lazy("one row", "Updated")
        UNCHANGED = "unchanged", pgettext_lazy("one row", "Unchanged")
        REJECTED = "rejected", pgettext_lazy("one row", "Rejected")
        # Of an undo:
        DELETED = "deleted", pgettext_lazy("one row", "Deleted")
        RESTORED = "restored", pgettext_lazy("one row", "Restored")
        KEPT = "kept", pgettext_lazy("one row", "Kept")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="ledger", db_index=False)
    row_number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome)
    record_id = models.UUIDField(null=True)
    written_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row_number"], name="row_once_per_run")]
        indexes = [models.Index(fields=["record_id"], name="row_by_record")]

    def __str__(self):
        return f"Row {self.row_number}: {self.outcome}"


class ImportRowDetail(models.Model):
    """What a rejected or updated row holds: problems, raw cells, changes {column key: [old, new]}.

    For undoing an update, `before` is when the record was last changed before, and `children` says
    {child's name: [identifier, when it was last changed before, None for a new one]}. A `stale` one is
    of a row whose cells were corrected since: the check has still to decide it again.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="details", db_index=False)
    row_number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=ImportRow.Outcome)
    problems = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    cells = models.JSONField(default=list)
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    before = models.DateTimeField(null=True)
    children = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    stale = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row_number"], name="detail_once_per_run")]
        indexes = [models.Index(fields=["run"], condition=Q(stale=True), name="stale_details")]

    def __str__(self):
        return f"Details of row {self.row_number}"

    def get_problems(self):
        return [Problem.from_json(problem) for problem in self.problems]


class RowCorrection(models.Model):
    """Cells of one row that were corrected in place: {column key: text, None for a blank}."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="row_corrections", db_index=False)
    row_number = models.PositiveIntegerField()
    cells = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "row_number"], name="correction_once_per_row")]

    def __str__(self):
        return f"Correction of row {self.row_number}"


class RowDouble(models.Model):
    """A row that a check found to double stored records: [[identifier, key, {column key: value}]]."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="doubles", db_index=False)
    row_number = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    records = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row_number"], name="double_once_per_run")]

    def __str__(self):
        return f"Doubles of row {self.row_number}"


class GeneratedLookup(models.Model):
    """A look-up that a run brought into being."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="generated")
    model = models.CharField(max_length=100)
    record_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "record_id"], name="look_up_generated_once")]

    def __str__(self):
        return f"{self.model} {self.record_id}"


class WorkerBeat(models.Model):
    """When a cluster of workers last answered. Its name is that of its machine and its process group."""

    host = models.CharField(max_length=255)
    group = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["host", "group"], name="one_beat_per_cluster")]

    def __str__(self):
        return f"{self.host}:{self.group} {self.at}"


class Pause(models.Model):
    """Its one row is there while an operator has paused all imports."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"since {self.since}"
