"""Stored values as a person reads them: dates, prices, choices, names of records instead of identifiers."""

import datetime
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from .fields import Choice, Date, Number, Reference
from .validation import Found


def in_words(column, value):
    """A value of a column, as it is stored or as the details of a run keep it."""
    value = as_stored(column, value)
    if value is None:
        return ""
    if isinstance(value, Found):
        return value.name
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime.date):
        return date_format(value, "j M Y")
    if isinstance(value, Decimal):
        return number_format(value, force_grouping=True)
    if isinstance(column.field, Choice) and not isinstance(column.field, Reference):
        return str(dict(column.field.choices.choices).get(value, value))
    return str(value)


def as_stored(column, value):
    """`value` when it was kept as JSON, which has neither dates nor exact numbers."""
    if not isinstance(value, str) or not value:
        return value
    if isinstance(column.field, Date):
        return datetime.date.fromisoformat(value)
    return Decimal(value) if isinstance(column.field, Number) else value


def names_of_references(changes):
    """{identifier: name} of the records that changes [(row number, {column: [old, new]})] point to, one
    query per column."""
    wanted = {}
    for _number, pairs in changes:
        for column, pair in pairs.items():
            if isinstance(column.field, Reference):
                wanted.setdefault(column, set()).update(value for value in pair if value)
    names = {}
    for column, values in wanted.items():
        records = column.field.model.objects.filter(pk__in=values).values_list("pk", column.field.text_field)
        names |= {str(pk): name for pk, name in records}
    return names
