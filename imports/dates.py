"""Dates that can be read day first or month first."""

from .fields import Date


def date_samples(text):
    """{order: the date that `text` is then}."""
    if not text:
        return {}
    field = Date()
    return {order: field.from_text(text, order) for order in ("dmy", "mdy")}
