"""make stress: every long test on SQLite and PostgreSQL, and one table of what was lost and doubled.

The tests are the functions of tests/stress/stress_*.py; each reports with the fixture `report`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

COLUMNS = ["database", "test", "n", "lost", "doubled", "seconds", "note"]
FOLDER, ALONE = "tests/stress", "tests/stress/stress_load.py"
HEADERS = ["Database", "Test", "N", "Lost", "Doubled", "Seconds", ""]


def main():
    asked = arguments()
    postgres = os.environ.get("STRESS_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    databases = {"SQLite": "", "PostgreSQL": postgres if postgres.startswith("postgres") else None}
    ended_well, rows = True, []
    for name, url in databases.items():
        if asked.database not in (None, name.lower()):
            continue
        if url is None:
            print("PostgreSQL is skipped: STRESS_DATABASE_URL does not name one.")
            continue
        ended_well &= run(url, asked, rows)
    print(table(rows))
    if asked.markdown:
        asked.markdown.write_text(markdown(rows))
    sys.exit(not ended_well)


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only on this one")
    parser.add_argument("-k", dest="only", default="", help="only the tests that pytest's -k selects")
    parser.add_argument("-n", dest="processes", default="1", help="how many tests at once")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    return parser.parse_args()


def run(url, asked, rows):
    """Run the tests on one database, what measures times alone at the end, adding their lines to the table;
    whether all held."""
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as lines:
        environment = {**os.environ, "DATABASE_URL": url, "STRESS_LINES": lines.name}
        command = [sys.executable, "-m", "pytest", "-q", "-o", "python_files=stress_*.py"]
        command += ["--show-capture=no", "--tb=short", *(["-k", asked.only] if asked.only else [])]
        together = ["-n", asked.processes, "--dist", "load", FOLDER, f"--ignore={ALONE}"]
        ends = {subprocess.run([*command, *what], env=environment).returncode for what in (together, [ALONE])}
        rows += sorted(map(json.loads, lines), key=lambda row: row["test"])
    return ends <= {0, pytest.ExitCode.NO_TESTS_COLLECTED} and bool(rows)


def table(rows):
    lines = [HEADERS, *([str(row[column]) for column in COLUMNS] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def markdown(rows):
    lines = [HEADERS, ["---"] * len(HEADERS), *([str(row[column]) for column in COLUMNS] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
