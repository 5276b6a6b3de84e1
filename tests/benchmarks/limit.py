"""The limit: finished rows into the same tables with the same indexes, by the fastest way the database has."""

import json
import time

from django.db import connection, transaction

from entities.models import Address, Contact
from imports.models import ImportRow, ImportRowDetail

TABLES = (Contact, Address, ImportRow, ImportRowDetail)


def whole():
    """Seconds that all that stands in the tables of records and ledger takes to come in again, by each way."""
    return {name: way(TABLES) for name, way in WAYS[connection.vendor].items()}


def tenths():
    """Seconds that each tenth of the contacts takes to come in again."""
    rows = take_out(Contact)
    empty(Address)
    empty(Contact)
    size = -(-len(rows) // 10)
    return [timed(put_in, [Contact], [rows[start : start + size]]) for start in range(0, len(rows), size)]


def again(take, put):
    """A way: a function (models) → seconds in which all their rows, taken before, are put in again."""

    def measure(models):
        taken = [take(model) for model in models]
        assert all(taken)
        for model in reversed(models):  # what hangs on others first
            empty(model)
        return timed(put, models, taken)

    return measure


def timed(put, models, rows):
    began = time.perf_counter()
    with transaction.atomic():
        for model, of_model in zip(models, rows, strict=True):
            put(model, of_model)
    return time.perf_counter() - began


def empty(model):
    with connection.cursor() as cursor:
        statement = "TRUNCATE {} CASCADE" if connection.vendor == "postgresql" else "DELETE FROM {}"
        cursor.execute(statement.format(model._meta.db_table))


def take_out(model):
    """The rows of a table as the database's driver gives and takes them, in the order of their keys."""
    with connection.cursor() as cursor:
        cursor.cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id")
        rows = cursor.cursor.fetchall()
    return [[json.dumps(v) if isinstance(v, dict | list) else v for v in row] for row in rows]


def put_in(model, rows):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["?"] * len(rows[0]))
            cursor.cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def take_out_text(model):
    """The same as the bytes that COPY makes and takes."""
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT * FROM {model._meta.db_table} ORDER BY id) TO STDOUT") as copy:
            return b"".join(bytes(block) for block in copy)


def put_in_text(model, text):
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {model._meta.db_table} FROM STDIN") as copy:
            copy.write(text)


WAYS = {
    "postgresql": {"limit": again(take_out, put_in), "limit of text": again(take_out_text, put_in_text)},
    "sqlite": {"limit": again(take_out, put_in)},
}
