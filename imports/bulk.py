"""The small door to the database: many rows in one statement, the fastest way each database has.

Rows are lists of values in the order of `fields`. PostgreSQL takes COPY, SQLite executemany.
Errors are Django's (IntegrityError, DataError, OperationalError).
"""

import json
from functools import partial
from operator import itemgetter

from django.core.exceptions import EmptyResultSet
from django.db import connection, models

# In SQLite's usual two megabytes (negative: KiB) the indexes of a long table find no room, and each batch would
# read and write their pages again. It takes new pages over into the database after so many of them: sooner
# than the settings say, so that it is an import which does it and not a page of the site.
SQLITE_FOR_MANY_ROWS = "PRAGMA cache_size = -64000; PRAGMA wal_autocheckpoint = 8000"


def expect_many_rows():
    """Make this connection ready for batch after batch."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for pragma in SQLITE_FOR_MANY_ROWS.split(";"):
                cursor.execute(pragma)


def insert(model, records):
    """Insert dicts {field name: value}, all with the same fields."""
    if records:
        names = list(records[0])
        insert_rows(model, names, map(itemgetter(*names), records))


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
    rows = map(itemgetter(*(field.attname for field in fields)), records)
    table = connection.ops.quote_name(model._meta.db_table)
    columns = [connection.ops.quote_name(field.column) for field in fields]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in fields)
            assigned = ", ".join(f"{column} = new.{column}" for column in columns[1:])
            given = ", ".join(columns)
            cursor.execute(
                f"UPDATE {table} SET {assigned} "
                f"FROM unnest({arrays}) AS new ({given}) WHERE {table}.id = new.id",
                [list(column) for column in _columns(fields, rows)],
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
    condition, given = _among(column, field, values)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {condition}", [given])


def fetch(records, names):
    """The records of a QuerySet as a list of dicts {field name: value}, as its values(*names) would give
    them; no JSON among them, which PostgreSQL gives differently."""
    compiler = records.values_list(*names).query.get_compiler(connection=connection)
    try:
        statement, params = compiler.as_sql()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            rows = _fetch_binary(statement, params)
        else:
            rows = cursor.execute(statement, params).fetchall()
    if not rows:
        return []
    columns = list(zip(*rows, strict=True))
    converters = compiler.get_converters([expression for expression, *_ in compiler.select])
    for index, (functions, expression) in converters.items():
        for convert in functions:
            columns[index] = _each(partial(convert, expression=expression, connection=connection))(
                columns[index]
            )
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _fetch_binary(statement, params):
    """Django's own cursor asks for text, of which identifiers and moments take most of the time to read."""
    from psycopg import Cursor

    with Cursor(connection.connection) as cursor:
        return cursor.execute(statement, params, binary=True).fetchall()


@models.ForeignKey.register_lookup
@models.Field.register_lookup
class Among(models.Lookup):
    """`field__among=values` finds what `field__in=values` does, with one parameter for all values: that of
    thousands takes no longer to put together than that of one."""

    lookup_name = "among"

    def get_prep_lookup(self):
        return list(self.rhs)

    def as_sql(self, compiler, connection):
        column, params = self.process_lhs(compiler, connection)
        condition, given = _among(column, self.lhs.output_field, self.rhs)
        return condition, [*params, given]


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


def _among(column, field, values):
    """(condition, its parameter) that holds where `column` has one of the values of a field."""
    (values,) = _columns([field], [(value,) for value in values]) or [()]
    if connection.vendor == "postgresql":
        # Not = ANY(…), for which it reads the whole table rather than thousands of places of an index.
        return f"{column} IN (SELECT unnest(%s::{field.rel_db_type(connection)}[]))", list(values)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(values)


def _adapted(fields, rows):
    """`rows` with each value as the database's driver takes it."""
    return zip(*_columns(fields, rows), strict=True)


def _columns(fields, rows):
    """The values of `rows` by column, each as the database's driver takes it."""
    columns = list(zip(*rows, strict=True))
    for index, values in enumerate(columns):
        if adapt := _adapter(fields[index]):
            columns[index] = adapt(values)
    return columns


def _adapter(field):
    """The function that makes a field's values what the driver takes, or None when they are that."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.UUIDField):
        return lambda values: [value and value.hex for value in values]
    if isinstance(target, models.JSONField):
        encode = (target.encoder or json.JSONEncoder)(ensure_ascii=False).encode
        return lambda values: [None if value is None else encode(value) for value in values]
    is_date = isinstance(target, models.DateField)
    if is_date and (connection.vendor == "postgresql" or not isinstance(target, models.DateTimeField)):
        return _each(str)
    if connection.vendor == "sqlite" and (is_date or isinstance(target, models.DecimalField)):
        return _each(lambda value: target.get_db_prep_save(value, connection))
    return None


def _each(adapt):
    """Adapts values of which many are the same."""

    def adapt_each(values):
        known = {value: value if value is None else adapt(value) for value in set(values)}
        return [known[value] for value in values]

    return adapt_each
