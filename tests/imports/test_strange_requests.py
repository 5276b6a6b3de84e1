"""What nobody types by accident, in addresses and forms: an answer that is a page, never an error."""

import pytest
from django.urls import reverse

from imports import correcting_section, repairs
from tests.imports.journeys import check, csv_bytes, draft, run_import, undo_check

pytestmark = pytest.mark.django_db

CONTENT = csv_bytes(
    "Contact Code,First Name,Last Name,Contact Email,Gender", "A1,Ann,S,a@b.com,", "A2,A,S,bad,?", "A3,,,,"
)
NUMBERS = pytest.mark.parametrize("text", ["9" * 20, "9" * 5000, "abc", "-1", "²", "\x00", ""])


@pytest.fixture
def prepared(client, business_admin):
    job = draft("contacts", CONTENT, user=business_admin)
    check(job)
    client.force_login(business_admin)
    return job


def url(name, *arguments):
    return reverse(f"imports:{name}", args=arguments)


@NUMBERS
@pytest.mark.parametrize("name", ["row", "page", "outcome"])
def test_a_preview_of_what_is_not_there(client, prepared, name, text):
    assert client.get(url("preview", prepared.pk), {name: text}).status_code == 200


@NUMBERS
def test_a_draft_that_does_not_exist(client, prepared, text):
    assert client.get(url("create"), {"draft": text}).status_code == 200


@NUMBERS
def test_saved_rows_that_do_not_exist(client, prepared, text):
    assert client.get(url("correct-rows", prepared.pk), {"saved": text}).status_code in (200, 302)
    assert client.post(url("correct-rows", prepared.pk), {"row": text}).status_code == 302


@NUMBERS
def test_a_row_that_an_import_does_not_have(client, business_admin, text):
    client.force_login(business_admin)
    job = run_import("contacts", CONTENT, leave_out=True)
    assert client.get(url("find-row", job.pk), {"row": text}).url == url("detail", job.pk)


def test_the_page_of_a_row_of_many_digits(client, business_admin):
    client.force_login(business_admin)
    job = run_import("contacts", CONTENT, leave_out=True)
    for digits in (10, 20, 4000):
        assert client.get(f"/import-data/{job.pk}/rows/{'9' * digits}/").status_code == 404


@NUMBERS
def test_an_undo_that_was_never_looked_at(client, business_admin, text):
    client.force_login(business_admin)
    job = run_import("contacts", CONTENT, leave_out=True)
    undo_check(job)
    response = client.post(url("undo-start", job.pk), {"check": text})
    assert response.status_code in (302, 404)
    job.refresh_from_db()
    assert job.undone_at is None


def test_rows_chosen_for_a_draft_without_a_file(client, business_admin):
    client.force_login(business_admin)
    root = run_import("contacts", CONTENT, leave_out=True)
    bare = repairs.create(root, business_admin)
    assert client.post(url("choose-rows", bare.pk), {"rows": "own"}).status_code == 302
    assert client.post(url("choose-rows", bare.pk), {"rows": "all"}).status_code == 404


@pytest.mark.parametrize("typed", ["a\x00b", "x" * 100_000])
def test_texts_that_no_database_likes_as_corrections(client, prepared, typed):
    causes = correcting_section.forms(prepared, prepared.latest_run("check"))
    for key in causes:
        posted = {"cause": key, "answer": typed, "value-0": typed, "value-1": typed}
        for action in ("values", "remedy", "option", "leave_out"):
            response = client.post(url("correct", prepared.pk), {**posted, "action": action})
            assert response.status_code in (200, 302, 404, 422)
    cells = {
        f"cell-{row}-{column}": typed for row in (3, 4) for column in ("email", "gender", "first_name", "x")
    }
    address = f"{url('correct-rows', prepared.pk)}?cause="
    for key in causes:
        response = client.post(address + key.replace("|", "%7C"), {"row": ["3", "4"], **cells})
        assert response.status_code in (200, 302, 422)
    assert client.get(url("preview", prepared.pk)).status_code == 200


@pytest.mark.parametrize("column", ["email", "no such column", "\x00", ""])
def test_taking_back_what_was_never_corrected(client, prepared, column):
    response = client.post(url("take-back", prepared.pk), {"column": column, "text": "a\x00b"})
    assert response.status_code in (302, 404)
