"""A row's child records, such as a contact's address, beside those that are stored."""

from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext_noop as _

from . import bulk
from .keys import uuid7
from .mapping import CLEAR, FILL

BECAUSE = _("another {noun} cell is filled")


@dataclass(slots=True)
class ChildWrite:
    """What is to become of a row's child record; `stored` is None for a new one."""

    name: str
    record: dict
    stored: dict | None


class ChildCheck:
    """One kind of child record of an importer, for the columns of one mapping; `fed` are all that may have
    a value, by a correction too, `writes` as of validation.Checker."""

    def __init__(self, name, importer, mapping, fed, writes):
        self.writes = writes
        self.name, self.importer, self.child = name, importer, importer.children[name]
        columns = [column for column in importer.columns if column.record == name and column.key in fed]
        self.columns = [(column.key, column.attname) for column in columns]
        self.mapped = [column.key for column in columns if column.key not in mapping.fixed]
        self.has_fixed = len(self.mapped) < len(columns)
        by_attribute = ((a, importer.by_key[f"{name}.{a}"]) for a in self.child.required)
        self.required = [(attribute, column.name) for attribute, column in by_attribute]
        self.parent_field = f"{self.child.parent}_id"
        self.blank = blank_record(self.child.model) | self.child.defaults
        compared = {text: (field, to_key, blank) for field, text, to_key, blank in _keys(self.child.model)}
        self.key_parts = [(text, *compared.get(text, (text, None, None))) for text in self.child.key]
        self.filling = {c.attname for c in columns if mapping.stored.get(c.key) == FILL}
        self.clearing = {
            c.key: (c.attname, blank_value(importer.model_field(c)))
            for c in columns
            if mapping.stored.get(c.key) == CLEAR
        }
        self.stored = {}

    def find_stored(self, rows):
        """Read the children of the stored parents in these rows, once per batch."""
        self.stored = {}
        parents = {row.stored["id"] for row in rows if row.stored}
        if not parents or not self.columns:
            return
        records = self.child.model.objects.filter(**{f"{self.child.parent}__among": parents}).order_by("pk")
        records = records.select_for_update(of=("self",)) if self.writes else records
        fields = [field.attname for field in self.child.model._meta.concrete_fields]
        self.stored = {self.stored_key(record): record for record in bulk.fetch(records, fields)}

    def stored_key(self, record):
        return (
            record[self.parent_field],
            *[record[field] for _text, field, _to_key, _blank in self.key_parts],
        )

    def key(self, parent, given):
        """What tells the child that a row says apart from the others of its parent; see `stored_key`."""
        key = [parent]
        for attname, _field, to_key, blank in self.key_parts:
            value = given.get(attname, self.blank[attname])
            key.append(value if to_key is None else to_key(value) if value else blank)
        return tuple(key)

    def prepare(self, row):
        """What the row says of a child: a write when it is new or changed, problems when not whole."""
        values = row.values
        given = {attname: values[key] for key, attname in self.columns if key in values}
        cleared = self.cleared(row) if self.clearing and row.stored is not None else {}
        says_nothing = not given or (self.has_fixed and self.is_only_fixed(values, given))
        if says_nothing and not cleared:
            return
        if row.stored is None:
            self.require(row, given)
            self.put_together(row, given, None)
            return
        stored = self.stored.get(self.key(row.record_id, given))
        if stored is not None:
            self.change(row, {} if says_nothing else given, cleared, stored)
        elif not says_nothing:
            self.require(row, given)
            self.note(row, given, None)

    def cleared(self, row):
        """{attribute: blank} of the child's values that the row's blank cells clear."""
        return dict(self.clearing[key] for key in row.cleared & self.clearing.keys())

    def change(self, row, given, cleared, stored):
        """Put what the row says in the place of what is stored, as far as each column is to."""
        given = {
            attname: value
            for attname, value in given.items()
            if attname not in self.filling or is_blank(stored[attname])
        }
        self.note(row, given | cleared, stored)

    def is_only_fixed(self, values, given):
        """Whether the row says nothing of a child: a value that all rows share makes none by itself."""
        is_whole = all(attribute in given for attribute in self.child.required)
        return not is_whole and not any(key in values for key in self.mapped)

    def note(self, row, given, stored):
        old = stored or {}
        changes = {
            key: [old.get(attname), given[attname]]
            for key, attname in self.columns
            if attname in given and old.get(attname) != given[attname]
        }
        if changes:
            row.changes |= changes
            self.put_together(row, given, stored)

    def put_together(self, row, given, stored):
        """The record that is to be written, if any is."""
        if not self.writes:
            return
        if stored is None:
            record = {**self.blank, **given, "id": uuid7(), self.parent_field: row.record_id}
        else:
            record = stored | given
        set_keys(self.child.model, record)
        row.children.append(ChildWrite(self.name, record, stored))

    def require(self, row, given):
        for attribute, name in self.required:
            if attribute not in given and not row.is_bad(name):
                noun = str(self.child.model._meta.verbose_name)
                row.refuse("missing_for", name, because=BECAUSE, noun=noun)


def is_blank(value):
    return value is None or value == ""


def blank_value(field):
    """What a field of a model holds when it is blank."""
    return None if field.null else ""


def set_keys(model, record):
    for key_field, text_field, to_key, blank in _keys(model):
        text = record[text_field]
        record[key_field] = to_key(text) if text else blank


@cache
def _keys(model):
    """[(key field, text field, key function, what the key is when the text is blank)]"""
    return [
        (key_field, text_field, to_key, blank_value(model._meta.get_field(key_field)))
        for key_field, (text_field, to_key) in model.keys.items()
    ]


def blank_record(model):
    """{field: value of a record about which the file says nothing}; identifiers are set later."""
    record = {f.attname: f.get_default() for f in model._meta.concrete_fields}
    return record | {"id": None}
