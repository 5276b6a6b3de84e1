"""What an import and those that repair it say of each other on their pages."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import family, repairs
from .models import ImportJob, file_storage
from .parts import iter_rows
from .wording import figure


@dataclass(frozen=True)
class Scope:
    """What a repair's draft holds of the import `root`: `found` of its `failed` rows, and `others`, rows
    that were not imported, unless they are not kept or do not fit; `all_rows` says that they are in."""

    root: ImportJob
    failed: int
    found: int
    others: int
    can_take_all_rows: bool

    @property
    def absent(self):
        return max(self.failed - self.found, 0)


def scope(job):
    """The Scope of a repair's draft; None for any other."""
    if not (job.repairs_id and job.reading):
        return None
    root, reading = job.repairs, job.get_reading()
    own = replace(reading, **reading.own, own={}) if reading.own else reading
    failed = family.failed_rows(root).values("row_number").distinct().count()
    return Scope(
        root,
        failed,
        min(rows_of_root(job, root, own), failed),
        family.waiting_count(root),
        repairs.can_take_all_rows(job),
    )


def rows_of_root(job, root, reading):
    """How many data rows are rows of the import's file; those that are not stand at the end."""
    last, header_row = family.last_row(root), job.get_options().header_row
    count = reading.rows - bool(header_row)
    for part in reversed(reading.parts):
        if part["last"] <= last:
            break
        rows = iter_rows(file_storage(), replace(reading, parts=[part]))
        count -= sum(number > last for number, _ in rows)
    return count


@dataclass(frozen=True)
class Repaired:
    """What became of an import's failed rows: how many were `imported` since by its `repairs`, and
    how many are `left`."""

    repairs: list
    failed: int
    imported: int
    left: int

    @property
    def sentence(self):
        """ "Of its 41 failed rows 37 were imported since; 4 are left." """
        if self.failed == 1:
            return _("Its failed row was imported since.") if self.imported else _("Its failed row is left.")
        counts = {name: figure(getattr(self, name)) for name in ("failed", "imported", "left")}
        if not self.imported:
            imported = _("Of its %(failed)s failed rows none was imported since")
        else:
            imported = ngettext(
                "Of its %(failed)s failed rows %(imported)s was imported since",
                "Of its %(failed)s failed rows %(imported)s were imported since",
                self.imported,
            )
        left = ngettext("; %(left)s is left.", "; %(left)s are left.", self.left) if self.left else "."
        return f"{imported}{left}" % counts


def repaired(root, left):
    """What the page of an import says of its repairs; None when there are none."""
    started = root.repaired_by.exclude(state=ImportJob.State.DRAFT).select_related("created_by")
    if not (repairs_of_root := list(started.order_by("pk"))):
        return None
    failed = family.failed_rows(root).filter(run__job=root).values("row_number")
    since = family.done_rows(root, but=root, row_number__in=failed)
    imported = since.values("row_number").distinct().count()
    return Repaired(repairs_of_root, root.rejected, imported, left)


def surprises(job, expected, entity_type):
    """What a person is told whose upload turned out to be something else than was expected: corrected
    rows of the import `expected`, if that is not None, and of an entity type."""
    said = []
    if expected and not job.repairs_id:
        said.append(
            _(
                "%(file)s does not say which import its rows come from: the column “Row (import …)” is "
                "missing. It will be an import of its own."
            )
            % {"file": job.file_name}
        )
    if job.repairs_id and expected and job.repairs != expected:
        said.append(
            _("%(file)s holds failed rows of import %(found)s, not of import %(expected)s.")
            % {"file": job.file_name, "found": job.repairs_id, "expected": expected.pk}
        )
    if job.repairs_id and job.entity_type != entity_type:
        said.append(
            _("%(file)s holds failed rows of import %(found)s, so its entity type is %(type)s.")
            % {"file": job.file_name, "found": job.repairs_id, "type": job.importer.title}
        )
    return said
