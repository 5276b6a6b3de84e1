"""Where an import is and how it ended, in words for its page and for the list."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from .models import COUNTED, ImportJob, ImportRun

CHECK_SHARE = 0.4
MEANINGFUL_SHARE, MEANINGFUL_SECONDS = 0.1, 5
STATES = {
    "in_progress": ("In Progress", "progress_activity"),
    "completed": ("Completed", "check_circle"),
    "with_rejected": ("Completed with rejected rows", "warning"),
    "failed": ("Failed", "error"),
    "cancelled": ("Cancelled", "block"),
}
WORDS = {
    "created": "created",
    "updated": "updated",
    "unchanged": "already there and left as they are",
    "rejected": "rejected",
    "not_reached": "not reached",
}


@dataclass
class Shown:
    """An import as people see it. `runs` are its check and import runs, oldest first; `before` is how
    many other imports the queue has before it."""

    job: ImportJob
    runs: list = field(default_factory=list)
    before: int = 0

    @property
    def run(self):
        return self.runs[-1] if self.runs else None

    @property
    def is_running(self):
        return self.job.is_running

    @property
    def kind(self):
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
    def outcome(self):
        """The end in half a sentence for the list, beside the state."""
        job = self.job
        if self.kind == "with_rejected":
            return f"{plural(job.rejected, 'row')} not imported"
        if self.kind in ("failed", "cancelled"):
            if not job.created + job.updated:
                return "nothing was imported"
            return f"{plural(job.not_reached, 'row')} not reached" if job.not_reached else ""
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
        words = (
            WORDS | {"unchanged": "unchanged"} | ({"not_reached": "still to come"} if self.is_running else {})
        )
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
        done = min(run.rows_done / rows, 1)
        if run.kind == ImportRun.Kind.CHECK:
            return int(100 * CHECK_SHARE * done)
        began = CHECK_SHARE if self.was_checked_first else 0
        return int(100 * (began + (1 - began) * done))

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
            return "waiting in the queue"
        if run.cancel_requested:
            return "cancelling; the rows that are being worked on come to their end first"
        if run.state == ImportRun.State.WAITING and not run.rows_done:
            return (
                f"waiting in the queue, {plural(self.before, 'import')} before yours"
                if self.before
                else "waiting in the queue, next in turn"
            )
        verb = "checking" if run.kind == ImportRun.Kind.CHECK else "importing"
        return f"{verb} {run.rows_done:,} of {plural(self.job.rows, 'row')}"

    @property
    def time_left(self):
        """ "" until it means something."""
        run, rows = self.run, self.job.rows
        if not run or not run.rows_done or not run.seconds or run.cancel_requested:
            return ""
        if run.rows_done < rows * MEANINGFUL_SHARE and run.seconds < MEANINGFUL_SECONDS:
            return ""
        seconds = run.seconds / run.rows_done * (rows - run.rows_done)
        return f"{about(seconds)} left" + (
            " for the check; the import comes after it" if self.is_checking else ""
        )

    @property
    def milestone(self):
        """What a screen reader is told; it changes at quarters only."""
        if not self.is_running:
            return f"{self.words}: {self.sentence}"
        if self.run is None or not self.run.rows_done or self.run.cancel_requested:
            return self.text
        return f"{'Checking' if self.is_checking else 'Importing'}: {self.percent // 25 * 25} % done"

    @property
    def duration(self):
        if not (self.job.started_at and self.job.finished_at):
            return ""
        return in_words(self.job.finished_at - self.job.started_at)


def shown(jobs):
    """[Shown] of imports, with three queries at most however many they are."""
    running = [job.pk for job in jobs if job.is_running]
    runs, waiting = defaultdict(list), []
    if running:
        for run in ImportRun.objects.filter(job__in=running, kind__in=["check", "import"]).order_by("id"):
            runs[run.job_id].append(run)
        unfinished = ImportRun.objects.filter(state__in=ImportRun.UNFINISHED)
        waiting = list(unfinished.values_list("pk", "job_id"))
    return [Shown(job, runs[job.pk], before(runs[job.pk], waiting)) for job in jobs]


def before(runs, waiting):
    """How many other imports have unfinished runs older than the latest of `runs`."""
    if not runs:
        return 0
    return len({job for pk, job in waiting if pk < runs[-1].pk and job != runs[-1].job_id})


def counts_in_words(counts):
    """ "940 created, 52 updated, 8 rejected." """
    parts = [f"{counts[name]:,} {words}" for name, words in WORDS.items() if counts[name]]
    return f"{', '.join(parts) or 'No rows'}."


def plural(count, noun):
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def about(seconds):
    if seconds < 5:
        return "a few seconds"
    if seconds < 60:
        return f"about {round(seconds / 5) * 5} seconds"
    if seconds < 5400:
        return f"about {plural(round(seconds / 60), 'minute')}"
    return f"about {plural(round(seconds / 3600), 'hour')}"


def in_words(time):
    """A duration such as "3 min 4 s"."""
    seconds = max(round(time / timedelta(seconds=1)), 0)
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
