"""Dates of a file that can be read in two ways."""

from . import drafts
from .fields import Date

ROWS_FOR_DATES = 5000


def find_ambiguous_date(job, mapping):
    """A date of the mapped columns that can be read in two ways when none of them decides, or None."""
    texts = drafts.texts_of(job, mapping, drafts.first_data_rows(job, ROWS_FOR_DATES), Date)
    if drafts.date_order(texts):
        return None
    return next((text for text in texts if is_ambiguous(text)), None)


def is_ambiguous(text):
    found = Date.WRITTEN.fullmatch(text)
    if not found or len(found[3]) == 2:
        return False
    first, second = int(found[1]), int(found[2])
    return first != second and 1 <= first <= 12 and 1 <= second <= 12


def date_samples(text):
    """{order: the date that `text` is then}."""
    if not text:
        return {}
    field = Date()
    return {order: field.from_text(text, order) for order in ("dmy", "mdy")}
