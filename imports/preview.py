"""What the preview says of the check: its counts, causes, generated names and changes."""

from django.utils.translation import gettext as _

from . import drafts
from .details import stored_values
from .durations import left_in_words
from .problems import CHOSEN, CONTENT, DONE, FORMAT


def findings(job, run):
    """What a check run, over or not, has to say to the page."""
    rows = drafts.data_rows(job)
    causes = run.problems
    return {
        "run": run,
        "rows": rows,
        "is_over": run.is_over,
        "has_failed": run.is_over and run.state != run.State.DONE,
        "percent": min(100 * run.rows_done // rows, 100) if rows else 100,
        "quarter": (100 * run.rows_done // rows // 25 * 25) if rows else 100,
        "time_left": left_in_words(run, rows),
        "counts": [
            (name, words, getattr(run, name))
            for name, words in (
                ("created", _("would be created")),
                ("updated", _("would be updated")),
                ("unchanged", _("unchanged")),
                ("rejected", _("would be left out")),
            )
        ],
        "blocking": [cause for cause in causes if cause["kind"] == CONTENT],
        "left_out": [cause for cause in causes if cause["kind"] == FORMAT],
        "done": [cause for cause in causes if cause["kind"] == DONE],
        "all_done": bool(run.rows_done) and run.rows_done == run.done_already,
        "chosen": [cause for cause in causes if cause["kind"] == CHOSEN],
        "generated": run.generated_names,
        "more_generated": run.summary.get("more_look_ups", 0),
        "changed": changed(job, run),
        "stored": stored_values(job),
        "importable": run.rows_done - run.rejected,
    }


def changed(job, run):
    columns = job.importer.by_key
    counts = run.summary.get("changed", {}).items()
    return sorted(
        ((columns[key].label, count) for key, count in counts if key in columns), key=lambda pair: -pair[1]
    )
