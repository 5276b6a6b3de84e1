"""Two machines, longer imports, and a machine that dies again and again."""

import pytest

from tests.test_machines import machines, pytestmark, run_imports_among_deaths  # noqa: F401

ROWS, DEATHS = 5_000, 8


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr("tests.product.PATIENCE", 400)


def test_machines_that_die_one_after_the_other(machines, report):  # noqa: F811
    run_imports_among_deaths(machines, DEATHS, ROWS)
    report("two machines, 12 imports, workers of a machine killed", DEATHS, 0, 0, f"{12 * ROWS:,} rows")
