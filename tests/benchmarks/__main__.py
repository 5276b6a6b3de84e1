"""Measures the product beside its database's limit and its peers, and writes the table that the README links.

python -m tests.benchmarks [--rows 100000] [--many 1000000] [--times 3] [--only csv others …]
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import psycopg

from .table import table

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("Django", "psycopg", "openpyxl", "python-calamine", "xlrd", "django-import-export")


def main():
    asked = arguments()
    found = {}
    for name, url in databases(asked.postgres).items():
        print(f"== {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            found[name] = measured(asked, {"DATA_DIR": folder, "DATABASE_URL": url})
    text = f"{heading(asked)}\n{table(found)}"
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--postgres", default=os.environ.get("DATABASE_URL", ""), metavar="URL")
    parser.add_argument("--out", type=Path, help="the Markdown file to write")
    return parser.parse_args()


def databases(postgres):
    """{name: DATABASE_URL}; a PostgreSQL server gets a database of its own, made anew."""
    if not postgres:
        return {"SQLite": ""}
    server, name = postgres.rpartition("/")[0], "import_data_bench"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    return {"PostgreSQL": f"{server}/{name}", "SQLite": ""}


def measured(asked, environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PRODUCTION")}
    command = [sys.executable, "-m", "tests.benchmarks.on_one_database"]
    command += [str(asked.rows), str(asked.many), str(asked.times), *asked.only]
    given = {name: value for name, value in environment.items() if value}
    done = subprocess.run(command, cwd=ROOT, env=kept | given, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def heading(asked):
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return f"""# Speed

Measured on {datetime.date.today()} by `make bench`: {asked.rows:,} contacts of 23 columns with addresses, look-ups and
phone numbers of five countries, 2 % of the rows bad; medians of {asked.times}. {os.cpu_count()} cores
({platform.machine()}), Python {platform.python_version()}, {versions}.
Rows per second unless another unit is said.
"""


if __name__ == "__main__":
    main()
