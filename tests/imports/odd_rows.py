"""Files that hold every odd text in every column, and what becomes of their rows, value by value.

What becomes of them is told in a form that is the same on every database, and shortened to a digest.
"""

import hashlib
import json
import random
import re

from openpyxl.utils import get_column_letter

from imports.cells import shown_cell
from imports.importers import importer_for
from imports.models import ImportRow
from tests.factories import (
    ContactFactory,
    ProductFactory,
    ProductTypeFactory,
    RewardSchemeFactory,
)

from .journeys import draft, start
from .odd_texts import ALL, as_cell
from .workbooks import with_sheet

# What a row says beside its odd cell; {} is its number, so that its key is its own.
ROWS = {
    "contacts": {
        "Contact Type": "PERSON",
        "First Name": "Ann",
        "Last Name": "Doe",
        "Contact Code": "C{}",
        "Address Line 1": "1 Street",
    },
    "devices": {"Serial Number": "S{}", "Product Code": "P1"},
    "products": {"Product Code": "P{}", "Name": "Thing", "Product Type": "Phone"},
    "reward-scheme-codes": {"Reward Scheme": "Club", "Code": "R{}"},
}
ERROR = '<c r="{}" t="e"><v>#N/A</v></c>'  # so that the careful reader reads, which knows half characters


def records():
    """What the files refer to."""
    phones = ProductTypeFactory(name="Phone")
    ProductFactory(code="P1", name="Thing", type=phones)
    ProductFactory(code="σ", name="Thing", type=phones)
    ContactFactory(code="Σ", first_name="Ann", last_name="Doe")
    RewardSchemeFactory(name="Club")
    RewardSchemeFactory(name="straße")


def odd_rows(importer, count):
    """Yield {column name: cell}: a row without an odd cell, so that the others are refused for theirs alone,
    then `count` of the odd ones, or all, in every column."""
    yield ROWS[importer.slug]
    for column in importer.columns:
        chosen = random.Random(column.key).sample(ALL, count) if count else ALL
        for odd in chosen:
            yield {**ROWS[importer.slug], column.name: odd}


def file_of(importer, count):
    names = [column.name for column in importer.columns]
    letters = [get_column_letter(index) for index in range(1, len(names) + 2)]
    lines = [line(1, zip(letters, [*names, "Note"], strict=True))]
    for number, row in enumerate(odd_rows(importer, count), 2):
        said = (
            (letter, fill(row[name], number))
            for letter, name in zip(letters, names, strict=False)
            if name in row
        )
        note = ERROR.format(f"{letters[-1]}{number}") if number == 2 else ""
        lines.append(line(number, said, note))
    return with_sheet("".join(lines))


def fill(cell, number):
    return cell.replace("{}", str(number)) if cell in ("C{}", "S{}", "P{}", "R{}") else cell


def line(number, cells, more=""):
    cells = "".join(as_cell(f"{letter}{number}", cell) for letter, cell in cells)
    return f'<row r="{number}">{cells}{more}</row>'


def outcomes(slug, count):
    """What becomes of each row of an import of them: [row number, outcome, of a refused row its problems as
    [code, column, value], and its cells, stored values]."""
    importer = importer_for(slug)
    job = draft(slug, file_of(importer, count), name="odd.xlsx", generate=True)
    assert not job.reading_problem
    start(job, leave_out=True)
    run = job.deciding_run()
    details = {
        number: ([problem[:3] for problem in problems], [shown_cell(cell) for cell in cells])
        for number, problems, cells in run.details.values_list("row_number", "problems", "cells")
    }
    stored = stored_values(importer)
    ledger = ImportRow.objects.filter(run=run).order_by("row_number")
    return [
        [number, outcome, *details.get(number, ()), outcome != "rejected" and stored.get(record)]
        for number, outcome, record in ledger.values_list("row_number", "outcome", "record_id")
    ]


def stored_values(importer):
    """{identifier: the texts of a record and of what belongs to it}."""
    models = [
        (importer.model, "pk"),
        *[(child.model, f"{child.parent}_id") for child in importer.children.values()],
    ]
    stored = {}
    for model, owner in models:
        fields = [field for field in model._meta.concrete_fields if is_told(field)]
        references = [
            field.name for field in model._meta.concrete_fields if hasattr(field.related_model, "name")
        ]
        names = [field.name for field in fields] + [
            f"{name}__name" for name in references if name != "contact"
        ]
        for record, *values in model.objects.order_by("pk").values_list(owner, *names):
            stored.setdefault(record, []).append([told(value) for value in values])
    return stored


def told(value):
    """A code of 16 digits is one that the product has thrown dice for."""
    text = str(value)
    return None if value is None else "a random code" if re.fullmatch("[0-9]{16}", text) else text


def is_told(field):
    return not field.is_relation and field.name not in ("id", "changed_at", "created_at")


def digest(found):
    text = json.dumps(found, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
