"""Failed-rows files that LibreOffice has opened and saved: recognised, and no value harmed.

Files that it has saved are kept beside this test, so that the claim holds where it is not installed.
"""

import datetime
import io
import os
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
import xlwt
from django.core.files.base import ContentFile

from imports import drafts, repairs
from imports.models import ImportJob, file_storage
from imports.parts import iter_rows
from tests.imports.journeys import draft, start

pytestmark = pytest.mark.django_db

KEPT = Path(__file__).parent / "saved_by_libreoffice"
HEADERS = ["Contact Code", "First Name", "Last Name", "Date of Birth", "Amount", "Remark"]
GOOD = ["A1", "Ann", "Sample", "1984-03-09", "1", "good"]
# Each row lacks its last name, so that it fails.
BAD = [
    ["0012", "Άννα", None, "1984-03-09", 3.2, "=1+1"],
    ["12345678901234567890", "Ελένη", None, "03/04/1984", -7, "'=SUM(A1)"],
    ["1E5", "'quoted", None, datetime.date(1990, 2, 1), 0.1, "+357 99 123456"],
    ["TRUE", "-", None, None, 1234567, "@home"],
    ["1-2", "Zoë, “the one”", None, None, None, "two\nlines"],
]


def workbook(file_format):
    file = io.BytesIO()
    if file_format == "xlsx":
        book = openpyxl.Workbook()
        for row in (HEADERS, GOOD, *BAD):
            book.active.append(row)
        for row in book.active:
            for cell in row:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
    else:
        book = xlwt.Workbook()
        sheet = book.add_sheet("Sheet1")
        styles = {datetime.date: xlwt.easyxf(num_format_str="yyyy-mm-dd")}
        for number, row in enumerate((HEADERS, GOOD, *BAD)):
            for index, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, index, cell, styles.get(type(cell), xlwt.Style.default_style))
    book.save(file)
    return file.getvalue()


def import_1042(file_format):
    """The import that the kept files come from: rows 3 to 7 failed."""
    job = ImportJob.objects.create(pk=1042, code="K7Q2", entity_type="contacts", from_command_line=True)
    name = f"contacts.{file_format}"
    drafts.keep_file(job, ContentFile(workbook(file_format), name=name), name)
    drafts.read(job, in_request=True)
    job = start(job, leave_out=True)
    assert (job.created, job.rejected) == (1, 5)
    return job


def saved_again(job, folder):
    """The failed-rows file, opened and saved by the LibreOffice of this machine."""
    office = shutil.which("soffice")
    if not office:
        assert os.environ.get("CI") != "true", "LibreOffice is to be there: see tests/bring_office.py"
        pytest.skip("LibreOffice is not installed")
    source = folder / f"contacts.{job.file_format}"
    with file_storage().open(job.failed_rows.name) as file:
        source.write_bytes(file.read())
    saved = folder / "saved"
    command = [office, f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    command += ["--convert-to", job.file_format, "--outdir", str(saved), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return (saved / source.name).read_bytes()


def rows_of(job):
    return [(number, cells) for number, cells in iter_rows(file_storage(), job.get_reading())]


def as_read(cells):
    return [{"date": cell.isoformat()} if isinstance(cell, datetime.date) else cell for cell in cells]


def assert_is_unharmed(content, root):
    repair = draft("products", content, f"contacts - failed rows.{root.file_format}")
    assert (repair.repairs, repair.entity_type) == (root, "contacts")
    assert repairs.is_ready(repair)
    assert repair.mapping == root.mapping
    assert rows_of(repair) == [(1, HEADERS), *enumerate(map(as_read, BAD), 3)]


@pytest.mark.parametrize("file_format", ["xlsx", "xls"])
def test_a_kept_file_of_failed_rows_is_recognised_and_unharmed(file_format):
    content = (KEPT / f"contacts - failed rows.{file_format}").read_bytes()
    assert_is_unharmed(content, import_1042(file_format))


@pytest.mark.parametrize("file_format", ["xlsx", "xls"])
def test_failed_rows_saved_by_this_machines_libreoffice_are_recognised_and_unharmed(file_format, tmp_path):
    root = import_1042(file_format)
    assert_is_unharmed(saved_again(root, tmp_path), root)
