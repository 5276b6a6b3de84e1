import pytest

from imports.importers import importer_for, importers
from imports.mapping import Mapping, guess_header_row, headers_of, letters
from imports.suggestions import suggest


def suggested(slug, *headers):
    found = suggest(importer_for(slug), headers)
    return [suggestion and suggestion.column.name for suggestion in found]


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_every_column_is_suggested_for_its_own_name(importer):
    names = [column.name for column in importer.columns]
    assert [s.column.name for s in suggest(importer, names)] == names


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_every_synonym_leads_to_a_column(importer):
    for column in importer.columns:
        for synonym in column.synonyms:
            assert suggest(importer, [synonym])[0] is not None


def test_case_accents_spaces_and_marks_make_no_difference():
    assert suggested("contacts", "e-mail", "ΤΗΛΕΦΩΝΟ", "last_name", "post code") == [
        "Contact Email",
        "Contact Phone Number",
        "Last Name",
        "Postal Code",
    ]


def test_a_column_is_suggested_once_and_its_own_name_wins():
    assert suggested("contacts", "Email", "Contact Email", "Shoe size") == [None, "Contact Email", None]


def test_repeated_and_empty_headers_get_names_of_their_own():
    assert headers_of(["Phone", "Phone", "", None, " Phone "], 6) == [
        "Phone",
        "Phone (2)",
        "Column C",
        "Column D",
        "Phone (3)",
        "Column F",
    ]


def test_columns_are_lettered_as_in_a_spreadsheet():
    assert [letters(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_title_lines_above_the_headers_are_passed():
    rows = [
        (1, ["Customers of 2026"]),
        (3, [None, "printed today"]),
        (4, ["Code", "First Name", "Surname"]),
        (5, ["1"]),
    ]
    assert guess_header_row(importer_for("contacts"), rows) == 4


def test_without_a_known_name_the_first_row_as_wide_as_most_holds_the_headers():
    rows = [(1, ["A title"]), (2, ["u", "v", "w"]), (3, ["1", "2", "3"]), (4, ["1", "2", "3"])]
    assert guess_header_row(importer_for("contacts"), rows) == 2


@pytest.mark.parametrize(
    ("fed", "missing"),
    [
        ([], ["First Name", "Last Name"]),
        (["email", "first_name"], ["Last Name"]),
        (["first_name", "last_name"], []),
        (["company_name"], []),
    ],
)
def test_contacts_need_the_names_of_persons_or_of_companies(fed, missing):
    mapping = Mapping(dict.fromkeys(fed, 0))
    assert [column.name for column in mapping.missing(importer_for("contacts"), update=False)] == missing


def test_updating_needs_the_key_alone():
    mapping = Mapping({"email": 0})
    missing = mapping.missing(importer_for("contacts"), update=True)
    assert [column.name for column in missing] == ["Contact Code"]
