"""The project as a whole: its settings and the order of its modules."""

import ast
import os
import re
import secrets
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from crm_import import environment

ROOT = Path(settings.BASE_DIR)
OUTER = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "DATABASE_URL") if name in os.environ}
PRODUCTION = {
    "PRODUCTION": "1",
    "SECRET_KEY": secrets.token_hex(32),
    "SITE_URL": "https://crm.example.com",
    "EMAIL_URL": "smtp+tls://mail.example.com",
}


def manage(*arguments, **variables):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=OUTER | variables, capture_output=True, text=True, timeout=120
    )


# Settings


def test_production_settings_pass_the_deployment_check(tmp_path):
    result = manage("check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), **PRODUCTION)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "SITE_URL", "EMAIL_URL"])
def test_a_missing_production_value_is_named(name, tmp_path):
    result = manage("check", DATA_DIR=str(tmp_path), **{**PRODUCTION, name: ""})
    assert f"ImproperlyConfigured: {name} is not set." in result.stderr


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (environment.flag, "maybe"),
        (lambda name: environment.number(name, 1), "ten"),
        (lambda name: environment.number(name, 1), "0"),
        (lambda name: environment.one_of(name, ["line", "json"], "line"), "xml"),
        (environment.web_address, "crm.example.com"),
        (environment.web_address, "https://crm.example.com/path"),
        (lambda name: environment.e_mail_sender(name, ""), "crm"),
        (lambda name: environment.e_mail(name, ""), "mail.example.com:587"),
        (lambda name: environment.e_mail(name, ""), "smtp://mail.example.com:port"),
        (lambda name: environment.database(name, ""), "mysql://localhost/crm"),
        (lambda name: environment.database(name, ""), "crm.sqlite3"),
    ],
)
def test_a_malformed_value_is_refused_by_name(read, value, monkeypatch):
    monkeypatch.setenv("SOME_SETTING", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_SETTING"):
        read("SOME_SETTING")


def test_e_mail_addresses_choose_port_and_encryption(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtps://crm%40example.com:p%3Aw@mail.example.com")
    found = environment.e_mail("EMAIL_URL", "")
    assert found["EMAIL_PORT"] == 465
    assert found["EMAIL_HOST_USER"] == "crm@example.com"
    assert found["EMAIL_HOST_PASSWORD"] == "p:w"
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (True, False)


def test_a_password_in_a_malformed_database_address_is_not_shown(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://crm:hunter2@host:port/crm")
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.database("DATABASE_URL", "")
    assert "hunter2" not in str(refused.value)


def test_the_operators_manual_lists_every_variable_and_no_other():
    sources = [ROOT / "crm_import" / "settings.py", ROOT / "crm_import" / "management/commands/start.py"]
    reads = r'\b(?:text|flag|number|names|one_of|required|web_address|database|e_mail|e_mail_sender)\(\s*"([A-Z0-9_]+)"'
    read = {name for source in sources for name in re.findall(reads, source.read_text())}
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "deployment.md").read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)} == read


def test_eight_processes_that_start_together_make_one_secret_key(tmp_path):
    make = (
        "from pathlib import Path; from crm_import.secret_key import read_or_create_secret_key as key;"
        "import sys; print(key(Path(sys.argv[1])))"
    )
    path = tmp_path / "new" / "secret_key"
    command = [sys.executable, "-c", make, str(path)]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    keys = {process.communicate(timeout=60)[0] for process in processes}
    assert keys == {path.read_text() + "\n"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


# The order of the modules: each imports only from its own level or from below

LEVELS = [
    {
        "urls",
        "wizard",
        "monitoring",
        "result_pages",
        "row_pages",
        "undo_pages",
        "admin",
        "correcting_pages",
        "management",
    },
    {
        "beat",
        "causes",
        "checking_again",
        "cluster",
        "explain",
        "outcomes",
        "record_history",
        "results",
        "correcting",
        "execution",
        "finding_rows",
        "preview_rows",
        "forms",
        "importing",
        "reports",
        "retention",
        "starting_over",
        "tried",
        "undo",
        "undo_rows",
        "undo_words",
        "worker",
    },
    {"models"},
    {"validation"},
    {"importers"},
    {
        "asked",
        "bulk",
        "failpoints",
        "fields",
        "looks",
        "mapping",
        "matching",
        "names",
        "problems",
        "parts",
        "readers",
        "rows",
        "suggestions",
    },
]
NOT_FOR_THE_MIDDLE = ("django.db", "django.http", "django.forms", "django.views")
PURE = (
    "cleaning",
    "fields",
    "importers",
    "looks",
    "mapping",
    "matching",
    "names",
    "parts",
    "noticed",
    "problems",
    "readers",
    "reading_report",
    "rows",
    "suggestions",
    "validation",
    "writers",
)


def module_of(path):
    return path.relative_to(ROOT / "imports").parts[0].removesuffix(".py")


def imported_names(path):
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*above, node.module or ""]).strip(".")
            yield from (f"{origin}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def names():
    """{module of imports: the dotted names that it imports}"""
    found = {}
    for path in (ROOT / "imports").rglob("*.py"):
        if module_of(path) not in ("migrations", "__init__"):
            found.setdefault(module_of(path), set()).update(imported_names(path))
    return found


@pytest.fixture(scope="module")
def arrows(names):
    def targets(module):
        parts = [name.split(".") for name in names[module]]
        return {part[1] for part in parts if part[0] == "imports" and part[1] in names} - {module}

    return {module: targets(module) for module in names}


def reached_from(module, arrows):
    found, waiting = set(), [module]
    while waiting:
        for target in arrows[waiting.pop()] - found:
            found.add(target)
            waiting.append(target)
    return found


def test_imports_has_no_circle(arrows):
    list(TopologicalSorter(arrows).static_order())


@pytest.mark.parametrize("level", range(1, len(LEVELS)))
def test_imports_point_one_way(level, arrows):
    above = set().union(*LEVELS[:level])
    wrong = {module: reached_from(module, arrows) & above for module in LEVELS[level] & set(arrows)}
    assert not {module: found for module, found in wrong.items() if found}


def test_imports_never_names_the_entities(names):
    assert not [module for module in names if any(name.startswith("entities") for name in names[module])]
    texts = {path: path.read_text() for path in (ROOT / "imports").rglob("*.py")}
    assert not [str(path) for path, text in texts.items() if re.search(r"[\"']entities[.\"']", text)]


def test_only_two_modules_know_the_queue(names):
    users = {module for module in names if any(name.startswith("django_q") for name in names[module])}
    assert users == {"execution", "cluster"}


@pytest.mark.parametrize("module", PURE)
def test_the_middle_knows_neither_database_nor_http(module, names):
    assert not [name for name in names.get(module, ()) if name.startswith(NOT_FOR_THE_MIDDLE)]
