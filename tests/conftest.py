"""What all tests share: people with their rights, and the choice of tests that need a database."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import translation
from pytest_django.plugin import blocking_manager_key

TRANSACTION_FIXTURES = {"transactional_db", "live_server"}
DATABASE_FIXTURES = {"db", "product", "machines", *TRANSACTION_FIXTURES}
LONG_FIXTURES = {"product", "machines", "in_a_hurry", "chromium"}
MADE_BY_MIGRATIONS = [
    ("entities.migrations.0002_groups", "create_groups"),
    ("imports.migrations.0002_sweep", "schedule"),
    ("imports.migrations.0008_orphans", "schedule"),
]


def pytest_addoption(parser):
    parser.addoption(
        "--database-only", action="store_true", help="run only what touches a database, as on a second one"
    )


def pytest_collection_modifyitems(config, items):
    # What starts processes or a browser takes longest: it comes first, so that no processor waits at the end.
    items.sort(key=lambda item: not takes_long(item))
    if not config.getoption("--database-only"):
        return
    kept = [item for item in items if touches_a_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def takes_long(item):
    return bool({"cluster", "browser"} & {mark.name for mark in item.iter_markers()}) or bool(
        LONG_FIXTURES & set(item.fixturenames)
    )


def touches_a_database(item):
    return bool(item.get_closest_marker("django_db")) or bool(DATABASE_FIXTURES & set(item.fixturenames))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """A test with transactions of its own empties all tables afterwards: the tests behind it need what the
    migrations had put there. Behind the last one the database itself is gone."""
    result = yield
    if nextitem is None or item.session.shouldstop or item.session.shouldfail:
        return result
    marker = item.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or TRANSACTION_FIXTURES & set(item.fixturenames):
        with item.config.stash[blocking_manager_key].unblock():
            for module, function in MADE_BY_MIGRATIONS:
                getattr(import_module(module), function)(apps, SimpleNamespace(connection=connection))
    return result


@pytest.fixture(autouse=True)
def no_language_left_over():
    """A request in Greek leaves its thread in Greek, which is that of all tests."""
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request):
    """Each test process has a database of its own; SQLite's is a file, as people run it, because in
    memory threads meet locks that no file has."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(django_settings.DATA_DIR / "test.sqlite3")
    elif worker := getattr(request.config, "workerinput", {}).get("workerid"):
        database["TEST"]["NAME"] = f"test_{database['NAME']}_{worker}"


@pytest.fixture(autouse=True)
def _settings_of_this_test(settings, tmp_path):
    """Uploads of a test go to a folder of its own; accounts are made without the pains of real passwords,
    and a test client without a list of all static files; a busy machine may take its time to read a file."""
    options = {**settings.STORAGES["default"]["OPTIONS"], "location": tmp_path / "files"}
    settings.WHITENOISE_AUTOREFRESH = True
    settings.IMPORT_READ_IN_REQUEST_SECONDS = 60
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}


def person(username, *groups, **values):
    user = User.objects.create_user(username, f"{username}@example.com", "secret", is_staff=True, **values)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


@pytest.fixture
def business_admin(db):
    return person("business", "Business admin")


@pytest.fixture
def support(db):
    return person("support", "Support")


@pytest.fixture
def staff(db):
    return person("staff")


@pytest.fixture
def superuser(db):
    return person("super", is_superuser=True)


@pytest.fixture(scope="session")
def product(tmp_path_factory):
    """The whole product, running; see tests/product.py."""
    from tests.product import Product

    running = Product(tmp_path_factory.mktemp("product"))
    yield running
    running.stop()
