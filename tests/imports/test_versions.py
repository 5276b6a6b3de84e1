"""What an earlier or a later version of the product stored of an import: pages tell, nothing is lost."""

import copy

import pytest
from django.urls import reverse

from entities.models import Contact
from imports import execution
from imports.models import ImportJob
from tests.imports.journeys import check, csv_bytes, draft, run_import, work
from tests.pages import form_values

pytestmark = pytest.mark.django_db

CONTENT = csv_bytes("Contact Code,First Name,Last Name,Contact Email", "A1,Ann,Sample,", "A2,Bob,Sample,none")
LATER = {  # what a later version might have added
    "reading": lambda reading: reading | {"pages": [1, 2]},
    "options": lambda options: options | {"merge": "always"},
    "mapping": lambda mapping: mapping | {"formulas": {"first_name": "=A1"}},
    "columns": lambda mapping: mapping | {"columns": mapping["columns"] | {"loyalty_level": 1}},
    "fixed": lambda mapping: mapping | {"fixed": {"loyalty_level": "gold"}},
    "values": lambda mapping: mapping | {"values": {"loyalty_level": {"a": "gold"}}},
    "stored": lambda mapping: mapping | {"stored": {"loyalty_level": "fill"}},
}
EARLIER = [  # what an earlier version did not have
    *(("reading", name) for name in ("joined", "own", "report", "totals", "hidden")),
    *(("options", name) for name in ("blanks", "doubles", "first_rows")),
    *(("mapping", name) for name in ("stored", "values")),
    *(("report", name) for name in ("columns", "is_complete")),
]
PAGES = ("upload", "mapping", "preview", "preview-check", "correct-rows", "doubles", "start")


def field_of(what):
    return what if what in ("reading", "options") else "mapping"


def store(job, **values):
    ImportJob.objects.filter(pk=job.pk).update(**values)
    job.refresh_from_db()


def without(job, what, name):
    """{field: its value} of an import as it was before something was known."""
    reading, holder = copy.deepcopy(job.reading), what
    if what == "report":
        reading["report"].pop(name)
        return {"reading": reading}
    value = dict(getattr(job, holder))
    value.pop(name)
    return {holder: value}


@pytest.fixture
def begun(client, business_admin):
    client.force_login(business_admin)
    return draft("contacts", CONTENT, user=business_admin)


def start_from_its_pages(client, job):
    """Go on with a draft as a person does: to its mapping, by Next Step to the preview, and start it."""
    page = client.get(reverse("imports:mapping", args=[job.pk]), follow=True)
    client.post(page.request["PATH_INFO"], form_of(page, "data-mapping"), follow=True)
    preview = client.get(reverse("imports:preview", args=[job.pk]), follow=True)
    assert preview.status_code == 200
    marker = reverse("imports:start", args=[job.pk])
    client.post(marker, form_of(preview, marker) | {"leave_out": "yes"})
    job.refresh_from_db()


def form_of(page, marker):
    return form_values(page.content.decode(), marker)


@pytest.mark.parametrize("what", LATER)
def test_a_draft_of_a_later_version_is_read_anew_and_says_so(client, begun, what):
    check(begun)
    field = field_of(what)
    store(begun, **{field: LATER[what](getattr(begun, field))})
    for name in ("list", "create"):
        assert client.get(reverse(f"imports:{name}")).status_code == 200
    page = client.get(reverse("imports:preview", args=[begun.pk]), follow=True)
    assert page.status_code == 200
    assert "another version of this system" in page.content.decode()
    start_from_its_pages(client, begun)
    assert begun.is_running


@pytest.mark.parametrize(("what", "name"), EARLIER)
def test_a_draft_of_an_earlier_version_is_read_anew_and_started(client, begun, what, name):
    store(begun, **without(begun, what, name))
    start_from_its_pages(client, begun)
    assert begun.is_running


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_draft_of_an_earlier_version_leads_on(client, begun, page):
    check(begun)
    store(begun, **without(begun, "report", "columns"))
    ask = client.post if page == "start" else client.get
    answer = ask(reverse(f"imports:{page}", args=[begun.pk]), follow=True)
    assert (answer.status_code, answer.resolver_match.view_name) == (200, "imports:mapping")
    assert "another version of this system" in answer.content.decode()


@pytest.mark.parametrize("what", LATER)
def test_a_running_import_of_a_later_version_stops_and_goes_on_with_that_version(
    client, begun, business_admin, what, monkeypatch
):
    queue, field = [], field_of(what)
    store(begun, **{field: LATER[what](getattr(begun, field))})
    execution.start(begun, business_admin, start_key=begun.start_key, leave_out=True, queue=queue.append)
    assert client.get(begun.get_absolute_url()).status_code == 200
    work(queue)
    begun.refresh_from_db()
    assert (begun.state, Contact.objects.count()) == ("failed", 0)
    page = client.get(begun.get_absolute_url()).content.decode()
    assert "prepared by a later version of this system" in page
    monkeypatch.setattr(ImportJob, "is_of_later_version", False)
    assert execution.resume(begun, business_admin, queue.append)
    work(queue)
    begun.refresh_from_db()
    assert (begun.state, begun.created, begun.rejected) == ("completed", 1, 1)


@pytest.mark.parametrize(("what", "name"), EARLIER)
def test_a_running_import_of_an_earlier_version_is_imported(client, begun, business_admin, what, name):
    queue = []
    store(begun, **without(begun, what, name))
    execution.start(begun, business_admin, start_key=begun.start_key, leave_out=True, queue=queue.append)
    assert client.get(begun.get_absolute_url()).status_code == 200
    work(queue)
    begun.refresh_from_db()
    assert (begun.state, begun.created, begun.rejected) == ("completed", 1, 1)


@pytest.mark.parametrize("what", LATER)
def test_an_ended_import_of_a_later_version_is_shown(client, business_admin, what):
    client.force_login(business_admin)
    job = run_import("contacts", CONTENT, leave_out=True)
    field = field_of(what)
    store(job, **{field: LATER[what](getattr(job, field))})
    number = reverse("imports:row", args=[job.pk, 3])
    for address in (
        job.get_absolute_url(),
        number,
        f"{job.get_absolute_url()}results/",
        reverse("imports:list"),
    ):
        assert client.get(address).status_code == 200, address
