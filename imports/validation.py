"""What becomes of each row: cleaned, compared with what is stored, and decided.

The check and the import run the same code on the same rows; only the import writes what it says.
Reads happen once per batch, never per row.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice

from . import bulk
from .children import ChildCheck, blank_record, blank_value, is_blank, set_keys
from .cleaning import Cleaner
from .doubles import DoubleCheck
from .fields import LookUp, Reference
from .keys import FirstRows, uuid7
from .mapping import CLEAR, FILL
from .problems import ERASED, Problem
from .rows import place_of

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
REMEMBERED_AT_ONCE = 2000


@dataclass(slots=True)
class Found:
    """A record that a cell refers to: its identifier, name and the fields asked for; `is_new` when it
    would be generated, with the `key` by which its name is compared."""

    pk: uuid.UUID
    name: str
    data: tuple = ()
    is_new: bool = False
    key: str = ""


class Checker:
    """Decides the rows of one run, batch after batch.

    `writes` makes it read stored records FOR UPDATE and put new ones together, as the import needs
    them. What earlier rows of the file did is remembered: keys seen, unique values set free, look-ups
    that would be generated.
    `sheets` are those that the row numbers distinguish, see `rows`. `relatives` knows what other imports have
    done with rows of the same file, see `family`; None when there are none. `written` knows what the
    import run has written, see `doubles`.
    """

    def __init__(
        self,
        importer,
        mapping,
        options,
        width=None,
        writes=False,
        corrections=None,
        sheets=(),
        relatives=None,
        written=None,
    ):
        self.importer, self.mapping, self.options, self.writes = importer, mapping, options, writes
        self.corrections, self.sheets = corrections or {}, sheets
        self.relatives = relatives
        self.cleaner = Cleaner(importer, mapping, options, width, corrections=self.corrections)
        self.update = options.update and importer.updates
        fed = mapping.fed().union(*self.corrections.values())
        self.references = [c for c in importer.columns if c.key in fed and isinstance(c.field, Reference)]
        self.required = importer.required
        self.uniques = [c for c in importer.columns if c.key in fed and c.unique]
        # Not only what is fed: a declaration may derive a value, such as the contact type.
        main = [c for c in importer.columns if c.stored and not c.record and c.key != importer.key]
        self.main = [(c.key, c.attname) for c in main]
        self.filling = [(c.key, c.attname) for c in main if mapping.stored.get(c.key) == FILL]
        self.clearing = [
            (c.key, c.attname, blank_value(importer.model_field(c)))
            for c in main
            if mapping.stored.get(c.key) == CLEAR
        ]
        self.key_field, self.to_key = key_of(importer.model, importer.key)
        self.unique_keys = {
            column.key: key_of(importer.model, column.attribute)[1] for column in self.uniques
        }
        self.seen = defaultdict(FirstRows)  # by column key
        # {column key: {key: row that sets it free}}: a batch that is done again may have noted a later one.
        self.freed = {column.key: {} for column in self.uniques}
        self.name_keys = {}  # {column key: {text in the batch: the key by which a look-up's name is compared}}
        self.generated = {}
        self.blank = blank_record(importer.model)
        self.children = [ChildCheck(name, importer, mapping, fed, writes) for name in importer.children]
        self.doubles = DoubleCheck(importer, fed, options, written)
        self.may_update = self.update or self.doubles.updates

    def remember(self, rows, changes=(), look_ups=()):
        """Take note of what earlier slices of the run have met: the keys of their rows, the changes
        (row number, {column key: [old, new]}) that a check foretold and the look-ups that it would generate."""
        cleaner = Cleaner(
            self.importer, self.mapping, self.options, only=self.uniques, corrections=self.corrections
        )
        if self.doubles.updates:
            self.remember_doubles(rows)
        else:
            for number, cells in rows:
                self.note_keys(cleaner.clean(number, cells))
        for number, change in changes:
            for column in self.uniques:
                if column.key in change and (old := change[column.key][0]):
                    self.freed[column.key][self.unique_keys[column.key](old)] = number
        for name in look_ups:
            key = (name["key"], name["name_key"])
            self.generated[key] = Found(uuid7(), name["name"], tuple(name["data"]), True, name["name_key"])

    @property
    def rejected_rows_stand_alone(self):
        """Whether no other row's outcome hangs on whether a rejected row is accepted after all: it sets
        no unique value free, is not the first to say what a new look-up needs, and means no record that
        another row may mean."""
        frees = self.update and any(column.key != self.importer.key for column in self.uniques)
        look_ups = self.references if self.options.generate else ()
        return not (frees or self.doubles.updates) and not any(
            isinstance(c.field, LookUp) and c.field.needs for c in look_ups
        )

    def remember_doubles(self, rows):
        """Of rows without a key it takes the database to say which records they were about."""
        rows = iter(rows)
        while batch := list(islice(rows, REMEMBERED_AT_ONCE)):
            cleaned = self.clean(batch)
            self.doubles.find(cleaned)
            for row in cleaned:
                self.note_keys(row)
                self.doubles.note_meant(row, self.seen)

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
        refused = self.relatives.refused([row.number for row in rows]) if self.relatives else {}
        refused |= {row.number: Problem(ERASED) for row in rows if not row.cells}
        considered = [row for row in rows if row.number not in refused]
        self.find_records(considered)
        self.find_rows_elsewhere(considered)
        found = {column.key: self.find(column, considered) for column in self.references}
        holders = {
            column.key: self.find_holders(column, considered)
            for column in self.uniques
            if column.key != self.importer.key
        }
        for child in self.children:
            child.find_stored(considered if self.may_update else ())
        for row in rows:
            if row.number in refused:
                self.note_keys(row)
                row.problems, row.outcome = [refused[row.number]], REJECTED
            else:
                self.decide(row, found, holders)

    # Reads, each once per batch.

    def find_records(self, rows):
        """Give each row the stored record that it is about, or None."""
        if self.doubles.looks:
            self.doubles.find(rows)
        self.find_stored(rows)

    def find_stored(self, rows):
        keys = set()
        for row in rows:
            text = row.values.get(self.importer.key)
            if text is not None:
                row.key = self.to_key(text)
            if row.key is not None:
                keys.add(row.key)
        stored = {}
        fields = [f.attname for f in self.importer.model._meta.concrete_fields] + list(self.importer.fetch)
        if keys:
            records = self.importer.model.objects.filter(**{f"{self.key_field}__among": keys})
            records = self.locked(records.order_by(self.key_field))
            stored = {record[self.key_field]: record for record in bulk.fetch(records, fields)}
        for row in rows:
            row.stored = stored.get(row.key)

    def find_rows_elsewhere(self, rows):
        """{identifier of a stored record: number of the row of another import of the same file about it}."""
        records = [row.stored["id"] for row in rows if row.stored] if self.relatives else ()
        self.elsewhere = self.relatives.rows_about(records) if records else {}

    def locked(self, records):
        return records.select_for_update(of=("self",)) if self.writes else records

    def find(self, column, rows):
        """{text in the row: Found} for the records that a reference column names in these rows."""
        texts = {text for row in rows if (text := row.values.get(column.key)) is not None}
        reference = column.field
        found = {}
        for by in reversed(reference.by):
            wanted = _keys_by(reference.model, by, texts)
            if by == "name_key":
                self.name_keys[column.key] = wanted
            if not wanted:
                continue
            records = reference.model.objects.filter(**{f"{by}__among": set(wanted.values())})
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
        records = self.importer.model.objects.filter(**{f"{column.unique}__among": keys})
        return (
            {key: (pk, text) for key, pk, text in records.values_list(column.unique, "pk", self.importer.key)}
            if keys
            else {}
        )

    # Decisions, without the database.

    def decide(self, row, found, holders):
        if repeated := self.note_keys(row):
            for column, first in repeated:
                row.refuse("twice_in_file", column.name, row.values[column.key], **self.named(first))
            if any(column.key == self.importer.key for column, _ in repeated):
                self.refuse_repeated(row, found)
                return
        if row.doubles and self.doubles.refuse(row, self.seen, self.named):
            row.outcome, row.record_id = REJECTED, row.stored and row.stored["id"]
            return
        if row.stored is not None and (other := self.elsewhere.get(row.stored["id"])):
            self.refuse_done_elsewhere(row, found, other)
            return
        if row.stored is not None and not (self.update or row.doubles):
            self.resolve(row, found, quietly=True)
            self.importer.already_there(row)
            row.outcome = REJECTED if row.problems else UNCHANGED
            row.record_id = row.stored["id"]
            return
        if row.stored is not None:
            self.keep_filled(row)
        self.resolve(row, found)
        self.importer.complete(row)
        self.require(row)
        self.refuse_held(row, holders)
        if row.stored is not None:
            row.record_id = row.stored["id"]
        elif self.writes:
            row.record_id = uuid7()
        for child in self.children:
            child.prepare(row)
        if row.problems:
            row.outcome, row.record_id = REJECTED, row.stored and row.record_id
        else:
            self.accept(row)

    def refuse_repeated(self, row, found):
        """Reject a row whose key an earlier row has. What else would be wrong with it depends on whether
        that one is stored by now: only what does not is told, so that the check says what the import does."""
        self.resolve(row, found)
        row.outcome = REJECTED
        row.record_id = row.stored["id"] if row.stored else None

    def refuse_done_elsewhere(self, row, found, number):
        """Reject a row about a record that another row of the same file is about, in another import."""
        if row.doubles:
            self.doubles.say(row, "means_the_same", **self.named(number))
        else:
            key = self.importer.key_column
            row.refuse("twice_in_file", key.name, row.values[key.key], **self.named(number))
        self.refuse_repeated(row, found)

    def note_keys(self, row):
        """[(column, row number)] of unique values that an earlier row has."""
        repeated = []
        for column in self.uniques:
            text = row.values.get(column.key)
            if text is not None:
                first = self.seen[column.key].row_of(self.unique_keys[column.key](text), row.number)
                if first != row.number:
                    repeated.append((column, first))
        return repeated

    def named(self, number):
        """What a problem says of another row: its number, and its sheet when there are several."""
        sheet, _ = place_of(number, self.sheets)
        return {"row": number} | ({"sheet": sheet} if sheet else {})

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
        key = self.name_keys[column.key][text]
        return self.generated.get((column.key, key)) or Found(uuid7(), text, is_new=True, key=key)

    def keep_filled(self, row):
        """Take from a row the values that are only to fill what is blank, and find it filled."""
        for key, attname in self.filling:
            if not is_blank(row.stored[attname]):
                row.values.pop(key, None)

    def require(self, row):
        for column in self.required:
            has_value = row.values.get(column.key) is not None
            if not has_value and row.stored is None and not row.is_bad(column.name):
                row.refuse("missing", column.name)

    def refuse_held(self, row, holders):
        for column in self.uniques:
            text = row.values.get(column.key)
            if text is None or column.key == self.importer.key or row.is_bad(column.name):
                continue
            key = self.unique_keys[column.key](text)
            pk, holder = holders[column.key].get(key, (None, ""))
            is_own = bool(row.stored) and row.stored["id"] == pk
            is_free = self.freed[column.key].get(key, row.number) < row.number
            if pk and not is_own and not is_free:
                row.refuse("held_by_another", column.name, text, noun=str(self.importer.noun), holder=holder)

    def accept(self, row):
        for column in self.references:
            found = row.values.get(column.key)
            if found is not None and found.is_new:
                self.generate(row, column, found)
        if row.stored is not None:
            self.note_changes(row)
        row.outcome = CREATED if row.stored is None else UPDATED if row.changes else UNCHANGED
        if self.writes and row.outcome != UNCHANGED:
            self.put_together(row)
        if self.doubles.takes_notes:
            self.doubles.note(row)
        for column in self.uniques if row.changes else ():
            if column.key in row.changes and row.stored[column.unique] is not None:
                self.freed[column.key][row.stored[column.unique]] = row.number

    def note_changes(self, row):
        """What the row says that is not stored, and what it clears."""
        stored, changes, get = row.stored, row.changes, row.values.get
        for key, attname in self.main:
            value = get(key)
            if value is None:
                continue
            if type(value) is Found:
                value = value.pk
            if stored[attname] != value:
                changes[key] = [stored[attname], value]
        for key, attname, blank in self.clearing if row.cleared else ():
            if key in row.cleared and get(key) is None and stored[attname] != blank:
                changes[key] = [stored[attname], blank]

    def put_together(self, row):
        """The record that is to be written."""
        if row.stored is not None:
            changes = row.changes
            new = {attname: changes[key][1] for key, attname in self.main if key in changes}
            row.record = row.stored | new
        else:
            get = row.values.get
            key = get(self.importer.key) or self.importer.new_key()
            row.record = self.blank | {"id": row.record_id, self.importer.key: key}
            for key, attname in self.main:
                if (value := get(key)) is not None:
                    row.record[attname] = value.pk if type(value) is Found else value
        set_keys(self.importer.model, row.record)

    def generate(self, row, column, new):
        self.generated.setdefault((column.key, new.key), new)
        row.generates.append((column, new))


def key_of(model, attribute):
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
