"""Correcting rows in place in a real browser: by keyboard, without scripts, for everybody."""

import pytest
from playwright.sync_api import expect

from .barriers import barriers
from .test_wizard import browser, choose_contacts, next_step, open_page

__all__ = ["browser", "open_page"]
pytestmark = [pytest.mark.browser, pytest.mark.cluster]
CONTACTS = (
    "Contact Code,First Name,Last Name,Contact Email,Contact Phone Country,Contact Phone Number\n"
    "K-{0}-1,Anna,Sample,anna@example.com,Cyprsu,99123456\n"
    "K-{0}-2,Bob,Sample,nowhere,CYP,99123457\n"
    "K-{0}-3,Carl,Sample,carl@example.com,CYP,\n"
    "K-{0}-4,Dora,Sample,dora@example.com,Cyprsu,99123458\n"
    "K-{0}-5,Eve,Sample,eve@example.com,CYP,99123459\n"
)


@pytest.fixture
def contacts(tmp_path):
    """A file with a country that does not exist in two rows, and an e-mail address that is none."""
    path = tmp_path / "contacts.csv"
    path.write_text(CONTACTS.format(tmp_path.name))
    return path


def go_to_preview(page, path):
    choose_contacts(page)
    page.set_input_files("#id_file", path)
    page.wait_for_url("**/mapping/")
    next_step(page)
    page.wait_for_url("**/preview/")
    expect(page.get_by_text("Nothing has been written.")).to_be_visible(timeout=60_000)


def tab_to(page, selector):
    """Press Tab until the element has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by keyboard")


def test_two_causes_are_corrected_by_keyboard(open_page, contacts):
    page = open_page()
    go_to_preview(page, contacts)
    tab_to(page, "#correct-unknown_country-phone-country > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#unknown_country-phone-country-value-0")
    assert page.evaluate("document.activeElement.value") == "CYP"
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Cyprsu” is taken as “CYP”")).to_be_visible(timeout=60_000)
    expect(page.locator(".count.is-rejected dd")).to_have_text("1")
    tab_to(page, "#correct-not_an_email-email > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#correct-not_an_email-email .by-row a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/correct/rows/**")
    tab_to(page, "input[name$='-email']")
    page.keyboard.press("Control+a")
    page.keyboard.type("still nowhere")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 row still has a problem")).to_be_visible(timeout=60_000)
    field = page.get_by_label("Contact Email")
    expect(field).to_have_value("still nowhere")
    field.fill("bob@example.com")
    field.press("Enter")
    page.wait_for_url("**/preview/**")
    expect(page.locator(".count.is-created dd")).to_have_text("5")


def test_causes_are_corrected_without_scripts(open_page, contacts):
    page = open_page(java_script_enabled=False)
    choose_contacts(page)
    page.set_input_files("#id_file", contacts)
    next_step(page)
    page.wait_for_url("**/mapping/")
    next_step(page)
    page.wait_for_url("**/preview/")
    expect(page.get_by_text("Nothing has been written.")).to_be_visible(timeout=60_000)
    page.locator("#correct-unknown_country-phone-country > summary").click()
    page.get_by_role("button", name="Use these values").click()
    expect(page.get_by_text("“Cyprsu” is taken as “CYP”")).to_be_visible(timeout=60_000)
    page.locator("#correct-not_an_email-email > summary").click()
    page.get_by_role("button", name="Leave Contact Email out and import the 1 row").click()
    expect(page.locator(".count.is-created dd")).to_have_text("5", timeout=60_000)
    page.locator(".corrected li", has_text="Contact Email").get_by_role("button").click()
    expect(page.locator(".count.is-rejected dd")).to_have_text("1", timeout=60_000)


def test_correcting_has_no_barrier_and_does_not_scroll_sideways(open_page, contacts):
    page = open_page()
    go_to_preview(page, contacts)
    page.locator("#correct-not_an_email-email > summary").click()
    page.locator("#correct-unknown_country-phone-country > summary").click()
    assert barriers(page) == []
    country = page.locator("#correct-unknown_country-phone-country")
    country.get_by_label("Cyprsu").first.fill("X")
    country.get_by_role("button", name="Use these values").click()
    expect(page.get_by_role("alert")).to_contain_text("“X” is not a country that is known")
    assert barriers(page) == []
    page.locator("#correct-not_an_email-email > summary").click()
    page.locator("#correct-not_an_email-email .by-row a").click()
    page.wait_for_url("**/correct/rows/**")
    assert barriers(page) == []
