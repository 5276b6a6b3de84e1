"""The small door to the database: many rows in one statement, the fastest way each database has.

Rows are lists of values in the order of `fields`. PostgreSQL takes COPY, SQLite executemany.
Errors are Django's (IntegrityError, DataError, OperationalError).
"""

from functools import partial

from django.db import connection, models


def insert(model, records):
    """Insert dicts {field name: value}, all with the same fields."""
    if records:
        names = list(records[0])
        insert_rows(model, names, [[record[name] for name in names] for record in records])


def insert_rows(model, names, rows):
    """Insert rows of values; a duplicate key raises IntegrityError and inserts nothing."""
    fields = [model._meta.get_field(name) for name in names]
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    if connection.vendor == "postgresql":
        _copy(f"COPY {table} ({columns}) FROM STDIN", fields, rows)
        return
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", _adapted(fields, rows))


def update(model, names, records):
    """Set `names` of the records [{field name: value}] that exist, found by their "id"."""
    if not records:
        return
    fields = [model._meta.get_field(name) for name in ("id", *names)]
    rows = [[record[field.attname] for field in fields] for record in records]
    table = connection.ops.quote_name(model._meta.db_table)
    columns = [connection.ops.quote_name(field.column) for field in fields]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)
            assigned = ", ".join(f"{column} = new.{column}" for column in columns[1:])
            given = ", ".join(columns)
            values = [list(column) for column in zip(*_adapted(fields, rows), strict=True)]
            cursor.execute(
                f"UPDATE {table} SET {assigned} "
                f"FROM unnest({arrays}) AS new ({given}) WHERE {table}.id = new.id",
                values,
            )
        else:
            assigned = ", ".join(f"{column} = %s" for column in columns[1:])
            rows = [[*rest, pk] for pk, *rest in _adapted(fields, rows)]
            cursor.executemany(f"UPDATE {table} SET {assigned} WHERE id = %s", rows)


def delete(model, name, values):
    """Delete the records whose field `name` has one of these values, and nothing else: no cascades."""
    field = model._meta.get_field(name)
    table = connection.ops.quote_name(model._meta.db_table)
    column = connection.ops.quote_name(field.column)
    rows = _adapted([field], [[value] for value in values])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [[value for (value,) in rows]])
        else:
            cursor.executemany(f"DELETE FROM {table} WHERE {column} = %s", rows)


def settle():
    """Let what the database would refuse at the end of the transaction be refused now, where the culprit
    can be found. On SQLite nobody else writes meanwhile, and asking would read all tables."""
    if connection.vendor == "postgresql":
        connection.check_constraints()


def insert_missing(model, records):
    """Insert those records whose unique values are not there yet; returns how many that were."""
    instances = [model(**record) for record in records]
    model.objects.bulk_create(instances, ignore_conflicts=True)
    return model.objects.filter(pk__in=[instance.pk for instance in instances]).count()


def _copy(statement, fields, rows):
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in _adapted(fields, rows):
            copy.write_row(row)


def _adapted(fields, rows):
    """`rows` with each value as the database's driver takes it."""
    adapters = [(index, adapt) for index, field in enumerate(fields) if (adapt := _adapter(field))]
    if not adapters:
        return rows
    adapted = []
    for row in rows:
        row = list(row)
        for index, adapt in adapters:
            if row[index] is not None:
                row[index] = adapt(row[index])
        adapted.append(row)
    return adapted


def _adapter(field):
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.JSONField):
        return partial(_json, target)
    if connection.vendor == "postgresql":
        return None
    if isinstance(target, models.UUIDField):
        return lambda value: value.hex
    if isinstance(target, models.DateField | models.DecimalField):
        return lambda value: target.get_db_prep_save(value, connection)
    return None


def _json(field, value):
    import json

    return json.dumps(value, cls=field.encoder, ensure_ascii=False)
