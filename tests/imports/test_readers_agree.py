import warnings

import pytest

from .agreeing import calamine_cells, openpyxl_cells, product
from .test_corpus import FILES, UNREADABLE, name_of
from .workbooks import read

WORKBOOKS = [path for path in FILES if path.suffix in (".xls", ".xlsx") and name_of(path) not in UNREADABLE]
OTHERS = {"xlsx": (openpyxl_cells, calamine_cells), "xls": (calamine_cells,)}
# {file: {cell: why another reader says something else}}
REASONS = {
    "python-calamine/tests__data__base.xls": {(2, 10): "a duration: xlrd takes it for a day of January 1900"},
    "python-calamine/tests__data__issue139.xlsx": {
        (2, 1): "a number with a format for dates that is beyond them: openpyxl leaves it blank"
    },
}


@pytest.mark.parametrize("path", WORKBOOKS, ids=name_of)
def test_readers_agree_cell_by_cell(path):
    reading, rows = read(path)
    found = product(rows)
    reasons = REASONS.get(name_of(path), {})
    for other_reader in OTHERS[reading.format]:
        other = cells_of(other_reader, path, reading.sheet)
        if other is None:
            continue
        differing = {place for place in found | other if found.get(place) != other.get(place)}
        assert differing <= reasons.keys()


def cells_of(reader, path, sheet):
    """What another reader finds, or None when it cannot read the file at all."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return reader(path, sheet)
    except Exception:  # Each raises what it likes.
        return None
