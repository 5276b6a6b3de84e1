import pytest

from imports.forms import MappingForm, ReadingForm, fixed_name, header_name
from imports.importers import importers
from imports.models import ImportJob
from imports.parts import Reading

HEADERS = ["Serial", "Product", "MAC"]


def draft(slug="devices", **reading):
    values = {"format": "csv", "sheet": None, "sheets": [], "encoding": "utf-8", "delimiter": ",", **reading}
    return ImportJob(entity_type=slug, reading=Reading(**values).to_json())


def mapping_form(job, data, headers=HEADERS, ambiguous=None):
    return MappingForm(data, job=job, headers=headers, find_ambiguous_date=lambda mapping: ambiguous)


def sentences(form):
    return [sentence for found in form.errors.values() for sentence in found]


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_headers_with_the_columns_names_need_nothing_more(importer):
    headers = [column.name for column in importer.columns]
    data = {header_name(i): column.key for i, column in enumerate(importer.columns)} | {"skip_header": "on"}
    form = mapping_form(draft(importer.slug), data, headers)
    assert form.is_valid(), form.errors
    assert form.mapping.columns == {column.key: index for index, column in enumerate(importer.columns)}
    assert form.options.header_row == 1


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_every_required_column_that_nothing_feeds_is_named(importer):
    form = mapping_form(draft(importer.slug), {"header-0": ""}, ["Notes"])
    assert not form.is_valid()
    for column in importer.required:
        assert form.has_error(fixed_name(column))
        assert f"{column.name} is required." in form.errors[fixed_name(column)][0]


def test_a_fixed_value_feeds_a_required_column():
    data = {"header-0": "serial_number", "fixed-product": "DEC-4K"}
    form = mapping_form(draft(), data)
    assert form.is_valid()
    assert form.mapping.fixed == {"product": "DEC-4K"}


def test_a_fixed_value_of_a_column_that_a_header_feeds_is_left_out():
    data = {"header-0": "serial_number", "header-1": "product", "fixed-product": "DEC-4K"}
    form = mapping_form(draft(), data)
    assert form.is_valid()
    assert form.mapping.fixed == {}


def test_a_fixed_value_that_its_column_refuses_says_what_to_do():
    form = mapping_form(draft("contacts"), {"header-0": "company_name", "fixed-phone_country": "Atlantis"})
    assert sentences(form) == [
        "Contact Phone Country: “Atlantis” is not a country that is known. "
        "Use the three-letter code, such as CYP for Cyprus."
    ]


def test_two_headers_on_one_column_are_refused_naming_both():
    data = {"header-0": "serial_number", "header-1": "product", "header-2": "product"}
    form = mapping_form(draft(), data)
    assert sentences(form) == [
        "“Product” and “MAC” both feed Product Code. Keep one and choose “Do not import” "
        "or another column for the other."
    ]
    assert form.mapping.columns["product"] == 1


def test_with_updating_only_the_key_is_required():
    assert mapping_form(draft(), {"header-0": "serial_number", "update": "on"}).is_valid()
    without_key = mapping_form(draft(), {"header-1": "product", "update": "on"})
    assert list(without_key.errors) == ["fixed-serial_number"]


def test_a_file_without_any_mapped_header_cannot_go_on():
    form = mapping_form(draft("contacts"), {"fixed-first_name": "Ann", "fixed-last_name": "Sample"})
    assert sentences(form) == ["No header is mapped. Choose a column for at least one of them."]


def test_an_unticked_first_row_means_that_the_file_has_no_headers():
    form = mapping_form(draft("contacts"), {"header-0": "first_name", "header-1": "last_name"})
    assert form.is_valid()
    assert form.options.header_row == 0


def test_codes_are_neither_updated_nor_generated():
    form = mapping_form(draft("reward-scheme-codes"), {"update": "on", "generate": "on"})
    assert {"update", "generate"}.isdisjoint(form.fields)
    form.is_valid()
    assert (form.options.update, form.options.generate) == (False, False)


def test_an_ambiguous_date_has_to_be_answered():
    data = {"header-0": "first_name", "header-1": "last_name"}
    assert list(mapping_form(draft("contacts"), data, ambiguous="03/04/1984").errors) == ["date_answer"]
    answered = mapping_form(draft("contacts"), data | {"date_answer": "mdy"}, ambiguous="03/04/1984")
    assert answered.is_valid()
    assert answered.options.date_order == "mdy"


# How the file is read


def reading_form(data, job=None, rows=((1, ["Code", "Name"]), (2, ["A", "B"])), **more):
    form = ReadingForm(data, job=job or draft(), first_rows=rows, **more)
    form.is_valid()
    return form


def test_only_what_there_is_a_choice_of_is_asked():
    assert set(reading_form(None).fields) == {"header_row", "encoding", "delimiter"}
    sheets = [{"name": name, "visible": True, "rows": 2, "selected": name == "A"} for name in "AB"]
    workbook = draft("products", sheet="A", sheets=sheets, encoding=None, delimiter=None)
    assert set(reading_form(None, workbook).fields) == {"sheet", "header_row", "decimal_mark"}
    assert "date_order" in reading_form(None, draft("contacts")).fields
    assert "date_order" not in reading_form(None, draft("contacts"), asks_dates=True).fields


def test_an_unchanged_form_reads_nothing_anew():
    assert reading_form({"encoding": "utf-8", "delimiter": ",", "header_row": "1"}).reads_anew() == {}
    assert reading_form({}).reads_anew() == {}


def test_a_chosen_delimiter_keeps_the_encoding():
    form = reading_form({"encoding": "utf-8", "delimiter": ";"})
    assert form.reads_anew() == {"encoding": "utf-8", "delimiter": ";"}


def test_another_encoding_lets_the_delimiter_be_found_again():
    form = reading_form({"encoding": "windows-1253", "delimiter": ","})
    assert form.reads_anew() == {"encoding": "windows-1253"}


def test_rows_are_offered_with_their_first_texts():
    rows = [(1, ["Customers of 2026", None]), (3, ["Code", "Name", "Phone", "Town", "Notes"])]
    assert reading_form(None, rows=rows).fields["header_row"].choices == [
        (1, "Row 1: Customers of 2026"),
        (3, "Row 3: Code · Name · Phone · Town …"),
    ]


def test_headers_below_title_lines_are_proposed_again_after_none_were_imported_as_such():
    job = draft()
    job.options = {"header_row": 0}
    form = ReadingForm(None, job=job, first_rows=[(1, ["Export"]), (3, HEADERS), (4, ["S1", "P", "M"])])
    assert form.initial["header_row"] == 3
