"""The limit: finished rows into the same tables with the same indexes, by the fastest way the database has."""

import time

from django.db import connection, transaction

from entities.models import Address, Contact
from imports.models import ImportRow, ImportRowDetail

TABLES = (Contact, Address, ImportRow, ImportRowDetail)


def whole():
    """Seconds that all that stands in the tables of records and ledger takes to come in again."""
    taken = [take_out(model) for model in reversed(TABLES)][::-1]  # what hangs on others first
    assert all(taken)
    return timed(TABLES, taken)


def tenths():
    """Seconds that each tenth of the contacts takes to come in again."""
    take_out(Address)
    rows = take_out(Contact)
    size = -(-len(rows) // 10)
    return [timed([Contact], [rows[start : start + size]]) for start in range(0, len(rows), size)]


def timed(models, rows):
    began = time.perf_counter()
    with transaction.atomic():
        for model, of_model in zip(models, rows, strict=True):
            put_in(model, of_model)
    return time.perf_counter() - began


def take_out(model):
    """The rows of a table as the database wants them, in the order of their keys; the table is empty then."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT") as copy:
                rows = b"".join(bytes(block) for block in copy).splitlines(keepends=True)
            cursor.execute(f"TRUNCATE {table} CASCADE")
        else:
            rows = cursor.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            cursor.execute(f"DELETE FROM {table}")
    return rows


def put_in(model, rows):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(b"".join(rows))
        else:
            places = ", ".join(["?"] * len(rows[0]))
            cursor.cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
