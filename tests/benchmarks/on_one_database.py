"""Measures on the database that DATABASE_URL and DATA_DIR name, and prints one JSON object."""

import json
import os
import sys
import tempfile
from statistics import median

import django

ONCE = ("large", "pages", "history", "full sheet", "retention")  # they take many measures by themselves


def main(rows, many, times, only):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_import.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    settings.Q_CLUSTER["sync"] = False
    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        from .measures import Bench

        bench = Bench(folder, rows, many)
        measures = {
            "csv": lambda: bench.inserts("csv"),
            "xlsx": lambda: bench.inserts("xlsx"),
            "xls": lambda: bench.inserts("xls"),
            "others": bench.others,
            "again": bench.again,
            "large": bench.large,
            "waiting for a long .csv": lambda: bench.waiting("many.csv", many),
            "waiting for an .xlsx": lambda: bench.waiting("peoplexlsx.xlsx", rows),
            "pages": bench.pages,
            "history": bench.history,
            "retention": bench.retention,
            "full sheet": bench.full_sheet,
            "failed rows .csv": lambda: bench.failed_rows("csv"),
            "failed rows .xlsx": lambda: bench.failed_rows("xlsx"),
            "failed rows .xls": lambda: bench.failed_rows("xls"),
        }
        found = {}
        for name, measure in measures.items():
            if only and name not in only:
                continue
            print(f"{name} …", file=sys.stderr, flush=True)
            if name in ONCE:
                found[name] = measure()
            else:
                tries = [measure() for _ in range(times)]
                found[name] = {key: median(each[key] for each in tries) for key in tries[0]}
            print(json.dumps(found[name]), file=sys.stderr, flush=True)
        print(json.dumps(found))


if __name__ == "__main__":
    rows, many, times, *only = sys.argv[1:]
    main(int(rows), int(many), int(times), only)
