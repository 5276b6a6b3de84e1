"""A long history: hundreds of imports and millions of rows of their ledger, and what the pages make of it."""

import re
import time
import uuid

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from imports.models import ImportRow, ImportRowDetail, ImportRun

OF_HISTORY = ("imports_importrow", "imports_importrowdetail")
UUID_OF = {
    "postgresql": "lpad(to_hex({}), 32, '0')::uuid",
    "sqlite": "printf('%032x', {})",
}


def lengthen(job, imports, rows):
    """Copy an import until there are so many more, each with the ledger of so many rows; bytes per row."""
    run, before = job.latest_run(ImportRun.Kind.IMPORT), size()
    for number in range(1, imports + 1):
        job.pk, job.code, job.start_key = None, f"{number:04d}", uuid.uuid4()
        job.save(force_insert=True)
        run.pk, run.job = None, job
        run.save(force_insert=True)
        fill_ledger(run, rows, number * rows)
        fill_details(run, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return (size() - before) / (imports * rows)


def fill_ledger(run, rows, first):
    record = UUID_OF[connection.vendor].format(f"{first} + n")
    fill(
        f"INSERT INTO {ImportRow._meta.db_table} (run_id, row_number, outcome, record_id, written_at) "
        f"SELECT {run.pk}, n, 'created', {record}, '2026-01-01 00:00:00' FROM numbers",
        rows,
    )


def fill_details(run, rows):
    """Of 2 % of them what a rejected row holds."""
    fill(
        f"INSERT INTO {ImportRowDetail._meta.db_table} "
        "(run_id, row_number, outcome, problems, cells, changes, children, stale) "
        f"SELECT {run.pk}, n, 'rejected', '[]', '[\"A\", \"Ann\", \"Sample\", \"no address\"]', '{{}}', '{{}}', "
        "false FROM numbers WHERE n % 50 = 0",
        rows,
    )


def fill(statement, rows):
    numbers = (
        f"WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n <= {rows}) "
    )
    with connection.cursor() as cursor:
        cursor.cursor.execute(numbers + statement)


def pages(user, job, record):
    """{page: {"seconds", "queries", "queries that read all of the history"}}, of its second visit."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    addresses = {
        "list of imports": reverse("imports:list"),
        "an import's page": reverse("imports:detail", args=[job.pk]),
        "a row explained": reverse("imports:row", args=[job.pk, 77]),
        "a record's history": reverse("admin:entities_contact_history", args=[record]),
    }
    return {name: measured(client, address) for name, address in addresses.items()}


def measured(client, address):
    client.get(address)
    began = time.perf_counter()
    answer = client.get(address)
    seconds = time.perf_counter() - began
    assert answer.status_code == 200, address
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    asked = [query for query in captured if any(table in query["sql"] for table in OF_HISTORY)]
    reading_all = [query["sql"] for query in asked if reads_all(query["sql"])]
    return {"seconds": seconds, "queries": len(captured), "queries that read all of the history": reading_all}


def reads_all(query):
    """Whether the database reads a table of the history from its beginning to its end."""
    if not query.startswith("SELECT"):
        return False
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.cursor.execute(f"{explain} {query}")
        plan = "\n".join(str(line[-1]) for line in cursor.fetchall())
    tables = "|".join(OF_HISTORY)
    return bool(re.search(rf'(Seq Scan on|SCAN) "?({tables})"?', plan))


def size():
    """Bytes of the ledger with its indexes; of the whole database when SQLite cannot tell its tables apart."""
    table = ImportRow._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT pg_total_relation_size('{table}')")
        elif tells_tables_apart():
            parts = f"SELECT name FROM sqlite_master WHERE tbl_name = '{table}'"
            cursor.execute(f"SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN ({parts})")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return cursor.fetchone()[0]


def tells_tables_apart():
    """Whether the database says how large a table is: an SQLite that was compiled without `dbstat` does not."""
    if connection.vendor == "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pragma_compile_options WHERE compile_options = 'ENABLE_DBSTAT_VTAB'"
        )
        return bool(cursor.fetchone()[0])
