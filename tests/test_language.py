"""In which language a person gets the product."""

from datetime import datetime

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import override

from crm_import.models import Preference
from tests.conftest import person

pytestmark = pytest.mark.django_db
LOG_IN = "/login/"


def language_of(page):
    return page.headers["Content-Language"]


def choose(client, language, next="/import-data/"):
    return client.post(reverse("set_language"), {"language": language, "next": next})


def test_the_browser_says_in_which_language_the_log_in_is(client):
    assert language_of(client.get(LOG_IN)) == "en"
    page = client.get(LOG_IN, headers={"Accept-Language": "el-CY,en;q=0.5"})
    assert language_of(page) == "el"
    assert '<html lang="el"' in page.text
    assert "Σύνδεση" in page.text


def test_a_language_that_there_is_not_falls_back_to_english(client):
    assert language_of(client.get(LOG_IN, headers={"Accept-Language": "fr"})) == "en"


def test_who_is_not_logged_in_chooses_on_the_log_in_page(client):
    page = client.get(LOG_IN)
    assert page.text.count(f'action="{reverse("set_language")}"') == len(settings.LANGUAGES)
    assert choose(client, "el", LOG_IN).url == LOG_IN
    assert language_of(client.get(LOG_IN)) == "el"


def test_the_choice_of_a_person_goes_before_the_browser_and_stays_with_the_account(client, support):
    client.force_login(support)
    choose(client, "el")
    assert language_of(client.get("/import-data/", headers={"Accept-Language": "en"})) == "el"
    another_browser = Client(headers={"Accept-Language": "en"})
    another_browser.force_login(support)
    assert language_of(another_browser.get("/import-data/")) == "el"


def test_a_person_who_chose_nothing_gets_what_the_browser_says(client, support):
    client.force_login(support)
    assert language_of(client.get("/import-data/", headers={"Accept-Language": "el"})) == "el"
    assert language_of(client.get("/import-data/", headers={"Accept-Language": "en"})) == "en"


def test_a_changed_choice_holds_at_once(client, support):
    client.force_login(support)
    choose(client, "el")
    choose(client, "en")
    assert language_of(client.get("/import-data/", headers={"Accept-Language": "el"})) == "en"
    assert Preference.objects.get().language == "en"


def test_two_people_at_one_browser_each_get_their_own(client, support):
    client.force_login(support)
    choose(client, "el")
    client.logout()
    other = person("other", "Support")
    Preference.objects.create(user=other, language="en")
    client.force_login(other)
    assert language_of(client.get("/import-data/")) == "en"


@pytest.mark.parametrize("wrong", ["", "xx", "de"])
def test_a_language_that_there_is_not_cannot_be_chosen(wrong, client, support):
    client.force_login(support)
    choose(client, wrong)
    assert not Preference.objects.exists()


def test_choosing_leads_to_no_other_site_and_takes_a_post(client):
    assert choose(client, "el", "https://example.com/").url == "/"
    client.get(reverse("set_language"), {"language": "el"})
    assert language_of(client.get(LOG_IN, headers={"Accept-Language": "en"})) == "el"


def test_the_menu_of_the_account_offers_the_languages(client, support):
    client.force_login(support)
    page = client.get("/import-data/").text
    assert '<button type="submit" lang="el"' in page
    assert '<input name="next" type="hidden" value="/import-data/">' in page


@pytest.mark.parametrize(("language", "written"), [("en", "9 Feb 2027, 16:05"), ("el", "9 Φεβ 2027, 16:05")])
def test_the_admin_writes_times_as_import_datas_pages_do(language, written):
    with override(language):
        assert date_format(datetime(2027, 2, 9, 16, 5), "DATETIME_FORMAT") == written
