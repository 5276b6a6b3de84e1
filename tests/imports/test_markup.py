"""What a file, a person or a name says is text on every page, however much it looks like markup or a form."""

import io
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import NoReverseMatch, reverse

from entities.models import Contact
from imports import remembering
from imports.models import ImportJob
from imports.writers import WRITERS, Style
from tests.imports.journeys import check, draft, run_import, undo_check
from tests.imports.test_permissions import NOT_ALLOWED, PAGES

pytestmark = pytest.mark.django_db

EVIL = """"'></script><x-evil onfocus=alert(1)>"""
HEADERS = ["Contact Code", "First Name", "Last Name", "Contact Email", "Contact Classification", EVIL]


class Elements(HTMLParser):
    """The names of all elements of a page."""

    def __init__(self, page):
        super().__init__()
        self.found = set()
        self.feed(page)

    def handle_starttag(self, name, attributes):
        self.found.add(name)


def workbook(*rows):
    file = io.BytesIO()
    WRITERS["xlsx"](file, [HEADERS, *rows], Style())
    return file.getvalue()


CONTENT = workbook(
    ["A1", EVIL, "Sample", None, "VIP", EVIL],
    ["A2", "Ann", EVIL, EVIL, "VIP", None],
    [EVIL, "Bob", "Sample", EVIL, EVIL, None],
    ["A4", "Cid", None, None, EVIL, None],
)


@pytest.fixture
def owner(business_admin):
    business_admin.first_name = business_admin.last_name = EVIL
    business_admin.save()
    return business_admin


@pytest.fixture
def drafted(owner):
    job = draft("contacts", CONTENT, f"{EVIL}.xlsx", user=owner)
    remembering.save_as(job, EVIL, shared=True)
    check(job)
    return job


@pytest.fixture
def imported(owner):
    job = run_import("contacts", CONTENT, f"{EVIL}.xlsx", leave_out=True, user=owner, generate=True)
    undo_check(job)
    return job


def addresses(drafted, imported):
    """Of all pages of an import, of those that are a draft's, and of the others."""
    for name, page in PAGES.items():
        if page.get == 200 and name not in ("failed-rows", "sample", "results"):
            for arguments in ([drafted.pk], [imported.pk], [imported.pk, 2], []):
                try:
                    yield reverse(f"imports:{name}", args=arguments)
                except NoReverseMatch:
                    continue
    for outcome in ("rejected", "created"):
        yield f"{reverse('imports:preview', args=[drafted.pk])}?outcome={outcome}"
    for row in (2, 3, 4, 5):
        yield reverse("imports:row", args=[imported.pk, row])
    for model in (Contact, ImportJob._meta.get_field("events").related_model):
        if model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            yield reverse(f"{name}_changelist")
            for record in model.objects.all():
                yield reverse(f"{name}_change", args=[record.pk])
                yield reverse(f"{name}_history", args=[record.pk])


def test_no_page_takes_what_it_is_told_for_markup(client, owner, drafted, imported):
    client.force_login(owner)
    said = 0
    for address in addresses(drafted, imported):
        response = client.get(address)
        if response.status_code == 200 and not response.streaming:
            page = response.content.decode()
            assert "x-evil" not in Elements(page).found, address
            said += "x-evil" in page
    assert imported.created == 1
    assert said > 20


FORGED = {
    "state": "completed",
    "created_by": "1",
    "created_by_id": "1",
    "from_command_line": "True",
    "entity_type": "devices",
    "code": "AAAA",
    "file": "imports/another/source",
    "file_name": "forged.csv",
    "sha256": "0" * 64,
    "rows": "7",
    "created": "7",
    "repairs": "1",
    "repairs_id": "1",
    "undone_at": "2020-01-01",
    "started_at": "2020-01-01",
    "failed_rows": "imports/another/failed",
    "reason": "forged",
    "id": "1",
    "pk": "1",
}
TAKEN = {"rows", "file", "file_name", "sha256"}  # a new file says these itself


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page.post != NOT_ALLOWED])
def test_a_form_sets_only_what_it_asks_for(client, owner, superuser, name):
    """Every form, with all that it does not have: whose an import is, how far, and which file."""
    client.force_login(owner)
    job = draft("contacts", b"Contact Code,First Name,Last Name\nA1,Ann,Sample\nA2,Bob,\n", user=owner)
    fields = [field.attname for field in ImportJob._meta.concrete_fields if field.attname in FORGED]
    before = ImportJob.objects.values_list(*fields).get(pk=job.pk)
    forged = FORGED | {"created_by": superuser.pk, "created_by_id": superuser.pk, "action": "next"}
    if name == "upload":
        forged["file"] = SimpleUploadedFile("new.csv", b"Contact Code,First Name,Last Name\nB1,Bea,Sample\n")
    try:
        address = reverse(f"imports:{name}", args=[job.pk])
    except NoReverseMatch:
        address = reverse(f"imports:{name}")
    assert client.post(address, forged).status_code < 500
    after = ImportJob.objects.values_list(*fields).filter(pk=job.pk).first() or before
    differ = {field for field, old, new in zip(fields, before, after, strict=True) if old != new}
    assert differ <= (TAKEN if name == "upload" else set())
    assert not {"imports/another/source", "forged.csv", "0" * 64} & set(after)
    assert not ImportJob.objects.filter(created_by=superuser).exists()
    assert len(fields) > 10
