"""The pages in Greek, whose words are longer: no barrier, and nothing beside the screen."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.barriers import barriers_of, barriers_when_narrow
from tests.factories import ContactFactory
from tests.imports.journeys import check, draft, undo_import
from tests.test_greek import FAULTLESS, ROWS, file_of, import_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GREEK = {"locale": "el-GR"}


@pytest.fixture
def paths(user):
    """The pages of imports in many states."""
    ContactFactory(code="Κ9", first_name="Ελένη", last_name="Παλιά")
    completed, failed = import_of(user, *ROWS, generate=True), import_of(user, *ROWS, leave_out=None)
    undone = import_of(user, *FAULTLESS)
    undo_import(undone, user)
    unfinished = draft("contacts", file_of(*ROWS), "επαφές του Μαρτίου.csv", user, update=True, generate=True)
    check(unfinished)
    steps = [reverse(f"imports:{step}", args=[unfinished.pk]) for step in ("upload", "mapping", "preview")]
    ended = [job.get_absolute_url() for job in (completed, failed, undone)]
    others = [reverse("imports:undo", args=[completed.pk]), reverse("imports:row", args=[completed.pk, 3])]
    shared = [reverse(f"imports:{name}") for name in ("list", "create", "manual", "mappings")]
    return [*shared, *steps, *ended, *others]


def test_no_greek_page_has_a_barrier_or_scrolls_sideways(open_page, paths):
    assert barriers_of(open_page, paths, barriers_when_narrow, **GREEK) == {}


def test_the_scripts_speak_greek(open_page, user):
    job = draft("contacts", file_of(*ROWS), "επαφές.csv", user)
    page = open_page(reverse("imports:mapping", args=[job.pk]), **GREEK)
    page.get_by_role("combobox", name="Σχόλια", exact=True).select_option("Επώνυμο")
    expect(page.locator("tr", has_text="Σχόλια").locator("[data-match]")).to_have_text(
        "πιασμένη η «Επώνυμο» τροφοδοτεί ήδη αυτή τη στήλη"
    )
    page.get_by_role("combobox", name="Επώνυμο", exact=True).select_option("")
    page.get_by_role("combobox", name="Σχόλια", exact=True).select_option("")
    expect(page.locator("[data-required-count]")).to_contain_text("υποχρεωτικές στήλες έχουν αντιστοιχιστεί")
    expect(page.locator("[data-required-count]")).to_contain_text("Επώνυμο λείπει")


def test_the_language_is_chosen_in_the_menu_of_the_account(open_page, user):
    page = open_page("/import-data/")
    page.get_by_text("maria@example.com").click()
    page.get_by_role("button", name="Ελληνικά").click()
    expect(page.get_by_role("heading", name="Εισαγωγή δεδομένων")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "el"
