"""A backup in the middle of an import, restored elsewhere."""

import os
import shutil
import subprocess

import psycopg
import pytest
from django.conf import settings

from tests.product import Product, kill_group, wait_until

pytestmark = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="backs up with pg_dump"
)
ROWS = 60_000


class Restored(Product):
    """The product with the database and the files of a backup."""

    def __init__(self, folder, backup):
        self.backup = backup
        super().__init__(folder)

    def fill_database(self):
        address = self.environment["DATABASE_URL"]
        subprocess.run(["pg_restore", "--no-owner", "-d", address, self.backup / "database"], check=True)
        shutil.copytree(self.backup / "files", self.folder / "files")


def test_a_backup_in_the_middle_of_an_import_goes_on_where_it_was(tmp_path, report):
    """Database first, then files, while web and worker go on."""
    backup, first = tmp_path / "backup", tmp_path / "first"
    first.mkdir()
    backup.mkdir()
    product = Product(first)
    try:
        rows = "".join(f"BACKUP-{number},Ann,Sample {number}\n" for number in range(ROWS))
        content = b"Contact Code,First Name,Last Name\n" + rows.encode()
        path = product.visitor().start_import("contacts", "many.csv", content, leave_out="yes")
        wait_until(lambda: 0 < contacts(product) < ROWS // 2, "the import is on its way")
        dump = ["pg_dump", "-Fc", "-f", backup / "database", product.environment["DATABASE_URL"]]
        subprocess.run(dump, check=True, env=os.environ)
        shutil.copytree(first / "files", backup / "files")
    finally:
        product.stop()
    (tmp_path / "second").mkdir()
    restored = Restored(tmp_path / "second", backup)
    try:
        kill_group(restored.worker)
        at_first = contacts(restored)
        restored.start_worker()
        page = restored.visitor().wait_for_end(path)
        found = contacts(restored)
    finally:
        restored.stop()
    report(
        "backup during an import, restored", ROWS, ROWS - found, 0, f"{at_first:,} rows were in the backup"
    )
    assert 0 < at_first < ROWS
    assert found == ROWS
    assert f"{ROWS:,} created" in page


def contacts(product):
    with psycopg.connect(product.environment["DATABASE_URL"]) as database:
        return database.execute(
            "SELECT count(*) FROM entities_contact WHERE code LIKE 'BACKUP-%'"
        ).fetchone()[0]
