"""What becomes of each row: cleaned, compared with what is stored, and decided.

The check and the import run the same code on the same rows; only the import writes what it says.
Reads happen once per batch, never per row.
"""

import uuid
from dataclasses import dataclass, field

from .fields import BadCell, LookUp, Reference, shown_cell
from .keys import uuid7
from .problems import CONTENT, FORMAT, Problem

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"


@dataclass(slots=True)
class Row:
    """One data row on its way: `values` are its clean cells by column key, `stored` the record that
    its key names ({field: value}) or None; in the end `record` is what is to be written."""

    number: int
    cells: list
    values: dict
    problems: list
    key: str | None = None
    stored: dict | None = None
    outcome: str = ""
    record_id: uuid.UUID | None = None
    record: dict | None = None
    children: list = field(default_factory=list)
    changes: dict = field(default_factory=dict)
    generates: list = field(default_factory=list)

    def get(self, key):
        """The value that the record would have: the row's own, else the stored one, else None."""
        value = self.values.get(key)
        if value is None and self.stored is not None:
            value = self.stored.get(key)
        return value

    def refuse(self, code, column="", value="", **details):
        self.problems.append(Problem(code, column, str(value), details))

    def is_bad(self, column_name):
        return any(problem.column == column_name for problem in self.problems)

    @property
    def has_content_problem(self):
        return any(problem.kind == CONTENT for problem in self.problems)

    @property
    def kind(self):
        return CONTENT if self.has_content_problem else FORMAT


@dataclass(slots=True)
class Found:
    """A record that a cell refers to: its identifier, name and the fields asked for; `is_new` when it
    would be generated."""

    pk: uuid.UUID
    name: str
    data: tuple = ()
    is_new: bool = False


@dataclass(slots=True)
class ChildWrite:
    """What is to become of a row's child record; `stored` is None for a new one."""

    name: str
    record: dict
    stored: dict | None


class Cleaner:
    """The columns of one mapping, compiled once: from cells to a Row with values and format problems."""

    def __init__(self, importer, mapping, file_options, width=None, only=None):
        self.width = width
        self.fixed, self.fixed_problems, self.steps = {}, [], []
        for column in importer.columns:
            if only is not None and column not in only:
                continue
            clean = column.field.compile(file_options)
            if column.key in mapping.columns:
                self.steps.append((mapping.columns[column.key], clean, column.key, column.name))
            elif column.key in mapping.fixed:
                self.clean_fixed(column, clean, mapping.fixed[column.key])

    def clean_fixed(self, column, clean, text):
        try:
            self.fixed[column.key] = clean(text)
        except BadCell as bad:
            self.fixed_problems.append(Problem(bad.code, column.name, bad.value, bad.details))

    def clean(self, number, cells):
        values, problems = dict(self.fixed), list(self.fixed_problems)
        count = len(cells)
        for index, clean, key, name in self.steps:
            if index < count and (cell := cells[index]) is not None:
                try:
                    value = clean(cell)
                except BadCell as bad:
                    problems.append(Problem(bad.code, name, bad.value or shown_cell(cell), bad.details))
                else:
                    if value is not None:
                        values[key] = value
        if self.width is not None and count > self.width:
            problems.append(Problem("too_many_cells", "", "", {"cells": count, "headers": self.width}))
        return Row(number, cells, values, problems)


class Checker:
    """Decides the rows of one run, batch after batch.

    `lock` makes it read stored records FOR UPDATE, as the import does. What earlier rows of the
    file did is remembered: keys seen, unique values set free, look-ups that would be generated.
    """

    def __init__(self, importer, mapping, options, width=None, lock=False):
        self.importer, self.mapping, self.options, self.lock = importer, mapping, options, lock
        self.cleaner = Cleaner(importer, mapping, options.file_options, width)
        self.update = options.update and importer.updates
        fed = mapping.fed()
        self.references = [c for c in importer.columns if c.key in fed and isinstance(c.field, Reference)]
        self.uniques = [c for c in importer.columns if c.key in fed and c.unique]
        self.main = [
            c
            for c in importer.columns
            if c.key in fed and c.stored and not c.record and c.key != importer.key
        ]
        self.key_field, self.to_key = _key_of(importer.model, importer.key)
        self.unique_keys = {
            column.key: _key_of(importer.model, column.attribute)[1] for column in self.uniques
        }
        self.seen = {column.key: {} for column in self.uniques}
        self.freed = {column.key: set() for column in self.uniques}
        self.generated = {}
        self.blank = _blank_record(importer.model)
        self.blank_children = {name: _blank_record(child.model) for name, child in importer.children.items()}

    def remember(self, rows):
        """Take note of the keys of rows that an earlier slice of the run has dealt with."""
        cleaner = Cleaner(self.importer, self.mapping, self.options.file_options, only=self.uniques)
        for number, cells in rows:
            self.note_keys(cleaner.clean(number, cells))

    def check(self, batch):
        """[(row number, cells)] → [Row], each with its outcome."""
        rows = self.clean(batch)
        self.decide_rows(rows)
        return rows

    def clean(self, batch):
        """The part that needs no database: [(row number, cells)] → [Row]."""
        return [self.cleaner.clean(number, cells) for number, cells in batch]

    def decide_rows(self, rows):
        """The part that reads the database: each row gets its outcome."""
        self.find_stored(rows)
        found = {column.key: self.find(column, rows) for column in self.references}
        holders = {
            column.key: self.find_holders(column, rows)
            for column in self.uniques
            if column.key != self.importer.key
        }
        children = {name: self.find_children(child, rows) for name, child in self.importer.children.items()}
        for row in rows:
            self.decide(row, found, holders, children)

    # Reads, each once per batch.

    def find_stored(self, rows):
        keys = set()
        for row in rows:
            text = row.values.get(self.importer.key)
            if text is not None:
                row.key = self.to_key(text)
                keys.add(row.key)
        stored = {}
        if keys:
            records = self.importer.model.objects.filter(**{f"{self.key_field}__in": keys}).order_by(
                self.key_field
            )
            stored = {record[self.key_field]: record for record in self.locked(records).values()}
        for row in rows:
            row.stored = stored.get(row.key)

    def locked(self, records):
        return records.select_for_update(of=("self",)) if self.lock else records

    def find(self, column, rows):
        """{text in the row: Found} for the records that a reference column names in these rows."""
        texts = {text for row in rows if (text := row.values.get(column.key)) is not None}
        reference = column.field
        found = {}
        for by in reversed(reference.by):
            wanted = _keys_by(reference.model, by, texts)
            if not wanted:
                continue
            records = reference.model.objects.filter(**{f"{by}__in": set(wanted.values())})
            fields = ("pk", by, reference.text_field, *reference.fetch)
            by_key = {
                record[1]: Found(record[0], record[2], record[3:]) for record in records.values_list(*fields)
            }
            found |= {text: by_key[key] for text, key in wanted.items() if key in by_key}
        return found

    def find_holders(self, column, rows):
        """{unique key: identifier of the record that has it}."""
        to_key = self.unique_keys[column.key]
        keys = {to_key(text) for row in rows if (text := row.values.get(column.key)) is not None}
        records = self.importer.model.objects.filter(**{f"{column.unique}__in": keys})
        return (
            {key: (pk, text) for key, pk, text in records.values_list(column.unique, "pk", self.importer.key)}
            if keys
            else {}
        )

    def find_children(self, child, rows):
        """{(parent, *key): stored child} of the stored parents in these rows."""
        parents = {row.stored["id"] for row in rows if row.stored} if self.update else ()
        if not parents:
            return {}
        fields = _child_key_fields(child)
        records = self.locked(
            child.model.objects.filter(**{f"{child.parent}__in": parents}).order_by("pk")
        ).values()
        return {
            (record[f"{child.parent}_id"], *(record[name] for name in fields)): record for record in records
        }

    # Decisions, without the database.

    def decide(self, row, found, holders, children):
        first_rows = self.note_keys(row)
        for column, first in first_rows:
            row.refuse("twice_in_file", column.name, row.values[column.key], row=first)
        if row.stored is not None and not self.update:
            self.resolve(row, found, quietly=True)
            self.importer.already_there(row)
            row.outcome = REJECTED if row.problems else UNCHANGED
            row.record_id = row.stored["id"]
            return
        self.resolve(row, found)
        self.importer.complete(row)
        self.require(row)
        self.refuse_held(row, holders)
        row.record_id = row.stored["id"] if row.stored else uuid7()
        for name, child in self.importer.children.items():
            self.prepare_child(row, name, child, children[name])
        if row.problems:
            row.outcome, row.record_id = REJECTED, row.stored and row.record_id
        else:
            self.accept(row)

    def note_keys(self, row):
        """[(column, row number)] of unique values that an earlier row has."""
        repeated = []
        for column in self.uniques:
            text = row.values.get(column.key)
            if text is not None:
                first = self.seen[column.key].setdefault(self.unique_keys[column.key](text), row.number)
                if first != row.number:
                    repeated.append((column, first))
        return repeated

    def resolve(self, row, found, quietly=False):
        """Put Found in the place of what a row says of another record."""
        for column in self.references:
            text = row.values.get(column.key)
            if text is None:
                continue
            record = found[column.key].get(text) or self.would_generate(column, text)
            row.values[column.key] = record
            if record is None:
                del row.values[column.key]
                code = "unknown_look_up" if isinstance(column.field, LookUp) else "unknown_reference"
                _ = quietly or row.refuse(code, column.name, text, target=str(column.field.target))
            elif not quietly and column.field.refuse and (because := column.field.refuse(*record.data)):
                row.refuse(
                    "unfit_reference", column.name, text, because=because, target=str(column.field.target)
                )

    def would_generate(self, column, text):
        if not (self.options.generate and isinstance(column.field, LookUp)):
            return None
        key = column.field.model.keys["name_key"][1](text)
        return self.generated.get((column.key, key)) or Found(uuid7(), text, is_new=True)

    def require(self, row):
        for column in self.importer.required:
            has_value = row.values.get(column.key) is not None
            if not has_value and row.stored is None and not row.is_bad(column.name):
                row.refuse("missing", column.name)

    def refuse_held(self, row, holders):
        for column in self.uniques:
            text = row.values.get(column.key)
            if text is None or column.key == self.importer.key:
                continue
            key = self.unique_keys[column.key](text)
            pk, holder = holders[column.key].get(key, (None, ""))
            if pk and not (row.stored and row.stored["id"] == pk) and key not in self.freed[column.key]:
                row.refuse("held_by_another", column.name, text, holder=f"{self.importer.noun} {holder}")

    def accept(self, row):
        row.record = dict(row.stored or self.blank) | {"id": row.record_id}
        if row.stored is None:
            row.record[self.importer.key] = row.values.get(self.importer.key) or self.importer.new_key()
        for column in self.main:
            self.take(row, column, row.record)
        _set_keys(self.importer.model, row.record)
        row.outcome = CREATED if row.stored is None else UPDATED if row.changes else UNCHANGED
        for column in self.uniques if row.changes else ():
            if column.key in row.changes and row.stored[column.unique] is not None:
                self.freed[column.key].add(row.stored[column.unique])

    def take(self, row, column, record):
        """Move a row's value into the record; note it as a change when something was stored."""
        value = row.values.get(column.key)
        if value is None:
            return
        if isinstance(value, Found):
            if value.is_new:
                self.generate(row, column, value)
            value = value.pk
        old = record[column.attname]
        record[column.attname] = value
        if row.stored is not None and old != value:
            row.changes[column.key] = [old, value]

    def generate(self, row, column, new):
        key = (column.key, column.field.model.keys["name_key"][1](new.name))
        self.generated.setdefault(key, new)
        row.generates.append((column, new))

    def prepare_child(self, row, name, child, stored_children):
        """What a row's cells say of a child record, beside the stored one of the same key."""
        columns = [c for c in self.importer.columns if c.record == name and row.values.get(c.key) is not None]
        if not columns:
            return
        given = {c.attname: row.values[c.key] for c in columns}
        record = self.blank_children[name] | child.defaults | given | {f"{child.parent}_id": row.record_id}
        _set_keys(child.model, record)
        stored = stored_children.get((row.record_id, *(record[field] for field in _child_key_fields(child))))
        if stored is None:
            record["id"] = uuid7()
            self.require_of_child(row, name, child, given)
        else:
            record = stored | given
            _set_keys(child.model, record)
        old = stored or {}
        changes = {
            c.key: [old.get(c.attname), given[c.attname]]
            for c in columns
            if old.get(c.attname) != given[c.attname]
        }
        if changes:
            row.children.append(ChildWrite(name, record, stored))
            row.changes |= changes if row.stored is not None else {}

    def require_of_child(self, row, name, child, given):
        for attribute in child.required:
            column = self.importer.by_key[f"{name}.{attribute}"]
            if attribute not in given and not row.is_bad(column.name):
                row.refuse(
                    "missing_for",
                    column.name,
                    because=f"another {child.model._meta.verbose_name} cell is filled",
                )


def _key_of(model, attribute):
    """(key field, key function) under which a model compares a text field."""
    for key_field, (text_field, to_key) in model.keys.items():
        if text_field == attribute:
            return key_field, to_key
    raise LookupError(f"{model.__name__}.{attribute} has no key")


def _keys_by(model, by, texts):
    """{text: comparable form} for those texts that can be what `by` holds."""
    if by != "pk":
        to_key = model.keys[by][1]
        return {text: to_key(text) for text in texts}
    keys = {}
    for text in texts:
        try:
            keys[text] = uuid.UUID(text)
        except ValueError:
            continue
    return keys


def _child_key_fields(child):
    by_text = {text: key for key, (text, _) in child.model.keys.items()}
    return [by_text.get(name, name) for name in child.key]


def _set_keys(model, record):
    for key_field, (text_field, to_key) in model.keys.items():
        text = record[text_field]
        record[key_field] = to_key(text) if text else None if model._meta.get_field(key_field).null else ""


def _blank_record(model):
    """{field: value of a record about which the file says nothing}; identifiers are set later."""
    record = {f.attname: f.get_default() for f in model._meta.concrete_fields}
    return record | {"id": None}
