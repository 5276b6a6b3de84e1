import re
from html import unescape

import pytest
from django.urls import reverse

from entities.models import Organisation
from imports.fields import LookUp, Text
from imports.importers import Column, Importer, importers, register, unregister
from imports.manual import file_problem
from imports.problems import CATALOGUE
from imports.readers_problems import FILE_PROBLEMS

MANUAL = "/import-data/manual/"
TYPES = [importer.slug for importer in importers()]


@pytest.fixture
def page(client, support):
    client.force_login(support)
    return unescape(client.get(MANUAL).content.decode())


def chapter(page, slug):
    return re.search(rf'<section id="{slug}">.*?</section>', page, re.S).group()


@pytest.mark.parametrize("importer", importers(), ids=TYPES)
def test_each_type_has_an_anchor_and_a_row_for_each_column(page, importer):
    assert f'href="#{importer.slug}"' in page
    rows = re.findall(r'<th scope="row">(.*?)(?: <span.*?)?</th>', chapter(page, importer.slug))
    assert rows == [column.name for column in importer.columns]


@pytest.mark.parametrize("importer", importers(), ids=TYPES)
def test_each_column_says_what_is_accepted_and_its_other_names(page, importer):
    text = chapter(page, importer.slug)
    for column in importer.columns:
        assert column.field.expects[1:] in text
        assert str(column.help) in text
        assert ", ".join(column.synonyms) in text


def test_look_ups_are_marked_as_generated(page):
    row = re.search(
        r"<tr>\s*<th scope=\"row\">Contact Classification.*?</tr>", chapter(page, "contacts"), re.S
    ).group()
    assert "<td>yes</td>" in row


def test_options_are_explained_for_the_types_that_have_them(page):
    assert "Automatically generate missing attributes (Product Type, Product Family, Brand)" in page
    assert "Update existing contacts" in page
    assert "Reward Scheme Codes are never updated" in page


def test_each_title_of_the_contents_leads_to_its_section(page):
    anchors = re.findall(r'<li><a href="#([\w-]+)"', page)
    assert anchors == re.findall(r'<section id="([\w-]+)"', page.partition('<article class="manual">')[2])


def test_rows_that_would_double_are_explained_for_the_type_that_has_them(page):
    assert "Contacts: rows that would double" in page
    assert "listed beside that record: Contact Email, Contact Phone Number." in page
    assert "Devices: rows that would double" not in page


def test_each_problem_is_explained(page):
    texts = [
        re.sub(r"\{\w+\}( \{\w+\})*", "…", text)
        for cause in CATALOGUE.values()
        for text in (cause.sentence, cause.advice)
    ]
    assert [text for text in texts if text[1:] not in page] == []


def test_each_file_problem_says_what_and_what_to_do(page):
    for said, advice in map(file_problem, FILE_PROBLEMS.values()):
        assert advice
        assert f"<td>{said}</td><td>{advice}</td>" in page


def test_the_end_links_the_records_lists(page):
    for url in ("contact", "device", "product", "rewardscheme", "rewardschemecode"):
        assert f'href="/entities/{url}/"' in page


def test_another_entity_type_appears_unasked(client, support):
    @register
    class Organisations(Importer):
        slug = "organisations"
        title = "Organisations"
        purpose = "A fifth type."
        model = Organisation
        key = "name"
        columns = (Column("Organisation Name", Text(), "name", required=True, synonyms=("Firm",)),)

    client.force_login(support)
    try:
        text = chapter(client.get(MANUAL).content.decode(), "organisations")
    finally:
        unregister("organisations")
    assert "Organisation Name" in text
    assert "Firm" in text
    assert not any(isinstance(column.field, LookUp) for column in Organisations.columns)


@pytest.mark.parametrize("format", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize("slug", TYPES)
def test_a_sample_of_each_type_can_be_had_in_each_format(client, support, slug, format):
    client.force_login(support)
    response = client.get(reverse("imports:sample", args=[slug, format]))
    assert response["Content-Disposition"] == f'attachment; filename="{slug} - sample.{format}"'
    assert len(response.content) > 50


@pytest.mark.parametrize(("slug", "format"), [("nothing", "csv"), ("contacts", "pdf")])
def test_there_is_no_sample_of_other_types_and_formats(client, support, slug, format):
    client.force_login(support)
    assert client.get(reverse("imports:sample", args=[slug, format])).status_code == 404
