import time
from pathlib import Path

import pytest
from django.core.files.storage import InMemoryStorage

from imports.parts import Limits, first_rows, read_file
from imports.readers import UnreadableFile

FOLDER = Path(__file__).resolve().parents[1] / "files"
FILES = sorted(path for path in FOLDER.glob("*/*") if path.is_file())
LIMITS = Limits(address_space=500 << 20, cpu_seconds=5, wall_seconds=5)
UNREADABLE = {
    "agate/examples__empty.csv": "no_rows",
    "frictionless/data__compression__implicit-gz.csv": "wrong_type",
    "frictionless/data__compression__implicit-zip.csv": "wrong_type",
    "frictionless/data__empty.csv": "empty_file",
    "python-calamine/tests__data__empty_file.xlsx": "empty_file",
    "python-calamine/tests__data__password.xls": "password_protected",
    "python-calamine/tests__data__password.xlsx": "password_protected",
    "xlrd/tests__samples__picture_in_cell.xls": "blank_workbook",
    "xlrd/tests__samples__sample.xlsx": "blank_workbook",
}


def name_of(path):
    return f"{path.parent.name}/{path.name}"


def outcome(path):
    """Return the code of what is wrong with the file, or None after its rows have been read."""
    storage = InMemoryStorage()
    try:
        reading = read_file(path, name=path.name, storage=storage, prefix="parts", limits=LIMITS)
    except UnreadableFile as problem:
        return problem.code
    assert first_rows(storage, reading, 1)
    return None


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_foreign_file_gives_its_rows_or_its_sentence_in_five_seconds(path):
    start = time.monotonic()
    assert outcome(path) == UNREADABLE.get(name_of(path))
    assert time.monotonic() - start < 5


def test_corpus_is_there():
    assert len(FILES) == 63
