"""Row numbers of an import as people read them: `{{ number|row_of:job }}` is "row 5" or "Sheet2, row 5"."""

from django import template

from imports.rows import capital_row_name, row_label, row_name

register = template.Library()


@register.filter
def row_of(number, job):
    """For the middle of a sentence."""
    return row_name(number, job.row_sheets)


@register.filter
def capital_row_of(number, job):
    """For the beginning of a sentence."""
    return capital_row_name(number, job.row_sheets)


@register.filter
def row_label_of(number, job):
    """For a column of row numbers: the number alone when one sheet was read."""
    return row_label(number, job.row_sheets)
