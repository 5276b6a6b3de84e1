"""What every address owes: no forged requests, not one byte of a stranger's file, nothing for caches."""

import io
import re
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLResolver, get_resolver, reverse

from entities.models import Contact
from imports.uploads import ImportUploadHandler
from tests.factories import ContactFactory
from tests.imports.journeys import csv_bytes, draft, run_import
from tests.imports.test_monitoring import text_of

pytestmark = pytest.mark.django_db

CONTENT = csv_bytes("Contact Code,First Name,Last Name,Contact Email", "A1,Ann,Sample,", "A2,Bob,Sample,bad")
# What stands for the parts of an address; no record has to be there.
PARTS = {"app_label": "entities", "url": "nowhere/", "slug": "contacts", "format": "csv", "uidb64": "MQ"}


def addresses(resolver=None, above=""):
    """An example of every address that the resolver knows."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, above + example(pattern.pattern))
        else:
            yield "/" + above + example(pattern.pattern)


def example(pattern):
    text = str(pattern)
    if "(?P<" in text:  # the admin's own two
        return f"{PARTS['app_label']}/" if "app_label" in text else PARTS["url"]
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: PARTS.get(part[1], "1"), text)


def test_the_examples_are_addresses():
    found = list(addresses())
    assert len(found) > 120
    assert "/import-data/1/rows/1/" in found
    assert not [address for address in found if set(address) & set("<>^$()")]


def test_no_address_takes_a_forged_form(superuser, business_admin):
    ContactFactory()
    for user in (superuser, business_admin):
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        answers = {address: client.post(address, {"post": "yes"}).status_code for address in addresses()}
        assert {address: code for address, code in answers.items() if code != 403} == {}
    assert Contact.objects.count() == 1


@pytest.fixture
def landed(monkeypatch, settings, tmp_path):
    """A function that tells all bytes that reached a file: on their way, in the temporary folder, in the storage."""
    sizes, folder = [], tmp_path / "uploads"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    above = ImportUploadHandler.__mro__[1]
    receive = above.receive_data_chunk
    monkeypatch.setattr(
        above, "receive_data_chunk", lambda self, data, at: sizes.append(len(data)) or receive(self, data, at)
    )
    stored = Path(default_storage.location)
    before = sum(1 for path in stored.rglob("*"))
    return lambda: (sum(sizes), list(folder.iterdir()), sum(1 for path in stored.rglob("*")) - before)


NOTHING = (0, [], 0)


@pytest.mark.parametrize("who", [None, "staff", "support", "superuser"])
def test_not_one_byte_of_a_strangers_file_lands_at_any_address(request, who, landed):
    """The check against forgery reads the form, before any page is asked whose it is."""
    client = Client(enforce_csrf_checks=True)
    if who:
        client.force_login(request.getfixturevalue(who))
    for address in addresses():
        client.post(address, {"file": SimpleUploadedFile("a.csv", CONTENT)})
    assert landed() == NOTHING


def test_nor_of_one_that_passes_the_check_against_forgery(client, landed):
    """Every page that reads a form reads its files with it: the log-in, the choice of a language."""
    for address in addresses():
        client.post(
            address, {"file": SimpleUploadedFile("a.csv", CONTENT), "username": "a", "language": "el"}
        )
    assert landed() == NOTHING


ODD_PARTS = {
    "a path": 'form-data; name="file"; filename="../../../etc/passwd"',
    "no name": 'form-data; name="file"; filename=""',
    "a star": "form-data; name=\"file\"; filename*=utf-8''a%0d%0ab.csv",
    "another field": 'form-data; name="document"; filename="a.csv"',
}


@pytest.mark.parametrize("disposition", ODD_PARTS.values(), ids=ODD_PARTS)
@pytest.mark.parametrize("encoding", ["", "Content-Transfer-Encoding: base64\r\n"])
def test_odd_forms_land_nothing_either(client, business_admin, landed, disposition, encoding):
    job = draft("contacts", b"a,b\n1,2", user=business_admin)
    body = (
        f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n{encoding}\r\n".encode()
        + CONTENT
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    before, content_type = landed(), f"multipart/form-data; boundary={BOUNDARY}"
    for address in ("imports:upload", "admin:login", "set_language"):
        arguments = [job.pk] if address == "imports:upload" else []
        assert client.post(reverse(address, args=arguments), body, content_type).status_code < 500
    assert landed() == before


class Aborted(io.BytesIO):
    """A browser that goes away in the middle."""

    def read(self, size=-1):
        data = super().read(size)
        if self.tell() == len(self.getvalue()):
            raise OSError("the browser is gone")
        return data


def test_of_an_aborted_upload_nothing_stays(business_admin, landed):
    job = draft("contacts", b"a,b\n1,2", user=business_admin)
    client = Client(raise_request_exception=False)
    client.force_login(business_admin)
    before = landed()[1:]
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.csv", b"x" * 200_000)})
    request = {"CONTENT_LENGTH": len(body), "CONTENT_TYPE": MULTIPART_CONTENT, "wsgi.input": Aborted(body)}
    client.generic("POST", reverse("imports:upload", args=[job.pk]), **request)
    assert landed()[1:] == before


# Downloads and caches


@pytest.mark.parametrize("name", ["results", "failed-rows", "rows-left"])
def test_files_are_sent_to_be_kept_never_shown(client, business_admin, name):
    job = run_import("contacts", CONTENT, name='räte\r\nX-Forged: 1 "a;b.csv', leave_out=True)
    client.force_login(business_admin)
    answer = client.get(reverse(f"imports:{name}", args=[job.pk]))
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert "X-Forged" not in answer.headers
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))


def test_no_page_of_import_data_stays_in_a_cache(client, business_admin):
    job = run_import("contacts", CONTENT, leave_out=True)
    client.force_login(business_admin)
    for name, arguments in (("list", []), ("detail", [job.pk]), ("row", [job.pk, 2]), ("mappings", [])):
        answer = client.get(reverse(f"imports:{name}", args=arguments))
        assert "no-store" in answer["Cache-Control"]
        assert "script-src 'self' 'unsafe-eval';" in answer["Content-Security-Policy"] + ";"


def test_no_address_leads_into_the_storage(client, superuser):
    job = run_import("contacts", CONTENT, leave_out=True)
    client.force_login(superuser)
    for name in job.stored_names:
        for above in ("/", "/media/", "/files/", "/static/", "/static/../data/files/"):
            assert client.get(above + name).status_code == 404


# Accounts


def test_a_forgotten_password_does_not_tell_who_has_an_account(client, business_admin, mailoutbox):
    asked = [
        client.post(reverse("admin_password_reset"), {"email": email}, follow=True)
        for email in (business_admin.email, "nobody@example.com")
    ]
    known, unknown = (text_of(answer) for answer in asked)
    assert known == unknown
    assert [mail.to for mail in mailoutbox] == [[business_admin.email]]


def test_a_mail_never_names_a_host_that_is_not_ours(client, business_admin, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    email = {"email": business_admin.email}
    answer = client.post(reverse("admin_password_reset"), email, HTTP_HOST="evil.example.net")
    assert (answer.status_code, mailoutbox) == (400, [])


@pytest.mark.parametrize("target", ["https://evil.example.net/", "//evil.example.net", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(client, business_admin, target):
    form = {"username": business_admin.username, "password": "secret", "next": target, "language": "el"}
    for address in (reverse("admin:login"), reverse("set_language")):
        answer = client.post(address, form)
        assert answer.status_code == 302
        assert answer.url.startswith("/")
        assert not answer.url.startswith("//")
    forwarded = client.get(reverse("imports:list"), HTTP_X_FORWARDED_HOST="evil.example.net")
    assert "evil" not in forwarded.text


def test_a_forged_sender_does_not_escape_the_lock(client, business_admin):
    """Without a proxy of ours, what a browser says of its address is nothing."""
    attempt = {"username": business_admin.username, "password": "wrong"}
    for number in range(5):
        client.post(reverse("admin:login"), attempt, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    right = attempt | {"password": "secret"}
    answer = client.post(reverse("admin:login"), right, HTTP_X_FORWARDED_FOR="203.0.113.99")
    assert answer.status_code == 429
    greek = client.post(reverse("admin:login"), right, HTTP_ACCEPT_LANGUAGE="el")
    assert "λεπτά" in greek.text


def test_the_cookie_of_a_session_is_kept_from_scripts_and_other_sites(client, business_admin, settings):
    form = {"username": business_admin.username, "password": "secret"}
    cookie = client.post(reverse("admin:login"), form).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["max-age"] == settings.SESSION_COOKIE_AGE <= 24 * 3600
