"""Where an import is and how it ended, in words for its page and for the list."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from . import wording
from .durations import in_words, left_in_words
from .models import COUNTED, ImportJob, ImportRun
from .undo_words import ShownUndo, latest_undos

CHECK_SHARE = 0.4
# What the history calls the ends of an import; see execution.end.
ENDS = (gettext_noop("completed"), gettext_noop("failed"), gettext_noop("cancelled"))
STATES = {
    "in_progress": (_("In Progress"), "progress_activity"),
    "completed": (_("Completed"), "check_circle"),
    "with_rejected": (_("Completed with rejected rows"), "warning"),
    "failed": (_("Failed"), "error"),
    "cancelled": (_("Cancelled"), "block"),
    "tried": (_("Tried with the first rows"), "experiment"),
}
WORDS = {
    "created": _("created"),
    "updated": _("updated"),
    "unchanged": _("unchanged"),
    "rejected": _("rejected"),
    "not_reached": _("not reached"),
}
WOULD_BE = {
    "created": _("would be created"),
    "updated": _("would be updated"),
    "unchanged": _("would be unchanged"),
    "rejected": _("would be rejected"),
}
COUNTS = {
    "created": wording.CREATED,
    "updated": wording.UPDATED,
    "unchanged": wording.LEFT_AS_THEY_ARE,
    "rejected": wording.REJECTED,
    "not_reached": wording.NOT_REACHED,
}
CHECKING = _("checking %(done)s of %(rows)s")
IMPORTING = _("importing %(done)s of %(rows)s")


@dataclass
class Shown:
    """An import as people see it. `runs` are its check and import runs, oldest first; `before` is how
    many other imports the queue has before it; `undo` is the latest undo of it, or of what it repairs."""

    job: ImportJob
    runs: list = field(default_factory=list)
    before: int = 0
    undo: ShownUndo | None = None

    @property
    def run(self):
        return self.runs[-1] if self.runs else None

    @property
    def is_running(self):
        return self.job.is_running

    @property
    def needs_worker(self):
        """Whether it waits for the queue: on the command line it is worked by whoever began it."""
        return self.is_running and not self.job.from_command_line

    @property
    def is_being_undone(self):
        return bool(self.undo and self.undo.is_running)

    @property
    def kind(self):
        if self.job.is_tried:
            return "tried"
        is_partial = self.job.state == ImportJob.State.COMPLETED and self.job.rejected
        return "with_rejected" if is_partial else self.job.state

    @property
    def words(self):
        return STATES[self.kind][0]

    @property
    def icon(self):
        return STATES[self.kind][1]

    @property
    def template(self):
        return f"imports/states/_{self.job.state}.html"

    @property
    def is_checking(self):
        return bool(self.is_running and self.run and self.run.kind == ImportRun.Kind.CHECK)

    @property
    def counts(self):
        """The import's counts; while it runs those of its run, so far committed."""
        if not self.is_running:
            return self.job.counts
        counts = self.run.counts if self.run else dict.fromkeys(COUNTED, 0)
        return counts | {"not_reached": self.job.rows - sum(counts.values())}

    @property
    def written(self):
        """The counts that say what is in the CRM: a check has written nothing."""
        return dict.fromkeys(self.counts, 0) if self.is_checking else self.counts

    @property
    def written_count(self):
        return self.job.created + self.job.updated

    @property
    def outcome(self):
        """The end in half a sentence for the list, beside the state."""
        job = self.job
        if self.kind == "with_rejected":
            return wording.counted(wording.ROWS_NOT_IMPORTED, job.rejected)
        if self.kind in ("failed", "cancelled", "tried"):
            if not job.created + job.updated:
                return gettext("nothing was imported")
            return wording.counted(wording.ROWS_NOT_REACHED, job.not_reached) if job.not_reached else ""
        return ""

    @property
    def sentence(self):
        """The first thing that its page says."""
        return self.job.reason or self.in_words

    @property
    def in_words(self):
        return counts_in_words(self.job.counts)

    @property
    def count_words(self):
        """[(name, what it counts, count)]; rows not reached only when there are any."""
        words = WORDS
        if self.is_running:
            words = WORDS | (WOULD_BE if self.is_checking else {}) | {"not_reached": _("still to come")}
        return [
            (name, words[name], count)
            for name, count in self.counts.items()
            if count or name != "not_reached"
        ]

    @property
    def failed_rows_suffix(self):
        return Path(self.job.failed_rows.name).suffix

    @property
    def importable(self):
        """How many rows are left to import when the rejected ones are left out."""
        return self.job.rows - self.job.rejected

    @property
    def percent(self):
        """Of the whole way, a check before it included; it never goes back."""
        run, rows = self.run, self.job.rows
        if not run or not rows:
            return 0
        done = min(run.rows_done / self.aim, 1)
        if run.kind == ImportRun.Kind.CHECK:
            return int(100 * CHECK_SHARE * done)
        began = CHECK_SHARE if self.was_checked_first else 0
        return int(100 * (began + (1 - began) * done))

    @property
    def aim(self):
        """After how many rows the present run is over."""
        first_rows = self.job.get_options().first_rows
        is_check = self.run.kind == ImportRun.Kind.CHECK
        return self.job.rows if is_check or not first_rows else min(first_rows, self.job.rows)

    @property
    def was_checked_first(self):
        """Whether a check was part of the way since Start Import."""
        started = self.job.started_at
        checks = (
            run for run in self.runs if run.kind == ImportRun.Kind.CHECK and run.state == ImportRun.State.DONE
        )
        ended_since = any(started and check.finished_at and check.finished_at >= started for check in checks)
        return ended_since and not self.job.get_options().leave_out

    @property
    def text(self):
        """What is being done, such as "importing 41,200 of 80,000 rows"."""
        run = self.run
        if run is None:
            return gettext("waiting in the queue")
        if run.cancel_requested:
            return gettext("cancelling; the rows that are being worked on come to their end first")
        if run.state == ImportRun.State.WAITING and not run.rows_done:
            return waiting_behind(self.before)
        sentence = CHECKING if run.kind == ImportRun.Kind.CHECK else IMPORTING
        return sentence % {
            "done": wording.figure(run.rows_done),
            "rows": wording.counted(wording.ROWS, self.aim),
        }

    @property
    def time_left(self):
        """ "" until it means something."""
        run = self.run
        if not run or run.cancel_requested:
            return ""
        left = left_in_words(run, self.aim)
        if left and self.is_checking:
            return gettext("%(left)s for the check; the import comes after it") % {"left": left}
        return left

    @property
    def milestone(self):
        """What a screen reader is told; it changes at quarters only."""
        if not self.is_running:
            return f"{self.words}: {self.sentence}"
        if self.run is None or not self.run.rows_done or self.run.cancel_requested:
            return self.text
        sentence = (
            _("Checking: %(percent)s %% done") if self.is_checking else _("Importing: %(percent)s %% done")
        )
        return sentence % {"percent": self.percent // 25 * 25}

    @property
    def duration(self):
        if not (self.job.started_at and self.job.finished_at):
            return ""
        return in_words(self.job.finished_at - self.job.started_at)


def shown(jobs):
    """[Shown] of imports, with four queries at most however many they are."""
    running = [job.pk for job in jobs if job.is_running]
    runs, waiting = defaultdict(list), []
    if running:
        for run in ImportRun.objects.filter(job__in=running, kind__in=["check", "import"]).order_by("id"):
            runs[run.job_id].append(run)
        unfinished = ImportRun.objects.filter(state__in=ImportRun.UNFINISHED)
        waiting = list(unfinished.values_list("pk", "job_id"))
    undos = latest_undos(jobs)
    return [Shown(job, runs[job.pk], before(runs[job.pk], waiting), undos.get(job.pk)) for job in jobs]


def before(runs, waiting):
    """How many other imports have unfinished runs older than the latest of `runs`."""
    if not runs:
        return 0
    return len({job for pk, job in waiting if pk < runs[-1].pk and job != runs[-1].job_id})


def counts_in_words(counts):
    """ "940 created, 52 updated, 8 rejected." """
    parts = [wording.counted(words, counts[name]) for name, words in COUNTS.items() if counts[name]]
    told = ", ".join(parts) or gettext("No rows")
    return f"{told[:1].upper()}{told[1:]}."


def waiting_behind(count):
    if not count:
        return gettext("waiting in the queue, next in turn")
    return ngettext(
        "waiting in the queue, %(imports)s import before yours",
        "waiting in the queue, %(imports)s imports before yours",
        count,
    ) % {"imports": wording.figure(count)}
