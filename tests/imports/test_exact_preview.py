"""What the check foretells is what the import does, row by row: files of all types over all kinds of stored
records, in batches and slices. EXACT_PREVIEW_FILES makes it try more files of each type."""

import os
import uuid
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from entities import models
from imports import finding_rows, preview_rows, writing
from imports.corrections import write_parts
from imports.fields import Reference
from imports.importers import importer_for, importers
from imports.mapping import CREATE, LEAVE_OUT, UPDATE, Mapping, Options
from imports.models import ImportJob, ImportRun, RowCorrection, file_storage
from imports.parts import Reading
from imports.values_in_words import names_of_references
from tests.factories import RewardSchemeFactory
from tests.imports.journeys import FOREVER, problems, start, work

pytestmark = pytest.mark.django_db

FILES = int(os.environ.get("EXACT_PREVIEW_FILES", "25"))
ORGANISATION, STRANGER = uuid.UUID(int=1), uuid.UUID(int=2)

# What the cells of each column are drawn from.
CELLS = {
    "contacts": {
        "code": ["A1", "A2", " A1", "A3", "A4", "A5", "A6", None, None, "1E+5"],
        "type": [None, None, None, "PERSON", "company", "robot"],
        "first_name": ["Ann", "Bob", "Ann", None],
        "last_name": ["Lee", "Ray", "Lee", None],
        "company_name": [None, None, "Acme"],
        "email": [None, "a@example.com", "b@example.com", "nowhere"],
        "phone_country": [None, "CYP", "CYP", "Greece", "Utopia"],
        "phone": [None, "99123456", "+35799123457", "12", 99123456.0],
        "address.type": [None, None, "HOME", "BUSINESS", "cave"],
        "address.name": [None, None, "Shop", " shop"],
        "address.line_1": ["1 High Street", "2 Low Street", None],
        "address.town": [None, "Nicosia"],
        "classification": [None, "VIP", "vip", "Gold", "Silver"],
        "birth_date": [
            None,
            "1990-12-31",
            "31/12/1990",
            "03/04/1990",
            {"date": "1990-01-02"},
            {"error": "#N/A"},
        ],
        "sms_opt_out": [None, "yes", True, "maybe"],
        "organisation": [None, None, str(ORGANISATION), str(STRANGER)],
    },
    "devices": {
        "serial_number": ["S1", "s1", "S2", "S3", "S4", "S5", "S6", "S7", 12.0, None],
        "product": ["P1", "P1", "P1", "P2", "P3", "nothing", None],
        "electronic_id": [None, "E1", "E2", "E3", "E4", " E5", "2-Jan"],
        "location": [None, "Main", "main ", "Shop"],
        "contact": [None, "C1", str(ORGANISATION), "nobody"],
    },
    "products": {
        "code": ["P1", "P2", "P3", "P4", "P5", "P6", " P1", None],
        "name": ["Tea", "Coffee", "Tea", None],
        "description": [None, "Hot", "x" * 4001],
        "type": ["Drink", "drink", "Fee", "Plan", "plan", None],
        "classification": [
            None,
            "EXPENSES_SERVICE",
            "TERMED_SERVICE",
            "Non-traceable physical good",
            "other",
        ],
        "family": [None, "Hot", "Cold"],
        "brand": [None, "Own", "OWN"],
        "price": [None, "3.20", "3,20", 3.2, "1.234", "-1"],
        "currency": [None, "EUR", "EUR", "USD", "CYP"],
        "state": [None, "ACTIVE", "inactive"],
    },
    "reward-scheme-codes": {
        "scheme": ["Club", "club", "Other", "Open", "nothing", None],
        "code": ["K1", "K2", " K1", "K3", "K4", "K5", "K6", 7.0, None],
    },
}
CORRECTED = ["A1", "S1", "P1", "K1", "A7", "Main", "VIP", "EUR", "1990-01-02", "wrong", None]


def test_there_are_cells_for_every_type():
    assert CELLS.keys() == {importer.slug for importer in importers()}


@st.composite
def files(draw, slug):
    """What a file of one type holds, how it is mapped, and how its runs are cut."""
    columns = list(CELLS[slug])
    some = st.sets(st.sampled_from(columns), max_size=max(len(columns) // 3, 1))
    mapped = [key for key in columns if key not in draw(st.just(set()) | some)]
    row = st.tuples(*(st.sampled_from(CELLS[slug][key]) for key in mapped))
    rows = draw(st.lists(row, min_size=1, max_size=14))
    cells = st.dictionaries(st.sampled_from(columns), st.sampled_from(CORRECTED), max_size=2)
    importer = importer_for(slug)
    return {
        "rows": [list(cells) for cells in rows],
        "mapping": Mapping(
            {key: index for index, key in enumerate(mapped)},
            draw(
                st.just({}) | st.fixed_dictionaries({k: texts(slug, k) for k in columns if k not in mapped})
            ),
            draw(
                st.dictionaries(st.sampled_from(mapped), values(slug), max_size=1) if mapped else st.just({})
            ),
        ),
        "options": Options(
            0,
            draw(st.booleans()) and bool(importer.look_ups),
            draw(st.booleans()) and importer.updates,
            True,
            draw(st.sampled_from(["", "dmy"])),
            doubles=draw(st.sampled_from([CREATE, LEAVE_OUT, UPDATE])),
        ),
        "corrections": draw(st.dictionaries(st.integers(1, 14), cells, max_size=2)),
        "batch_rows": draw(st.sampled_from([1, 2, 3, 5, 100])),
        "slice_seconds": draw(st.sampled_from([0, FOREVER])),
        "stored": draw(st.sets(st.integers(1, 5))),
        "twists": draw(st.lists(st.integers(0, 3), min_size=6, max_size=6)),
    }


def texts(slug, key):
    return st.sampled_from([str(cell) for cell in CELLS[slug][key] if isinstance(cell, str)])


def policies(importer):
    """What becomes of stored values, for some of the columns where there is a choice."""
    offered = {column.key: importer.policies(column) for column in importer.columns}
    chosen = {key: st.sampled_from(names) for key, names in offered.items() if names}
    return st.just({}) | st.fixed_dictionaries({}, optional=chosen)


def values(slug):
    """What to use for some texts of a column: another text, or nothing."""
    every = [cell for cells in CELLS[slug].values() for cell in cells if isinstance(cell, str)]
    return st.dictionaries(
        st.sampled_from(every).map(str.strip), st.sampled_from(every) | st.none(), max_size=3
    )


# What is stored before: records number 1 to 5, some of them, each with a twist of its own.


def store_contacts(numbers, twists):
    vip = models.ContactClassification.objects.create(name="VIP")
    models.Organisation.objects.create(pk=ORGANISATION, name="Sample Group")
    for n in numbers:
        twist = twists[n]
        contact = models.Contact.objects.create(
            code=f"A{n}",
            type="COMPANY" if twist == 3 else "PERSON",
            company_name="Acme" if twist == 3 else "",
            first_name="" if twist == 3 else "Ann",
            last_name="" if twist == 3 else "Lee",
            email="a@example.com" if twist == 1 else "",
            phone_country="CYP" if twist == 2 else "",
            classification=vip if twist == 1 else None,
        )
        if twist:
            models.Address.objects.create(contact=contact, line_1="1 High Street", name="Shop" * (twist == 2))


def store_devices(numbers, twists):
    store_products({1, 2, 3}, [0, 1, 1, 2, 0, 0])
    owner = models.Contact.objects.create(pk=ORGANISATION, code="C1", first_name="Ann", last_name="Lee")
    main = models.DeviceLocation.objects.create(name="Main")
    product = models.Product.objects.get(code="P1")
    for n in numbers:
        models.Device.objects.create(
            serial_number=f"S{n}",
            product=product,
            electronic_id=f"E{n}" if twists[n] else "",
            location=main if twists[n] == 1 else None,
            contact=owner if twists[n] == 2 else None,
        )


def store_products(numbers, twists):
    kinds = {
        1: models.ProductType.objects.create(name="Box", classification="TRACEABLE_PHYSICAL_GOOD"),
        2: models.ProductType.objects.create(name="Fee", classification="EXPENSES_SERVICE"),
    }
    drink = models.ProductType.objects.create(name="Drink", classification="NON_TRACEABLE_PHYSICAL_GOOD")
    for n in numbers:
        priced = twists[n] == 3
        models.Product.objects.create(
            code=f"P{n}",
            name="Tea",
            type=kinds.get(twists[n], drink),
            price="3.20" if priced else None,
            currency="EUR" if priced else "",
        )


def store_codes(numbers, twists):
    schemes = [RewardSchemeFactory(name=name) for name in ("Club", "Other")]
    RewardSchemeFactory(name="Open", sign_up="SELF_SIGN_UP", closed_loop_method="")
    for n in numbers:
        models.RewardSchemeCode.objects.create(code=f"K{n}", scheme=schemes[twists[n] == 3])


STORE = {
    "contacts": store_contacts,
    "devices": store_devices,
    "products": store_products,
    "reward-scheme-codes": store_codes,
}


def draft_of(slug, file):
    """A draft as it stands when the wizard has read and mapped its file."""
    job = ImportJob(entity_type=slug, from_command_line=True, file_name="file.csv", file_format="csv")
    numbered = list(enumerate(file["rows"], 1))
    parts, width = write_parts(file_storage(), job.parts_prefix, numbered)
    job.file = parts[0]["name"]
    job.reading = Reading("csv", None, [], "utf-8", ",", False, len(numbered), width, parts).to_json()
    job.mapping, job.options = file["mapping"].to_json(), file["options"].to_json()
    job.corrected = len(file["corrections"])
    job.save()
    RowCorrection.objects.bulk_create(
        RowCorrection(job=job, row_number=number, cells=cells)
        for number, cells in file["corrections"].items()
    )
    return job


def check(job, slice_seconds):
    run = ImportRun.objects.create(job=job, kind="check", digest=job.digest)
    work([run], slice_seconds)
    run.refresh_from_db()
    return run


def told(job, run):
    """{row number: (outcome, problems, {column key: [old, new]})} of the rejected and updated rows, with
    names for identifiers: a name that is or would be generated has another one each time."""
    rows = list(run.details.all())
    columns = job.importer.by_key
    names = names_of_references([(r.row_number, {columns[k]: v for k, v in r.changes.items()}) for r in rows])
    names |= {str(pk): "generated" for pk in run.generated.values_list("record_id", flat=True)}

    def named(column, value):
        return names.get(value, "generated") if value and isinstance(column.field, Reference) else value

    def changes(row):
        return {key: [named(columns[key], value) for value in pair] for key, pair in row.changes.items()}

    return {row.row_number: (row.outcome, row.problems, changes(row)) for row in rows}


@pytest.fixture(autouse=True)
def _small_pages_and_blocks(monkeypatch):
    monkeypatch.setattr(preview_rows, "ROWS_PER_PAGE", 3)
    for module in (writing, finding_rows):
        monkeypatch.setattr(module, "BLOCK_ROWS", 4)


def previewed(job, run, outcome):
    """[(row number, outcome)] of all pages of the preview's rows with an outcome, "" for all rows."""
    rows = []
    for page in count(1):
        records = preview_rows.records(job, run, {"outcome": outcome, "page": str(page)})
        rows += [(record.number, record.outcome) for record in records.records]
        if not records.page.has_next():
            return rows


def by_outcome(job, run):
    return {outcome: previewed(job, run, outcome) for outcome in preview_rows.FILTERS}


@pytest.mark.parametrize("slug", CELLS)
def test_the_import_does_to_every_row_what_its_preview_shows(slug, settings):
    check_files(slug, settings)


def check_files(slug, configuration):
    @settings(
        max_examples=FILES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # a file that fails is short enough to be read
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(files(slug))
    def every_file(file):
        configuration.IMPORT_BATCH_ROWS = file["batch_rows"]
        with transaction.atomic():
            compare(slug, file)
            transaction.set_rollback(True)

    every_file()


def compare(slug, file):
    STORE[slug](file["stored"], file["twists"])
    job = draft_of(slug, file)
    checked = check(job, file["slice_seconds"])
    assert checked.state == "done"
    foretold, seen = told(job, checked), by_outcome(job, checked)
    start(job, leave_out=True, slice_seconds=file["slice_seconds"])
    done = job.latest_run("import")
    assert done.state == "done"
    assert told(job, done) == foretold
    assert done.counts == checked.counts
    for part in ("problems", "changed", "spread"):
        assert done.summary[part] == checked.summary[part]
    outcomes = list(done.ledger.order_by("row_number").values_list("row_number", "outcome"))
    assert seen.pop("") == outcomes
    assert seen == {name: [row for row in outcomes if row[1] == name] for name in seen}


def test_a_value_that_a_later_row_sets_free_is_held_even_when_the_batch_is_done_again():
    store_devices({1, 2}, [0, 1, 1, 0, 0, 0])
    rows = [["S9", "P1", "E1"], ["S1", "P1", "X1"], ["S2", "P1", "X2"], ["S8", "P1", "E2"]]
    mapping = Mapping({"serial_number": 0, "product": 1, "electronic_id": 2})
    job = draft_of(
        "devices", {"rows": rows, "mapping": mapping, "options": Options(0, update=True), "corrections": {}}
    )
    assert start(job, leave_out=True).counts == {
        "created": 1,
        "updated": 2,
        "unchanged": 0,
        "rejected": 1,
        "not_reached": 0,
    }
    assert problems(job) == [(1, "held_by_another", "Electronic ID")]


def test_a_row_whose_key_an_earlier_row_has_is_judged_alike_before_and_after_that_row_is_stored(settings):
    settings.IMPORT_BATCH_ROWS = 1
    mapping = Mapping({"code": 0, "first_name": 1, "last_name": 2})
    rows = [["A1", "Ann", "Lee"], ["A1", None, "Lee"]]
    job = draft_of(
        "contacts", {"rows": rows, "mapping": mapping, "options": Options(0, update=True), "corrections": {}}
    )
    foretold = told(job, check(job, FOREVER))
    assert told(job, start(job, leave_out=True).latest_run("import")) == foretold
    assert problems(job) == [(2, "twice_in_file", "Contact Code")]
