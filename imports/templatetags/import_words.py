"""Numbers and names in sentences: `{{ count|rows }}` is "1,204 rows", `{{ columns|labels }}` "Name, Price"."""

from django import template
from django.utils.translation import gettext as _

from imports import wording

register = template.Library()


@register.filter
def rows(count):
    return wording.counted(wording.ROWS, count)


@register.filter
def other_rows(count):
    return wording.counted(wording.OTHER_ROWS, count)


@register.filter
def in_counts(pairs):
    """ "Name in 3, Price in 1" of [(name, count)]."""
    return ", ".join(
        _("%(name)s in %(count)s") % {"name": name, "count": wording.figure(count)} for name, count in pairs
    )


@register.filter
def labels(columns):
    """The names of columns in the language of the page."""
    return ", ".join(column.label for column in columns)
