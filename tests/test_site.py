"""The site around Import Data: accounts, rights, navigation, the theme's templates."""

import re

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from crm_import.client_address import client_address

LOCAL_FILES = "django.core.files.storage.FileSystemStorage"


@pytest.mark.django_db
def test_the_health_check_answers_without_a_log_in(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/healthz", headers={"host": "10.1.2.3"})
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"ok", "no-store")
    assert "sessionid" not in client.cookies


@pytest.mark.django_db
def test_the_health_check_says_without_names_what_is_out_of_reach(client, settings, tmp_path):
    nowhere = "http://127.0.0.1:9"
    options = {"bucket_name": "secret-bucket", "endpoint_url": nowhere, "region_name": "us-east-1"}
    options |= {"access_key": "none", "secret_key": "none"}
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"the files cannot be reached")
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": LOCAL_FILES}}
    settings.DATA_DIR = tmp_path / "lost"
    assert client.get("/healthz").status_code == 503


def test_the_health_check_knows_when_the_database_does_not_answer(client, monkeypatch):
    def refuse(*arguments):
        raise OperationalError("connection to server at db.internal failed")

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", refuse)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"the database does not answer")


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.1", "192.0.2.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "10.9.9.9, 203.0.113.1", "203.0.113.1"),
        (2, "10.9.9.9, 203.0.113.1, 198.51.100.1", "203.0.113.1"),
        (2, "203.0.113.1", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_only_what_our_proxies_appended_is_believed(proxies, header, address, rf, settings):
    settings.PROXY_COUNT = proxies
    request = rf.get("/", HTTP_X_FORWARDED_FOR=header, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == address


@pytest.mark.django_db
@pytest.mark.parametrize(
    "app_and_model", ["django_q_schedule", "django_q_ormq", "axes_accessattempt", "auth_user"]
)
def test_queue_attempts_and_accounts_are_for_superusers(app_and_model, client, superuser, business_admin):
    address = reverse(f"admin:{app_and_model}_changelist")
    client.force_login(business_admin)
    assert client.get(address).status_code == 403
    client.force_login(superuser)
    assert client.get(address).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["schedule", "ormq", "success", "failure"])
def test_nobody_adds_or_changes_tasks_by_hand(model, client, superuser):
    """A task, and a schedule, run whatever function they name."""
    client.force_login(superuser)
    schedule = Schedule.objects.get(func="imports.execution.sweep")
    assert client.post(reverse(f"admin:django_q_{model}_add")).status_code == 403
    change = reverse("admin:django_q_schedule_change", args=[schedule.pk])
    assert client.post(change, {"func": "os.system", "name": "mine"}).status_code == 403
    schedule.refresh_from_db()
    assert schedule.func == "imports.execution.sweep"


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["schedule", "ormq", "success", "failure"])
def test_no_right_but_being_superuser_opens_the_queue(model, client, staff):
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="django_q"))
    client.force_login(staff)
    assert staff.has_perm(f"django_q.add_{model}")
    for page in ("changelist", "add"):
        assert client.get(reverse(f"admin:django_q_{model}_{page}")).status_code == 403
        assert client.post(reverse(f"admin:django_q_{model}_{page}")).status_code == 403


@pytest.mark.django_db
def test_the_sidebar_shows_what_a_person_may_see(client, superuser, business_admin, staff):
    shown = {}
    for person in (superuser, business_admin, staff):
        client.force_login(person)
        navigation = client.get(reverse("admin:index")).context["sidebar_navigation"]
        items = [item for group in navigation for item in group["items"] if item["has_permission"]]
        shown[person.username] = [str(item["title"]) for item in items]
    assert "Users" in shown["super"]
    assert "Import Data" in shown["business"]
    assert "Users" not in shown["business"]
    assert shown["staff"] == []


@pytest.mark.django_db
def test_a_forgotten_password_is_replaced_by_e_mail(client, business_admin, mailoutbox):
    assert reverse("admin_password_reset") in client.get(reverse("admin:login")).text
    client.post(reverse("admin_password_reset"), {"email": business_admin.email})
    link = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    form = client.get(link, follow=True)
    new = "a brand-new pass phrase"
    answer = client.post(form.redirect_chain[-1][0], {"new_password1": new, "new_password2": new})
    assert answer.url == reverse("password_reset_complete")
    business_admin.refresh_from_db()
    assert business_admin.check_password(new)


@pytest.mark.django_db
def test_wrong_passwords_lock_a_name_at_its_address_only(client, business_admin):
    attempt = {"username": business_admin.username, "password": "wrong"}
    answers = [client.post(reverse("admin:login"), attempt).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    right = {**attempt, "password": "secret"}
    assert "Wait 15 minutes" in client.post(reverse("admin:login"), right).text
    elsewhere = client.post(reverse("admin:login"), right, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302


@pytest.mark.django_db
def test_pages_send_a_content_security_policy_that_their_scripts_keep(client, superuser):
    client.force_login(superuser)
    page = client.get(reverse("admin:index"))
    assert "script-src 'self' 'unsafe-eval'" in page.headers["Content-Security-Policy"]
    assert not re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", page.text)
    assert "<noscript>" in page.text


class QuestionForm(forms.Form):
    name = forms.CharField(help_text="As on the card.")
    answer = forms.ChoiceField(
        choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect, help_text="One."
    )


def test_forms_tie_help_and_errors_to_their_fields():
    html = render_crispy_form(QuestionForm({}))
    named = set(" ".join(re.findall(r'aria-describedby="([^"]+)"', html)).split())
    assert named == {"id_name_helptext", "id_name_error", "id_answer_helptext", "id_answer_error"}
    assert named <= set(re.findall(r'\bid="([^"]+)"', html))
    assert 'role="radiogroup" aria-label="Answer"' in html


# The database is busy


def refusing(error):
    def execute(*_args):
        raise error

    return execute


@pytest.mark.parametrize("name", ["imports:list", "imports:create"])
def test_a_database_that_is_busy_for_too_long_is_said_to_be_busy(business_admin, name):
    client = Client(raise_request_exception=False)
    client.force_login(business_admin, backend="django.contrib.auth.backends.ModelBackend")
    with connection.execute_wrapper(refusing(OperationalError("canceling statement due to lock timeout"))):
        answer = client.get(reverse(name))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The system is busy just now" in answer.content.decode()
    assert client.get(reverse(name)).status_code == 200


def test_what_else_goes_wrong_is_an_error_of_the_server(business_admin):
    client = Client(raise_request_exception=False)
    client.force_login(business_admin, backend="django.contrib.auth.backends.ModelBackend")
    with connection.execute_wrapper(refusing(ValueError())):
        answer = client.get(reverse("imports:list"))
    assert answer.status_code == 500
    assert "Something went wrong on the server" in answer.content.decode()
