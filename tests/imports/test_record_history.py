"""From a record to the imports that made it what it is."""

import html
import re

import pytest
from django.urls import reverse

from entities.models import Contact
from imports.importers import importer_for
from imports.record_history import entries
from tests.conftest import person
from tests.factories import ContactFactory
from tests.imports.journeys import csv_bytes, run_import

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact():
    """Created by one import and changed by another."""
    run_import("contacts", csv_bytes("Contact Code,First Name,Last Name", "A1,Anna,Sample"), "new.csv")
    rows = ["X,Other,Person", "A1,Ann,Lee"]
    run_import("contacts", csv_bytes("Contact Code,First Name,Last Name", *rows), "change.csv", update=True)
    return Contact.objects.get(code="A1")


def page(client, name, contact):
    answer = client.get(reverse(f"admin:entities_contact_{name}", args=[contact.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def words(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_page_of_a_record_leads_to_the_rows_that_made_it(client, business_admin, contact):
    client.force_login(business_admin)
    shown = page(client, "change", contact)
    change, new = entries(importer_for("contacts"), contact.pk)[::-1]
    said = words(shown)
    assert f"Created by import {new.job.pk}, row 2 of new.csv" in said
    assert f"Changed First Name and Last Name by import {change.job.pk}, row 3 of change.csv" in said
    assert said.index("change.csv") < said.index("new.csv")
    assert reverse("imports:row", args=[change.job.pk, 3]) in shown


def test_the_history_of_a_record_tells_of_imports_in_the_order_of_time(client, business_admin, contact):
    client.force_login(business_admin)
    change = reverse("admin:entities_contact_change", args=[contact.pk])
    fields = {"type": "PERSON", "code": "A1", "first_name": "Annie", "last_name": "Lee"}
    management = {f"addresses-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert client.post(change, fields | management).status_code == 302
    said = words(page(client, "history", contact))
    created, changed, by_hand = (
        said.index(part) for part in ("row 2 of new.csv", "row 3 of change.csv", "Changed First name")
    )
    assert created < changed < by_hand
    assert "3 entries" in said


def test_a_record_without_imports_has_its_usual_history(client, business_admin):
    client.force_login(business_admin)
    contact = ContactFactory()
    assert "doesn’t have a change history" in page(client, "history", contact)
    assert "record-imports-title" not in page(client, "change", contact)


def test_who_may_not_see_imports_is_not_told_of_them(client, contact):
    user = person("clerk", "Support")
    user.groups.get().permissions.get(codename="view_importjob").group_set.clear()
    client.force_login(user)
    for name in ("change", "history"):
        assert "new.csv" not in page(client, name, contact)


def test_a_record_that_does_not_exist_is_not_found_as_ever(client, business_admin):
    client.force_login(business_admin)
    for name in ("change", "history"):
        answer = client.get(reverse(f"admin:entities_contact_{name}", args=["nothing"]))
        assert answer.url == reverse("admin:index")


def test_entries_take_two_queries_however_many_there_are(contact, django_assert_num_queries):
    for n in range(3):
        rows = [f"A1,Anna,Name{n}"]
        run_import("contacts", csv_bytes("Contact Code,First Name,Last Name", *rows), update=True)
    with django_assert_num_queries(2):
        assert len(entries(importer_for("contacts"), contact.pk)) == 5
