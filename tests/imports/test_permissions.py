"""Who gets what answer from which address: roles × addresses × methods."""

from dataclasses import dataclass

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from entities.models import Contact
from imports import remembering
from imports.events import ImportEvent
from imports.models import ImportJob
from tests import factories
from tests.conftest import person
from tests.factories import ContactFactory
from tests.imports.journeys import csv_bytes, draft, run_import

pytestmark = pytest.mark.django_db

# The owner of what is asked for comes last, because what they do with it is done once.
ROLES = ("anonymous", "staff", "support", "another", "superuser", "owner")
METHODS = ("OPTIONS", "HEAD", "GET", "PUT", "PATCH", "DELETE", "POST")
LOG_IN, FORBIDDEN, NOT_FOUND, NOT_ALLOWED = "log in", 403, 404, 405
CONTENT = csv_bytes(
    "Contact Code,First Name,Last Name,Contact Email", "A1,Anna,Sample,a@example.com", "A2,A,S,bad"
)


@pytest.fixture
def another(db):
    return person("another", "Business admin")


@pytest.fixture
def owner(business_admin):
    return business_admin


@pytest.fixture
def ask(request):
    """A function (role, method, address) → the answer."""
    clients = {role: Client() for role in ROLES}
    for role in ROLES[1:]:
        clients[role].force_login(request.getfixturevalue(role))

    def answer(role, method, address):
        response = getattr(clients[role], method.lower())(address)
        is_log_in = response.status_code == 302 and response.url.startswith(reverse("admin:login"))
        return LOG_IN if is_log_in else response.status_code

    return answer


# Import Data: whose pages they are decides before the method is looked at.


@dataclass
class Page:
    """What a page answers those who may enter it, to GET and to POST; it has no other method."""

    refused: tuple
    get: int = NOT_ALLOWED
    post: int = NOT_ALLOWED

    def answer(self, role, method):
        if role in self.refused:
            return LOG_IN if role == "anonymous" else NOT_FOUND
        return {"GET": self.get, "POST": self.post}.get(method, NOT_ALLOWED)


def of_all(get=NOT_ALLOWED, post=NOT_ALLOWED):
    """For those who see imports."""
    return Page(ROLES[:2], get, post)


def of_importers(get=NOT_ALLOWED, post=NOT_ALLOWED):
    """For those who create imports."""
    return Page(ROLES[:3], get, post)


def of_owner(get=NOT_ALLOWED, post=NOT_ALLOWED):
    """A draft or a mapping is its owner's alone; a superuser's rights do not reach it."""
    return Page(ROLES[:5], get, post)


PAGES = {
    "list": of_all(200),
    "manual": of_all(200),
    "sample": of_all(200),
    "detail": of_all(200),
    "progress": of_all(200),
    "failed-rows": of_all(200),
    "rows-left": of_all(200),
    "find-row": of_all(302),
    "row": of_all(200),
    "results": of_all(200),
    "prepare-results": of_all(post=302),
    "results-progress": of_all(200),
    "undo-kept": of_all(302),
    "cancel": of_importers(post=302),
    "continue": of_importers(post=302),
    "leave-out": of_importers(post=302),
    "create": of_importers(200, 200),
    "repair": of_importers(post=302),
    "upload-corrected": of_importers(post=302),
    "start-over": of_importers(post=302),
    "undo": of_importers(200),
    "undo-check": of_importers(302),
    "undo-again": of_importers(post=302),
    "undo-start": of_importers(post=404),
    "undo-continue": of_importers(post=302),
    "mappings": of_importers(200),
    "change-mapping": of_owner(post=422),
    "delete-mapping": of_owner(post=302),
    "upload": of_owner(200, 302),
    "mapping": of_owner(200, 200),
    "preview": of_owner(200),
    "preview-check": of_owner(302),
    "doubles": of_owner(302, 302),
    "start": of_owner(post=404),  # without the answers of its form
    "correct": of_owner(post=302),
    "correct-rows": of_owner(302, 302),
    "take-back": of_owner(post=302),
    "choose-rows": of_owner(post=302),
    "delete-draft": of_owner(post=302),
}


@pytest.mark.parametrize("name", PAGES)
def test_answers_of(ask, owner, name):
    address, page = address_of(name, owner), PAGES[name]
    asked = [(method, role) for method in METHODS for role in ROLES]
    answers = {(method, role): ask(role, method, address) for method, role in asked}
    assert answers == {(method, role): page.answer(role, method) for method, role in asked}


def address_of(name, owner):
    """The address, of an import, or of a draft or mapping of its owner."""
    if name in ("change-mapping", "delete-mapping"):
        drafted = draft("contacts", CONTENT, user=owner)
        remembering.save_as(drafted, "Monthly", shared=True)
        return reverse(f"imports:{name}", args=[drafted.remembered_id])
    if name == "sample":
        return reverse("imports:sample", args=["contacts", "csv"])
    if PAGES[name].refused == ROLES[:5]:
        return reverse(f"imports:{name}", args=[draft("contacts", CONTENT, user=owner).pk])
    try:
        return reverse(f"imports:{name}")
    except NoReverseMatch:
        job = run_import("contacts", CONTENT)
        return reverse(f"imports:{name}", args=[job.pk, 2] if name == "row" else [job.pk])


# The admin site: every method but POST is as harmless as GET.

EVERYBODY = dict.fromkeys(ROLES, 200)
ALL_STAFF = EVERYBODY | {"anonymous": LOG_IN}
NOBODY = dict.fromkeys(ROLES, FORBIDDEN) | {"anonymous": LOG_IN}
SUPERUSER = NOBODY | {"superuser": 200}
IMPORTERS = ALL_STAFF | {"staff": FORBIDDEN, "support": FORBIDDEN}
READERS = ALL_STAFF | {"staff": FORBIDDEN}
OUTER_PAGES = {
    "set_language": dict.fromkeys(ROLES, 302),
    "admin_password_reset": EVERYBODY,
    "password_reset_done": EVERYBODY,
    "password_reset_complete": EVERYBODY,
    "password_reset_confirm": EVERYBODY,
    "admin:index": ALL_STAFF,
    "admin:search": ALL_STAFF,
    "admin:login": dict.fromkeys(ROLES, 302) | {"anonymous": 200},
    "admin:logout": dict.fromkeys(ROLES, NOT_ALLOWED) | {"anonymous": 302},
    "admin:password_change": ALL_STAFF,
    "admin:password_change_done": ALL_STAFF,
    "admin:jsi18n": ALL_STAFF,
    "admin:autocomplete": NOBODY | {"support": 200, "another": 200, "superuser": 200, "owner": 200},
    "admin:view_on_site": ALL_STAFF | dict.fromkeys(ROLES[1:], NOT_FOUND),
    "admin:app_list": READERS | {"staff": NOT_FOUND},
    "admin:auth_user_password_change": SUPERUSER,
}
MODEL_PAGES = {
    "entities": {
        "changelist": READERS,
        "change": READERS,
        "history": READERS,
        "add": IMPORTERS,
        "delete": IMPORTERS,
    },
    "auth": dict.fromkeys(("changelist", "change", "history", "add", "delete"), SUPERUSER),
}
# Who may see the history reads it, and nobody writes it.
MODEL_PAGES["imports"] = dict.fromkeys(("changelist", "change", "history"), IMPORTERS) | dict.fromkeys(
    ("add", "delete"), NOBODY
)
MODEL_PAGES["django_q"] = MODEL_PAGES["axes"] = MODEL_PAGES["auth"] | {"add": NOBODY}
ADDRESSES_OF = {
    "password_reset_confirm": {"uidb64": "MQ", "token": "set-password"},
    "admin:view_on_site": {"content_type_id": "1", "object_id": "1"},
    "admin:app_list": {"app_label": "entities"},
    "admin:auth_user_password_change": {"id": "1"},
}


@pytest.mark.parametrize("name", OUTER_PAGES)
def test_answers_of_the_rest(ask, owner, name):
    arguments = ADDRESSES_OF.get(name, {})
    if name == "admin:auth_user_password_change":
        arguments = {"id": owner.pk}
    address = reverse(name, kwargs=arguments)
    if name == "admin:autocomplete":
        address += "?app_label=entities&model_name=contact&field_name=classification"
    assert {role: ask(role, "GET", address) for role in ROLES} == OUTER_PAGES[name]


def name_of(model, page):
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


@pytest.mark.parametrize("model", admin.site._registry)
def test_answers_of_the_admin(ask, model):
    """Whoever is refused; and of the others who has the fewest rights."""
    record = record_of(model)
    for page, expected in MODEL_PAGES[model._meta.app_label].items():
        address = reverse(name_of(model, page), args=[] if page in ("changelist", "add") else [record.pk])
        refused = {role: answer for role, answer in expected.items() if answer != 200}
        allowed = [role for role in ROLES if role not in refused]
        asked = refused | dict.fromkeys(allowed[:1], 200)
        assert {role: ask(role, "GET", address) for role in asked} == asked
        assert {role: ask(role, "POST", address) for role in refused} == refused


def task(success):
    now = timezone.now()
    return {"id": "1", "name": "a", "func": "b", "started": now, "stopped": now, "success": success}


RECORDS = {
    OrmQ: {"key": "crm_import", "payload": "", "lock": timezone.now()},
    ImportEvent: {"event": "uploaded"},
    Schedule: {"func": "imports.execution.sweep"},
    Success: task(True),
    Failure: task(False),
    AccessAttempt: {"failures_since_start": 1},
    AccessFailureLog: {},
}


def record_of(model):
    if factory := getattr(factories, f"{model.__name__}Factory", None):
        return factory()
    if model in RECORDS:
        return model.objects.create(**RECORDS[model])
    return model.objects.first()


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE"])
def test_other_methods_change_nothing_in_the_admin(ask, method):
    contact = ContactFactory()
    for page in ("change", "delete"):
        address = reverse(f"admin:entities_contact_{page}", args=[contact.pk])
        assert {role: ask(role, method, address) for role in ROLES} == MODEL_PAGES["entities"][page]
    assert Contact.objects.get() == contact


# Nothing is left out


def addresses(resolver, namespace=""):
    """{namespace: names} of all that the resolver knows."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from addresses(pattern, namespace + inner)
        else:
            yield f"{namespace}{pattern.name}"


def test_every_address_is_in_a_table():
    of_models = {
        name_of(model, page) for model in admin.site._registry for page in MODEL_PAGES[model._meta.app_label]
    }
    # Without a name are two of the admin's own: what leads from a record to its page, and what is nowhere.
    known = {f"imports:{name}" for name in PAGES} | set(OUTER_PAGES) | of_models | {"admin:None"}
    assert set(addresses(get_resolver())) == known


def test_an_address_that_is_nowhere(ask):
    expected = dict.fromkeys(ROLES, NOT_FOUND) | {"anonymous": LOG_IN}
    assert {role: ask(role, "GET", "/nowhere/") for role in ROLES} == expected


@pytest.mark.parametrize(
    "name", ["detail", "progress", "cancel", "continue", "leave-out", "failed-rows", "results", "undo"]
)
def test_an_import_that_does_not_exist_is_not_found(ask, name):
    method = "POST" if PAGES[name].get == NOT_ALLOWED else "GET"
    assert ask("owner", method, reverse(f"imports:{name}", args=[999])) == NOT_FOUND


def test_a_business_admin_cancels_anybodys_import(ask, superuser):
    job = ImportJob.objects.create(
        entity_type="contacts", state="in_progress", created_by=superuser, file_name="theirs.csv", options={}
    )
    job.runs.create(kind="check")
    ask("owner", "POST", reverse("imports:cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == ImportJob.State.CANCELLED


def test_an_account_that_is_not_staff_gets_nothing(ask, support):
    support.is_staff = False
    support.save()
    assert ask("support", "GET", reverse("imports:list")) == NOT_FOUND


def test_an_account_that_is_shut_in_the_middle_of_its_session_gets_nothing(ask, owner):
    owner.is_active = False
    owner.save()
    assert ask("owner", "GET", reverse("imports:list")) == LOG_IN
