"""What became of the rows of an import in the end: by itself, by those that repair it, by their undoing."""

from dataclasses import dataclass, field

from . import family
from .models import ImportRow, ImportRowDetail, ImportRun
from .problems import DONE

Outcome = ImportRow.Outcome
UNDONE = (Outcome.DELETED, Outcome.RESTORED)


@dataclass(frozen=True)
class Became:
    """`outcome` is that of a check or an import, or of an undo that took it back."""

    outcome: str
    record_id: object = None
    problems: list = field(default_factory=list)

    @property
    def is_undone(self):
        return self.outcome in UNDONE


def runs_about(job):
    """[the runs that decided rows of the family, and its undos], oldest first, with their imports."""
    root = family.root_of(job)
    undone = ImportRun.objects.filter(job__in=root.family, kind=ImportRun.Kind.UNDO).select_related("job")
    return sorted([*family.deciding_runs(root), *undone], key=lambda run: run.pk)


def concerns(job, run, number, last):
    """Whether what a run did with the row of this number is about that row of `job`: one behind the `last`
    row of the repaired import's file is in each repair another one."""
    return not last or number <= last or run.job_id == job.pk or run.kind == ImportRun.Kind.UNDO


class Outcomes:
    """Answers for one row after the other what became of it, with three queries for many rows."""

    def __init__(self, job):
        self.job, self.runs = job, {run.pk: run for run in runs_about(job)}
        self.last = family.last_row(family.root_of(job))  # 0 when its file is no longer kept

    def between(self, first, last):
        """{row number: Became} of the rows with these numbers that any run has dealt with."""
        about = {"run__in": list(self.runs), "row_number__range": (first, last)}
        rejected = ImportRowDetail.objects.filter(**about, outcome=Outcome.REJECTED)
        problems = {(detail.run_id, detail.row_number): detail.get_problems() for detail in rejected}
        dealt = dict.fromkeys(problems, (Outcome.REJECTED, None))
        rows = ImportRow.objects.filter(**about).values_list("run_id", "row_number", "outcome", "record_id")
        dealt |= {(run, number): (outcome, record_id) for run, number, outcome, record_id in rows}
        found = {}
        for run, number in sorted(dealt):
            if concerns(self.job, self.runs[run], number, self.last):
                outcome, record_id = dealt[run, number]
                became = Became(outcome, record_id, problems.get((run, number), []))
                found[number] = later(found.get(number), became)
        return found


def later(earlier, became):
    """Which of the two says what became of a row: what was kept by an undo stays what it was, and so does
    what a repair refused because it was done already."""
    if earlier is None:
        return became
    is_refused = any(problem.kind == DONE for problem in became.problems)
    is_of_another = became.is_undone and became.record_id != earlier.record_id
    return earlier if became.outcome == Outcome.KEPT or is_refused or is_of_another else became
