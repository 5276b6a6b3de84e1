"""Numbers and words of our sentences in the language of whoever reads them."""

from functools import cache

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext, override


def figure(number):
    """A whole number as it stands in a sentence: 1,204 or 1.204."""
    return number_format(number, force_grouping=True)


@cache
def in_every_language(text):
    """What `text` is called in each language of the product, its own first: a file knows no language."""
    said = []
    for code, _ in settings.LANGUAGES:
        with override(code):
            said.append(gettext(text))
    return list(dict.fromkeys(said))
