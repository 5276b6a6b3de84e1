"""What the values of a column look like: for headers that say nothing, and against names that mislead."""

import re
import uuid
from datetime import date

from django.utils.translation import gettext as _

from .cells import BadCell, FileOptions
from .fields import Choice, Country, Currency, Date, Email, Number, Phone, Reference

FEWEST = 3
MOST, NEARLY_ALL = 0.7, 0.9
HARDLY_ANY = 0.2
GENERATION = 12  # years: dates of birth lie further back, those of orders do not
INTERNATIONAL = re.compile(r"(?:\+|00)[\d ()./-]{7,20}")
SAYS_NOTHING = re.compile(
    r"column [a-z]{1,3}|(?:column|col|field|value|unnamed|spalte|colonne|columna|στήλη|πεδίο|τιμή)?[ :#_-]*\d*"
)


def says_nothing(header):
    """Whether a header is a number, a letter or a word such as "Field 3"."""
    return len(header) < 2 or bool(SAYS_NOTHING.fullmatch(" ".join(header.casefold().split())))


def contradicts(field, texts):
    """Whether values cannot be of this field, whatever their header says."""
    test = IMPOSSIBLE_WITHOUT.get(kind_of(field))
    if test is None or len(texts) < FEWEST:
        return False
    return share(texts, test) < HARDLY_ANY


def describes(column, texts, is_nameless, known=None):
    """What the values say in words, such as "its values look like e-mail addresses", else "". Addresses,
    international numbers and keys of records speak for themselves, others only where the header is silent."""
    if len(texts) < FEWEST:
        return ""
    field = column.field
    are_each_ones_own = len(set(texts)) >= MOST * len(texts)
    if isinstance(field, Email) and are_each_ones_own and is_clean(field, texts):
        return _("its values look like e-mail addresses")
    if isinstance(field, Phone) and are_each_ones_own and share(texts, INTERNATIONAL.fullmatch) >= NEARLY_ALL:
        return _("its values look like phone numbers")
    if isinstance(field, Reference):
        return names_records(column, texts, known)
    if not is_nameless:
        return ""
    return of_nameless(column, texts)


def of_nameless(column, texts):
    field = column.field
    if isinstance(field, Date) and field.past and is_clean(field, texts) and are_long_ago(texts):
        return _("its values look like dates of birth")
    if isinstance(field, Country) and is_clean(field, texts):
        return _("its values look like countries")
    if isinstance(field, Currency) and is_clean(field, texts):
        return _("its values look like currencies")
    if isinstance(field, Choice) and len(set(texts)) > 1 and is_clean(field, texts):
        return _("its values are those of %(column)s") % {"column": _(column.name)}
    return ""


def names_records(column, texts, known):
    """Values that are keys of existing records; a few that are not may be wrong or new."""
    if known is None or column.field.by == ("pk",) or len(set(texts)) < FEWEST:
        return ""
    found = known(column, set(texts))
    if share(texts, found.__contains__) < NEARLY_ALL:
        return ""
    return _("its values are known to %(column)s") % {"column": _(column.name)}


def kind_of(field):
    if isinstance(field, Reference) and field.by == ("pk",):
        return "identifier"
    kinds = (("email", Email), ("phone", Phone), ("date", Date), ("number", Number))
    return next((name for name, kind in kinds if isinstance(field, kind)), None)


def has_digit(text):
    return any(character.isdigit() for character in text)


def is_identifier(text):
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


IMPOSSIBLE_WITHOUT = {
    "identifier": is_identifier,
    "email": lambda text: "@" in text,
    "phone": has_digit,
    "date": has_digit,
    "number": has_digit,
}


def share(texts, test):
    return sum(bool(test(text)) for text in texts) / len(texts)


def is_clean(field, texts):
    clean = field.compile(FileOptions())

    def accepts(text):
        try:
            return clean(text) is not None
        except BadCell as bad:
            return bad.code == "ambiguous_date"

    return share(texts, accepts) >= NEARLY_ALL


def are_long_ago(texts):
    years = sorted(int(year[0]) for text in texts if (year := re.search(r"\d{4}", text)))
    return bool(years) and years[len(years) // 2] <= date.today().year - GENERATION
