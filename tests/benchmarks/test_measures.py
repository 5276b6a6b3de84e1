"""The benchmark runs, on few rows: what it says of them is not looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.table import table

MEASURES = ["csv", "xlsx", "again", "failed rows .xls", "retention", "history"]
ROWS = 400


def test_each_measure_has_its_lines_in_the_table(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.on_one_database", str(ROWS), str(ROWS), "1", *MEASURES],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"DATA_DIR": str(tmp_path), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.keys() == set(MEASURES)
    lines = table({"SQLite": found})
    for what in (".csv, import", ".xlsx, whole", "unchanged", "import beside retention", "failed rows .xls"):
        assert f"| SQLite | {what} |" in lines
