"""On several machines: what one began another goes on with, and nothing is on one of them alone."""

import io
from itertools import product as combinations
from zipfile import ZipFile

import psycopg
import pytest
from django.conf import settings

from imports.writers import WRITERS, Style
from tests.machines import BUCKET, Machines
from tests.product import kill_group, wait_until

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="SQLite is for one machine"
    ),
]

GOOD, BAD = 200, 3
ROWS = {  # entity type: (headers, a row from its key, what makes it bad, table, column of the key)
    "contacts": (
        ["Contact Code", "First Name", "Last Name", "Contact Email"],
        lambda key: [key, "Ann", "Sample", None],
        (3, "none"),
        ("entities_contact", "code"),
    ),
    "devices": (
        ["Serial Number", "Product Code", "Device Location"],
        lambda key: [key, "DEC-4K", "Main warehouse"],
        (1, "NO-SUCH-PRODUCT"),
        ("entities_device", "serial_number"),
    ),
    "products": (
        ["Product Code", "Name", "Product Type"],
        lambda key: [key, f"Sample {key}", "Coffee"],
        (2, "No such type"),
        ("entities_product", "code"),
    ),
    "reward-scheme-codes": (
        ["Reward Scheme", "Code"],
        lambda key: ["Student Club", key],
        (0, "No such scheme"),
        ("entities_rewardschemecode", "code"),
    ),
}


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    running = Machines(tmp_path_factory.mktemp("machines"))
    yield running
    running.stop()


class Sent:
    """A file of one entity type in one format, and the path of its import."""

    def __init__(self, slug, file_format, good=GOOD):
        headers, row_of, (bad_column, bad_value), self.place = ROWS[slug]
        self.slug, self.name = slug, f"{slug}.{file_format}"
        self.keys = [f"{slug}-{file_format}-{number}".upper() for number in range(good)]
        rows = [row_of(key) for key in self.keys]
        for number in range(BAD):
            row = row_of(f"{slug}-{file_format}-bad-{number}".upper())
            row[bad_column] = bad_value
            rows.insert(number * good // BAD, row)
        file = io.BytesIO()
        WRITERS[file_format](file, [headers, *rows], Style())
        self.content, self.path = file.getvalue(), None

    @property
    def number(self):
        return int(self.path.strip("/").rsplit("/", 1)[1])

    @property
    def downloads(self):
        paths = [f"{self.path}failed-rows/", f"{self.path}results/"]
        return paths + [f"{path}?as=xlsx" for path in paths if self.name.endswith(".csv")]


def test_a_machine_that_dies_loses_nothing_and_every_machine_serves_every_file(machines):
    run_imports_among_deaths(machines, deaths=1)


def run_imports_among_deaths(machines, deaths, good=GOOD):
    """Start an import of each type in each format through both web servers, kill the workers of one machine
    after the other while they work, and check every row, file and e-mail."""
    everything = [Sent(*kind, good) for kind in combinations(ROWS, ["csv", "xls", "xlsx"])]
    # One person has three imports run at once.
    visitors = {slug: machines.visitor(f"colleague-{number}") for number, slug in enumerate(ROWS, start=1)}
    for sent in everything:
        sent.path = visitors[sent.slug].start_import(
            sent.slug, sent.name, sent.content, leave_out="yes", generate=None, update=None
        )
    with psycopg.connect(machines.environment["DATABASE_URL"], autocommit=True) as database:
        machine, clusters = 0, [machines.begin_cluster(0)]
        for death in range(deaths):
            done = count(database, DONE)
            wait_until(lambda done=done: count(database, DONE) > done, "the machines work")
            wait_until(lambda: count(database, BEING_WORKED), "a machine is at work")
            kill_group(clusters[machine])
            assert count(database, UNFINISHED)
            if death == 0:
                clusters.append(machines.begin_cluster(1))
            clusters[machine] = machines.begin_cluster(machine)
            machine = (machine + 1) % 2
        wait_until(lambda: machines.sweep() or not count(database, UNFINISHED), "both machines end them all")
        for sent in everything:
            check_rows(database, sent)
    for sent in everything:
        check_files(machines, visitors[sent.slug], sent)
    check_mails(machines, len(everything), deaths)
    assert not list(machines.folder.glob("machine-*/*"))


def check_mails(machines, number, deaths):
    """Each import has its e-mail; one that a machine was sending when it died comes five minutes later, with
    the same identifier if it had gone out already."""
    sent = machines.mails.identifiers
    wait_until(lambda: len(set(sent)) >= number - deaths, "the e-mails are sent")
    with psycopg.connect(machines.environment["DATABASE_URL"], autocommit=True) as database:
        wait_until(lambda: machines.sweep() or not later(database), "the last e-mails are sent")
    assert len(set(sent)) == number
    assert len(sent) <= number + deaths


def later(database):
    """Let five minutes pass; whether an e-mail is still owed."""
    database.execute("UPDATE imports_importjob SET mail_due = now() WHERE mail_due IS NOT NULL")
    return count(database, "SELECT count(*) FROM imports_importjob WHERE mail_due IS NOT NULL")


BEING_WORKED = "SELECT count(*) FROM imports_importrun WHERE state = 'running'"
DONE = "SELECT count(*) FROM imports_importrow"
UNFINISHED = "SELECT count(*) FROM imports_importjob WHERE state = 'in_progress'"
LEDGER = """
    SELECT outcome, count(*), count(DISTINCT row_number), count(DISTINCT record_id)
    FROM imports_importrow JOIN imports_importrun run ON run.id = run_id
    WHERE job_id = %s AND kind = 'import' GROUP BY outcome ORDER BY outcome
"""


def count(database, query):
    return database.execute(query).fetchone()[0]


def check_rows(database, sent):
    """Every row is in the ledger once, and every good one made one record."""
    table, column = sent.place
    state = database.execute("SELECT state FROM imports_importjob WHERE id = %s", [sent.number]).fetchone()
    assert state == ("completed",), sent.name
    good = len(sent.keys)
    assert database.execute(LEDGER, [sent.number]).fetchall() == [
        ("created", good, good, good),
        ("rejected", BAD, BAD, 0),
    ], sent.name
    found = database.execute(f"SELECT {column} FROM {table} WHERE {column} = ANY(%s)", [sent.keys])
    assert sorted(key for (key,) in found) == sorted(sent.keys)


def check_files(machines, visitor, sent):
    """The upload is kept as it was; failed rows and results are the same from each machine."""
    stored = machines.bucket.list_objects_v2(Bucket=BUCKET, Prefix="imports/")["Contents"]
    names = [item["Key"] for item in stored if item["Key"].endswith("/source")]
    sources = [machines.bucket.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in names]
    assert sent.content in sources
    for path in sent.downloads:
        one, other = (visitor.get(path) for _ in machines.addresses)
        assert one.request.url != other.request.url
        assert unpacked(one.content) == unpacked(other.content), path


def unpacked(content):
    """What has to be the same each time: all bytes, but not when a workbook was made."""
    if not content.startswith(b"PK"):
        return content
    with ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist() if name != "docProps/core.xml"}
