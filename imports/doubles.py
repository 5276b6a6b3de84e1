"""Rows without a key that would double a stored record: one of its alike values, such as the e-mail, is theirs.

Decided by what was stored before the run, so that the check, which writes nothing, foretells what the
import does: what the run itself has written is passed over, what it has overwritten still counts.
"""

from dataclasses import dataclass, field

from .mapping import CREATE, LEAVE_OUT, UPDATE

SHOWN_HOLDERS = 5


@dataclass(slots=True)
class Double:
    """A stored record that a row would double: its identifier, key, the key's comparable form, and the
    columns {key: value} that are alike."""

    pk: object
    text: str
    key: str
    columns: dict = field(default_factory=dict)


class DoubleCheck:
    """Finds the doubles of one run's rows, batch after batch.

    `fed` are the columns that may have a value. `written` knows what the run has written, see `written`;
    a check has written nothing.
    """

    def __init__(self, importer, fed, options, written=None):
        self.importer, self.answer, self.written = importer, options.doubles, written
        by_text = {text: key for key, (text, _) in importer.model.keys.items()}
        self.columns = [importer.by_key[key] for key in importer.alike if key in fed]
        self.fields = {c.key: by_text.get(c.attribute, c.attribute) for c in self.columns}
        self.key_fields = ("pk", importer.key, by_text[importer.key])
        self.overwritten = {column.key: {} for column in self.columns}
        self.batch = {}
        self.knows_earlier = False
        # When such rows are created all the same, only a check has to look, to count them.
        self.looks = bool(self.columns) and (written is None or self.answer != CREATE)
        self.takes_notes = self.looks and written is not None
        self.updates = self.looks and self.answer == UPDATE

    def find(self, rows):
        """Give the rows without a key the records that they would double."""
        rows = [row for row in rows if row.values.get(self.importer.key) is None and not self.is_bad(row)]
        for column in self.columns if rows else ():
            self.find_by(column, rows)
        for row in rows:
            if self.answer == UPDATE and len(row.doubles) == 1:
                row.key = row.doubles[0].key

    def is_bad(self, row):
        return row.is_bad(self.importer.key_column.name)

    def find_by(self, column, rows):
        values = {}
        for row in rows:
            if (value := self.importer.comparable(column.key, row.values)) is not None:
                values[row.number] = value
        if not values:
            return
        records = self.stored_with(column, set(values.values()))
        for row in rows:
            for double in records.get(values.get(row.number), ()):
                note(row, double, column, values[row.number])

    def stored_with(self, column, values):
        """{value: [(identifier, key, comparable key)]} of the records that had it before the run."""
        name = self.fields[column.key]
        found = self.importer.model.objects.filter(**{f"{name}__among": values})
        records = {}
        for value, *record in found.order_by("pk").values_list(name, *self.key_fields):
            records.setdefault(value, {})[record[0]] = tuple(record)
        if self.written is not None:
            self.take_back(column, values, records)
        return {value: list(by_pk.values()) for value, by_pk in records.items()}

    # What becomes of such a row.

    def refuse(self, row, seen, named):
        """Leave a row out where that is chosen, where it does not say which record it means, and where an
        earlier row is about that record; whether it is. What else would be wrong with it is not told."""
        if self.answer == LEAVE_OUT:
            self.say(row, "would_double")
        elif self.answer == UPDATE and len(row.doubles) > 1:
            several = [double.text for double in row.doubles]
            holders = ", ".join(several[:SHOWN_HOLDERS]) + (", …" if len(several) > SHOWN_HOLDERS else "")
            row.refuse("means_several", noun=str(self.importer.nouns), holders=holders)
        elif first := self.note_meant(row, seen):
            self.say(row, "means_the_same", **named(first))
        else:
            return False
        return True

    def say(self, row, code, /, **details):
        double = row.doubles[0]
        column = self.importer.by_key[next(iter(double.columns))]
        noun = str(self.importer.noun)
        row.refuse(code, column.name, row.values[column.key], noun=noun, holder=double.text, **details)

    def note_meant(self, row, seen):
        """The number of the earlier row that is about the record which this one means, if there is one."""
        if self.answer != UPDATE or len(row.doubles) != 1:
            return None
        first = seen[self.importer.key].row_of(row.key, row.number)
        return first if first != row.number else None

    # What the run itself has done.

    def take_back(self, column, values, records):
        """Pass over what the run has written, and count what it has overwritten."""
        if not self.knows_earlier:
            self.learn_earlier()
        effects = self.written.effects({pk for by_pk in records.values() for pk in by_pk}) | self.batch
        for by_pk in records.values():
            for pk in [pk for pk in by_pk if pk in effects]:
                if effects[pk] is None or column.key in effects[pk]:
                    del by_pk[pk]
        before = self.overwritten[column.key]
        wanted = {pk: value for value in values & before.keys() for pk in before[value]}
        kept = self.importer.model.objects.filter(pk__among=wanted).values_list(*self.key_fields)
        for record in kept if wanted else ():
            records.setdefault(wanted[record[0]], {})[record[0]] = record

    def learn_earlier(self):
        """Slices of the run before this one, perhaps in another process, have overwritten values too."""
        self.knows_earlier = True
        for pk, changes in self.written.updates(self.overwritten.keys()):
            self.note_overwritten(pk, changes)

    def note(self, row):
        """Remember what an accepted row of the present batch creates or overwrites."""
        self.batch[row.record_id] = None if row.stored is None else row.changes
        self.note_overwritten(row.record_id, row.changes)

    def note_overwritten(self, pk, changes):
        for key, before in self.overwritten.items():
            if key in changes and (old := changes[key][0]):
                before.setdefault(self.importer.comparable(key, {key: old}), set()).add(pk)


def note(row, record, column, value):
    pk, text, key = record
    double = next((double for double in row.doubles if double.pk == pk), None)
    if double is None:
        double = Double(pk, text, key)
        row.doubles = [*row.doubles, double]
    double.columns[column.key] = value
