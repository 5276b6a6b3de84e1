"""A browser, somebody who is signed in, and pages that they open."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from tests.chromium import launch
from tests.factories import UserFactory


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def user(transactional_db):
    return UserFactory(group="Business admin", username="maria", email="maria@example.com")


@pytest.fixture
def open_page(chromium, live_server, user):
    """A function (path, how the browser is) → page of somebody who is signed in."""
    client = Client()
    client.force_login(user)
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": live_server.url,
    }
    contexts, refused = [], []

    def note(message):
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def open_page(path, width=1280, **options):
        size = {"width": width, "height": 900}
        context = chromium.new_context(base_url=live_server.url, viewport=size, **options)
        context.add_cookies([cookie])
        context.on("console", note)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert refused == []  # by our own policy, on our own pages
