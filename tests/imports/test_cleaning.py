import datetime
import gc

from imports.cleaning import Cleaner, Row
from imports.importers import importer_for
from imports.mapping import Mapping, Options


def clean_corrected(corrections=None, **values):
    importer = importer_for("contacts")
    mapping = Mapping({"first_name": 0, "last_name": 1, "birth_date": 2, "phone_country": 3}, {}, values)
    cleaner = Cleaner(importer, mapping, Options(date_order="mdy"), corrections=corrections)
    return cleaner.clean(7, ["Ada", "Sample", "1984-13-40", "Cyprus!"])


def test_a_value_chosen_for_another_is_used_wherever_the_file_says_that_one():
    row = clean_corrected(phone_country={"Cyprus!": "CYP"}, birth_date={"1984-13-40": None})
    assert not row.problems
    assert row.values == {"first_name": "Ada", "last_name": "Sample", "phone_country": "CYP"}


def test_a_corrected_cell_counts_instead_of_the_files_in_its_row_alone():
    corrections = {7: {"birth_date": "1984-03-09", "phone_country": None}, 8: {"last_name": "Other"}}
    row = clean_corrected(corrections)
    assert not row.problems
    assert row.values == {
        "first_name": "Ada",
        "last_name": "Sample",
        "birth_date": datetime.date(1984, 3, 9),
    }


def test_a_correction_that_its_column_refuses_is_a_problem_of_the_row():
    row = clean_corrected({7: {"birth_date": "yesterday", "phone_country": "CYP"}})
    assert [(p.code, p.column, p.value) for p in row.problems] == [
        ("not_a_date", "Date of Birth", "yesterday")
    ]


def test_rows_with_problems_are_let_go_as_soon_as_they_are_dealt_with():
    """An error that is kept alive keeps all rows of its batch alive, until somebody collects garbage."""
    mapping = Mapping({"email": 0, "birth_date": 1, "gender": 2}, {}, {})
    cleaner = Cleaner(importer_for("contacts"), mapping, Options())
    numbers = range(10**9, 10**9 + 100)  # no other test's
    gc.disable()
    try:
        rows = [cleaner.clean(number, ["no address", "no date", "no gender"]) for number in numbers]
        assert all(len(row.problems) == 3 for row in rows)
        del rows
        assert not [o for o in gc.get_objects() if type(o) is Row and o.number in numbers]
    finally:
        gc.enable()
