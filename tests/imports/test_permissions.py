"""Who gets what answer from which address of Import Data: roles × addresses × methods."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from imports import remembering
from imports.models import ImportJob
from tests.imports.journeys import csv_bytes, draft, run_import

# The owner of the draft comes last, because what they do with it is done once.
ROLES = ("anonymous", "staff", "support", "superuser", "business_admin")
LOG_IN, NOT_FOUND, NOT_ALLOWED = "log in", 404, 405

# {(name, method): {role: answer}}
REFUSED = {"anonymous": LOG_IN, "staff": NOT_FOUND}


def all_who_see(answer):
    return {**REFUSED, **dict.fromkeys(("support", "business_admin", "superuser"), answer)}


SEEN_BY_ALL = all_who_see(200)


def creators(answer):
    return {**REFUSED, "support": NOT_FOUND, "business_admin": answer, "superuser": answer}


# A superuser has the rights, but a draft is its owner's alone.
OWNERS_DRAFT = {**creators(200), "superuser": NOT_FOUND}
OWNERS_DRAFT_CHANGE = {**creators(302), "superuser": NOT_FOUND}

EXPECTED = {
    ("list", "GET"): SEEN_BY_ALL,
    ("manual", "GET"): SEEN_BY_ALL,
    ("sample", "GET"): SEEN_BY_ALL,
    ("detail", "GET"): SEEN_BY_ALL,
    ("progress", "GET"): SEEN_BY_ALL,
    ("failed-rows", "GET"): SEEN_BY_ALL,
    ("cancel", "GET"): creators(NOT_ALLOWED),
    ("cancel", "POST"): creators(302),
    ("continue", "GET"): creators(NOT_ALLOWED),
    ("continue", "POST"): creators(302),
    ("leave-out", "GET"): creators(NOT_ALLOWED),
    ("leave-out", "POST"): creators(302),
    ("create", "GET"): creators(200),
    ("create", "POST"): creators(200),
    ("upload", "GET"): OWNERS_DRAFT,
    ("upload", "POST"): OWNERS_DRAFT_CHANGE,
    ("mapping", "GET"): OWNERS_DRAFT,
    ("mapping", "POST"): OWNERS_DRAFT,
    ("preview", "GET"): OWNERS_DRAFT,
    ("preview-check", "GET"): OWNERS_DRAFT_CHANGE,
    ("doubles", "GET"): OWNERS_DRAFT_CHANGE,
    ("doubles", "POST"): OWNERS_DRAFT_CHANGE,
    ("start", "GET"): creators(NOT_ALLOWED),
    ("start", "POST"): OWNERS_DRAFT_CHANGE,
    ("correct", "GET"): dict.fromkeys(ROLES, NOT_ALLOWED),
    ("correct", "POST"): OWNERS_DRAFT_CHANGE,
    ("correct-rows", "GET"): OWNERS_DRAFT_CHANGE,
    ("correct-rows", "POST"): OWNERS_DRAFT_CHANGE,
    ("take-back", "GET"): dict.fromkeys(ROLES, NOT_ALLOWED),
    ("take-back", "POST"): OWNERS_DRAFT_CHANGE,
    ("choose-rows", "GET"): {**creators(NOT_ALLOWED), "superuser": NOT_FOUND},
    ("choose-rows", "POST"): OWNERS_DRAFT_CHANGE,
    ("repair", "GET"): creators(NOT_ALLOWED),
    ("repair", "POST"): creators(302),
    ("upload-corrected", "GET"): creators(NOT_ALLOWED),
    ("upload-corrected", "POST"): creators(302),
    ("rows-left", "GET"): SEEN_BY_ALL,
    ("find-row", "GET"): all_who_see(302),
    ("row", "GET"): SEEN_BY_ALL,
    ("results", "GET"): SEEN_BY_ALL,
    ("prepare-results", "GET"): all_who_see(NOT_ALLOWED),
    ("prepare-results", "POST"): all_who_see(302),
    ("results-progress", "GET"): SEEN_BY_ALL,
    ("start-over", "GET"): creators(NOT_ALLOWED),
    ("start-over", "POST"): creators(302),
    ("undo", "GET"): creators(200),
    ("undo-check", "GET"): creators(302),
    ("undo-again", "GET"): creators(NOT_ALLOWED),
    ("undo-again", "POST"): creators(302),
    ("undo-start", "GET"): creators(NOT_ALLOWED),
    ("undo-start", "POST"): creators(NOT_FOUND),
    ("undo-continue", "GET"): creators(NOT_ALLOWED),
    ("undo-continue", "POST"): creators(302),
    ("undo-kept", "GET"): all_who_see(302),
    ("mappings", "GET"): creators(200),
    ("change-mapping", "GET"): creators(NOT_ALLOWED),
    ("change-mapping", "POST"): {**creators(422), "superuser": NOT_FOUND},
    ("delete-mapping", "GET"): creators(NOT_ALLOWED),
    ("delete-mapping", "POST"): OWNERS_DRAFT_CHANGE,
    ("delete-draft", "GET"): {**creators(NOT_ALLOWED), "superuser": NOT_FOUND},
    ("delete-draft", "POST"): OWNERS_DRAFT_CHANGE,
}
DRAFTS = {
    "correct",
    "correct-rows",
    "take-back",
    "choose-rows",
    "upload",
    "mapping",
    "preview",
    "preview-check",
    "doubles",
    "start",
    "delete-draft",
}


def names_of_addresses():
    patterns = next(r for r in get_resolver().url_patterns if getattr(r, "namespace", "") == "imports")
    return {pattern.name for pattern in patterns.url_patterns}


def test_every_address_is_in_the_table():
    assert {name for name, _ in EXPECTED} == names_of_addresses()


@pytest.mark.parametrize(("name", "method"), EXPECTED)
def test_answers_of(request, client, business_admin, name, method):
    url = address(name, business_admin)
    answers = {role: answer_to(request, client, role, method, url) for role in ROLES}
    assert answers == EXPECTED[name, method]


def answer_to(request, client, role, method, url):
    client.logout()
    if role != "anonymous":
        client.force_login(request.getfixturevalue(role))
    job = ImportJob.objects.first()
    data = {"start_key": job.start_key} if job else {}
    response = client.post(url, data) if method == "POST" else client.get(url)
    is_log_in = response.status_code == 302 and response.url.startswith(reverse("admin:login"))
    return LOG_IN if is_log_in else response.status_code


def address(name, owner):
    """The address, of an import or a draft of the business admin."""
    content = csv_bytes(
        "Contact Code,First Name,Last Name,Contact Email", "A1,Anna,Sample,a@example.com", "A2,A,S,bad"
    )
    if name in ("change-mapping", "delete-mapping"):
        drafted = draft("contacts", content, user=owner)
        remembering.save_as(drafted, "Monthly", shared=True)
        return reverse(f"imports:{name}", args=[drafted.remembered_id])
    if name == "sample":
        return reverse("imports:sample", args=["contacts", "csv"])
    if name in DRAFTS:
        return reverse(f"imports:{name}", args=[draft("contacts", content, user=owner).pk])
    try:
        return reverse(f"imports:{name}")
    except NoReverseMatch:
        job = run_import("contacts", content)
        return reverse(f"imports:{name}", args=[job.pk, 2] if name == "row" else [job.pk])


@pytest.mark.parametrize("name", ["detail", "progress", "cancel", "continue", "leave-out", "failed-rows"])
def test_an_import_that_does_not_exist_is_not_found(client, business_admin, name):
    client.force_login(business_admin)
    method = client.post if name in ("cancel", "continue", "leave-out") else client.get
    assert method(reverse(f"imports:{name}", args=[999])).status_code == 404


def test_a_business_admin_cancels_anybodys_import(client, business_admin, superuser):
    job = ImportJob.objects.create(
        entity_type="contacts", state="in_progress", created_by=superuser, file_name="theirs.csv", options={}
    )
    job.runs.create(kind="check")
    client.force_login(business_admin)
    client.post(reverse("imports:cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == ImportJob.State.CANCELLED


def test_an_account_that_is_not_staff_gets_nothing(client, support):
    support.is_staff = False
    support.save()
    client.force_login(support)
    assert client.get(reverse("imports:list")).status_code == 404


def test_nobody_posts_from_another_site(business_admin):
    client = Client(enforce_csrf_checks=True)
    client.force_login(business_admin)
    url = address("cancel", business_admin)
    assert client.post(url).status_code == 403
