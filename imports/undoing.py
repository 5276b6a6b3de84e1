"""What becomes of each record when an import is undone: it goes, gets its old values back, or is kept.

Rows are taken in the opposite order of the file, so that a value which a row had set free is free again
before that row's record takes it back. The check of an undo decides the same without writing.
"""

from dataclasses import dataclass, field

from django.utils.dateparse import parse_datetime

from . import bulk
from .children import set_keys
from .fields import Reference
from .models import ImportRow, ImportRowDetail, ImportRun
from .problems import Problem
from .referrers import count_referrers, with_nouns

CREATED, UPDATED = ImportRow.Outcome.CREATED, ImportRow.Outcome.UPDATED
DELETED, RESTORED, KEPT = ImportRow.Outcome.DELETED, ImportRow.Outcome.RESTORED, ImportRow.Outcome.KEPT


@dataclass(slots=True)
class Undone:
    """A ledger row of an import, and what becomes of its record. `children` are [(name, stored, record)]:
    the record to put in the place of a stored child, None when it goes."""

    number: int
    run_id: int
    outcome: str
    record_id: object
    written_at: object
    detail: ImportRowDetail | None = None
    stored: dict | None = None
    record: dict | None = None
    children: list = field(default_factory=list)
    becomes: str = ""
    problem: Problem | None = None

    @property
    def is_gone(self):
        return self.becomes == DELETED and self.stored is None

    def keep(self, code, key, column="", **details):
        """The record stays as it is, because of this."""
        self.becomes, self.record, self.children = KEPT, None, []
        value = str(self.stored[key]) if self.stored else ""
        self.problem = Problem(code, column, value, {"record": str(self.record_id), **details})


class Decider:
    """Decides batches of ledger rows; reads once per batch. `lock` for the run that writes."""

    def __init__(self, importer, run, ledger, lock):
        self.importer, self.run, self.ledger, self.lock = importer, run, ledger, lock
        self.model, self.key = importer.model, importer.key
        self.child_models = [child.model for child in importer.children.values()]
        self.uniques = [c for c in importer.columns if c.unique and c.key != importer.key]

    def decide(self, rows):
        """Give each row what it becomes. `rows` come in descending order of their numbers."""
        self.find_stored(rows)
        self.find_children(rows)
        self.find_what_uses(rows)
        self.find_who_changed(rows)
        self.find_references(rows)
        for row in rows:
            row.stored = self.stored.get(row.record_id)
            self.decide_row(row)
            if row.becomes == RESTORED:
                self.take_as_stored(row)
        self.refuse_taken_values(rows)

    def take_as_stored(self, row):
        """An earlier row of the file may have written the same record: it finds it as this one leaves it."""
        self.stored[row.record_id] = row.record
        for name, stored, record in row.children:
            of_parent = self.children[name][row.record_id]
            if record is None:
                del of_parent[stored["id"]]
            else:
                of_parent[stored["id"]] = record

    # Reads, each once per batch.

    def find_stored(self, rows):
        """The records: whole where old values come back, else what it takes to decide. Locked in the order
        of their keys, as imports do."""
        updated = [row.record_id for row in rows if row.outcome == UPDATED]
        created = [row.record_id for row in rows if row.outcome == CREATED]
        key_field = self.importer.key_column.unique
        whole = [f.attname for f in self.model._meta.concrete_fields]
        self.stored = {}
        # Whole ones last: a repair may have updated what its import had created.
        for pks, names in ((created, ("id", self.key, "changed_at")), (updated, whole)):
            records = self.model._base_manager.filter(pk__among=pks).order_by(key_field)
            for record in bulk.fetch(self.locked(records), names) if pks else ():
                self.stored[record["id"]] = record
        for row in rows:
            row.stored = self.stored.get(row.record_id)

    def find_children(self, rows):
        """{child's name: {parent: {identifier: stored child}}}, likewise."""
        is_whole = any(row.detail and row.detail.children for row in rows)
        self.children = {}
        for name, child in self.importer.children.items():
            parent = f"{child.parent}_id"
            names = (
                [f.attname for f in child.model._meta.concrete_fields]
                if is_whole
                else ["id", parent, "changed_at"]
            )
            records = child.model._base_manager.filter(**{f"{child.parent}__among": self.stored})
            found = self.children[name] = {}
            for record in bulk.fetch(self.locked(records.order_by("pk")), names):
                found.setdefault(record[parent], {})[record["id"]] = record

    def locked(self, records):
        return records.select_for_update(of=("self",)) if self.lock else records

    def find_what_uses(self, rows):
        """What refers to records and children that would go, beside one another. Asked when they are
        locked: who would refer to one from now on has to wait, and finds it gone."""
        created = [row.record_id for row in rows if row.outcome == CREATED and row.stored]
        self.users = count_referrers(self.model, created, but=self.child_models)
        for name, child in self.importer.children.items():
            kept = {pk for family in self.children[name].values() for pk in family}
            self.users |= count_referrers(child.model, list(kept))

    def find_who_changed(self, rows):
        """{(record, when): number of the import that wrote it then} of records that were written since."""
        changed = [r.record_id for r in rows if r.stored and r.stored["changed_at"] != r.written_at]
        written = ImportRow.objects.filter(
            record_id__in=changed, run__kind=ImportRun.Kind.IMPORT, outcome__in=(CREATED, UPDATED)
        )
        found = written.values_list("record_id", "written_at", "run__job") if changed else ()
        self.writers = {(pk, at): job for pk, at, job in found}

    def find_references(self, rows):
        """{column key: identifiers that exist} of those that old values name."""
        wanted = {}
        for row in rows:
            for key, (old, _) in row.detail.changes.items() if row.detail else ():
                column = self.importer.by_key.get(key)
                if old is not None and column and isinstance(column.field, Reference):
                    wanted.setdefault(key, set()).add(old)
        self.existing = {}
        for key, texts in wanted.items():
            records = self.importer.by_key[key].field.model._base_manager.filter(pk__in=texts)
            self.existing[key] = {str(pk) for pk in records.values_list("pk", flat=True)}

    # Decisions.

    def decide_row(self, row):
        if row.stored is None:
            row.becomes = DELETED
        elif row.stored["changed_at"] != row.written_at:
            self.keep_changed(row)
        elif row.outcome == CREATED:
            self.decide_created(row)
        else:
            self.decide_updated(row)

    def keep_changed(self, row):
        other = self.writers.get((row.record_id, row.stored["changed_at"]))
        if other and other != self.run.job_id:
            row.keep("changed_by_import", self.key, other=other)
        else:
            row.keep("changed_since", self.key)

    def decide_created(self, row):
        for name in self.importer.children:
            for pk, child in self.children[name].get(row.record_id, {}).items():
                if child["changed_at"] != row.written_at:
                    return row.keep("changed_since", self.key)
                if pk in self.users:
                    return row.keep("used_since", self.key, users=with_nouns(self.users[pk]))
        if row.record_id in self.users:
            return row.keep("used_since", self.key, users=with_nouns(self.users[row.record_id]))
        row.becomes = DELETED

    def decide_updated(self, row):
        if row.detail is None or row.detail.before is None:
            return row.keep("old_values_gone", self.key)
        for key, (old, _) in row.detail.changes.items():
            if key in self.existing and old is not None and old not in self.existing[key]:
                column = self.importer.by_key[key]
                return row.keep("reference_gone", self.key, column.name, target=str(column.field.target))
        for name, (pk, before) in row.detail.children.items():
            if problem := self.restore_child(row, name, pk, before):
                return row.keep(*problem)
        row.record = self.with_old_values(self.model, "", row.stored, row.detail)
        row.record["changed_at"] = row.detail.before
        row.becomes = RESTORED

    def restore_child(self, row, name, pk, before):
        """Note what becomes of a child; returns what keeps the row as it is, or None."""
        model = self.importer.children[name].model
        pk = model._meta.pk.to_python(pk)
        stored = self.children[name].get(row.record_id, {}).get(pk)
        if stored is None:
            return None if before is None else ("changed_since", self.key)
        if stored["changed_at"] != row.written_at or (before is None and pk in self.users):
            return ("changed_since", self.key)
        record = None
        if before is not None:
            record = self.with_old_values(model, name, stored, row.detail)
            record["changed_at"] = parse_datetime(before)
        row.children.append((name, stored, record))

    def with_old_values(self, model, name, stored, detail):
        """The stored record, or child of that name, with what the update had replaced."""
        record = dict(stored)
        for key, (old, _) in detail.changes.items():
            column = self.importer.by_key.get(key)
            if column and column.record == name:
                field = model._meta.get_field(column.attribute)
                record[column.attname] = field.to_python(old)
        set_keys(model, record)
        return record

    def refuse_taken_values(self, rows):
        """Keep the rows whose old unique value another record has taken."""
        for column in self.uniques:
            wanted = {
                row.record[column.unique]
                for row in rows
                if row.becomes == RESTORED and column.key in row.detail.changes
            } - {None}
            held = self.model._base_manager.filter(**{f"{column.unique}__in": wanted})
            holders = dict(held.values_list(column.unique, "pk")) if wanted else {}
            here = {row.record_id: row for row in rows}
            for row in rows if holders else ():
                holder = row.becomes == RESTORED and holders.get(row.record[column.unique])
                if holder and holder != row.record_id and not self.gives_back(holder, row, here):
                    row.keep("value_taken", self.key, column.name, old=str(row.record[column.attname]))

    def gives_back(self, holder, row, here):
        """Whether a later row of the undone file has the value, and gives it back first."""
        if holder in here:
            return here[holder].number > row.number and here[holder].becomes != KEPT
        if self.lock:
            return False  # what is behind us is written
        kept = self.run.details.values("row_number")
        later = self.ledger.filter(record_id=holder, row_number__gt=row.number)
        return later.exclude(row_number__in=kept).exists()
