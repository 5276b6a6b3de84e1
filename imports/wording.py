"""Numbers and words of our sentences in the language of whoever reads them."""

from functools import cache

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext_lazy, override

CREATED = ngettext_lazy("%(rows)s created", "%(rows)s created", "count")
UPDATED = ngettext_lazy("%(rows)s updated", "%(rows)s updated", "count")
UNCHANGED = ngettext_lazy("%(rows)s unchanged", "%(rows)s unchanged", "count")
LEFT_AS_THEY_ARE = ngettext_lazy(
    "%(rows)s already there and left as they are", "%(rows)s already there and left as they are", "count"
)
REJECTED = ngettext_lazy("%(rows)s rejected", "%(rows)s rejected", "count")
NOT_REACHED = ngettext_lazy("%(rows)s not reached", "%(rows)s not reached", "count")
ROWS = ngettext_lazy("%(rows)s row", "%(rows)s rows", "count")
OTHER_ROWS = ngettext_lazy("the other %(rows)s row", "the other %(rows)s rows", "count")
ROWS_NOT_IMPORTED = ngettext_lazy("%(rows)s row not imported", "%(rows)s rows not imported", "count")
ROWS_NOT_REACHED = ngettext_lazy("%(rows)s row not reached", "%(rows)s rows not reached", "count")
ROWS_WITH_PROBLEMS = ngettext_lazy("%(rows)s row with problems", "%(rows)s rows with problems", "count")


def figure(number):
    """A whole number as it stands in a sentence: 1,204 or 1.204."""
    return number_format(number, force_grouping=True)


def counted(words, count):
    """One of the sentences above with its number."""
    return words % {"count": count, "rows": figure(count)}


@cache
def in_every_language(text):
    """What `text` is called in each language of the product, its own first: a file knows no language."""
    said = []
    for code, _ in settings.LANGUAGES:
        with override(code):
            said.append(gettext(text))
    return list(dict.fromkeys(said))
