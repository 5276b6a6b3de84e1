import time

import pytest
from django.utils import translation

from imports.parts import Reading
from imports.problems import Problem
from imports.rows import capital_row_name, row_label, row_name, row_number

SHEETS = ["Jan", "Feb, late", "Feb"]


def test_a_row_of_one_sheet_is_named_by_its_number():
    assert row_name(1205) == "row 1,205"
    assert capital_row_name(1205) == "Row 1,205"
    assert row_label(1205) == 1205


def test_a_row_of_several_sheets_is_named_by_its_sheet_and_its_number_there():
    assert row_name(812, ["Sheet1", "Sheet2"]) == "Sheet1, row 812"
    assert row_name(2_000_812, ["Sheet1", "Sheet2"]) == "Sheet2, row 812"
    assert capital_row_name(2_001_812, ["sheet1", "sheet2"]) == "sheet2, row 1,812"
    assert row_label(2_001_812, ["Sheet1", "Sheet2"]) == "Sheet2, row 1812"


@pytest.mark.parametrize("number", [1, 65_536, 2_000_001, 2_065_536, 4_000_812])
def test_a_row_is_found_again_by_its_label_and_its_name(number):
    assert row_number(row_label(number, SHEETS), SHEETS) == number
    assert row_number(row_name(number, SHEETS), SHEETS) == number


def test_a_row_is_found_again_in_any_language():
    assert row_number("Feb, γραμμή 1.812", SHEETS) == 4_001_812
    assert row_number("Feb, late, γραμμή 12", SHEETS) == 2_000_012
    with translation.override("el"):
        assert row_number(row_name(2_001_812, SHEETS), SHEETS) == 2_001_812


def test_numbers_come_back_from_cells_of_every_kind():
    assert [row_number(cell) for cell in (12, "12", " 1,205 ", "row 12", "Row 1205")] == [
        12,
        12,
        1205,
        12,
        1205,
    ]


@pytest.mark.parametrize("text", ["", "Sheet2", "row", "12.0", None])
def test_what_names_no_row_is_none(text):
    assert row_number(text) is None


@pytest.mark.parametrize("text", ["812", "Mar, row 812", "January, row 812"])
def test_a_row_of_no_sheet_of_the_file_is_none(text):
    assert row_number(text, SHEETS) is None


def test_a_reading_knows_its_rows():
    one = Reading("xlsx", "Jan", [], None, None)
    assert (one.row_name(5), one.row_number("5")) == ("row 5", 5)
    joined = [{"name": "Jan", "skipped": 0}, {"name": "Feb", "skipped": 1}]
    several = Reading("xlsx", "Jan", [], None, None, joined=joined)
    assert several.row_name(2_000_005) == "Feb, row 5"
    assert several.row_number("Feb, row 5") == 2_000_005


def test_a_problem_names_the_other_row_by_its_sheet():
    assert Problem("twice_in_file", "Code", "x", {"row": 5}).sentence == "“x” is in row 5 too"
    problem = Problem("twice_in_file", "Code", "x", {"row": 2_000_812, "sheet": "Sheet2"})
    assert problem.sentence == "“x” is in Sheet2, row 812 too"


def test_a_text_made_to_be_searched_for_long_is_no_row():
    began = time.process_time()
    assert row_number("111\u00a0" * 20_000 + "x") is None
    assert time.process_time() - began < 1
