"""What a column knows: the values to choose from, and the one that an unknown text was meant to be."""

from functools import cache

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .fields import Choice, Country, Currency, Language, Reference, YesNo
from .matching import Known, Match, latin
from .world import alpha3_codes, country_names, currency_codes, language_codes

MOST_NAMES = 5000
MOST_CHOICES = 300
NAMED_IN = ("en", "el")


def choices(column):
    """[(text, words)] to choose from; [] when there are too many or anything can be said."""
    field = column.field
    if not isinstance(field, Reference):
        return list(WORDS[type(field)](field)) if type(field) in WORDS else []
    known = usable(field, MOST_CHOICES + 1)
    return sorted(known, key=lambda pair: pair[1].casefold()) if len(known) <= MOST_CHOICES else []


def nearest(column, texts):
    """{text: Match} for those texts that were clearly meant to be a value that the column knows."""
    known = known_of(column, texts)
    found = {text: known.nearest(text) for text in texts} if known else {}
    return {text: match for text, match in found.items() if match and match.text != text}


def known_of(column, texts):
    field = column.field
    if isinstance(field, Country):
        return countries()
    if isinstance(field, Reference):
        pairs = usable(field, MOST_NAMES + 1)
        pairs = pairs if len(pairs) <= MOST_NAMES else usable(field, MOST_NAMES, variants(field, texts))
        return Known((name, Match(text, name)) for text, name in pairs)
    return known_words(field) if type(field) in WORDS else None


def known_words(field):
    """All that a field of fixed values answers to, and what else its values are called."""
    matches = {text: Match(str(text), str(words)) for text, words in WORDS[type(field)](field)}
    called = [(word, match) for match in matches.values() for word in (match.label, match.text)]
    meant = [(word, matches.get(as_said(value))) for word, value in field.words().items()]
    return Known([*called, *((word, match) for word, match in meant if match), *other_names(field)])


def usable(field, most, keys=None):
    """[(text, name)] of the records that a reference may name, among those with these keys; the text is
    the identifier when nothing else is taken."""
    records = field.model.objects.all()
    if keys is not None:
        records = records.filter(**{f"{key_field(field)}__in": keys})
    rows = records.values_list("pk", field.text_field, *field.fetch)[:most]
    is_named = key_field(field) is not None
    return [
        (name if is_named else str(pk), name)
        for pk, name, *data in rows
        if not (field.refuse and field.refuse(*data))
    ]


def key_field(field):
    """The field by which a person refers to a record, or None when only its identifier does."""
    return next((by for by in field.by if by != "pk"), None)


def variants(field, texts):
    """The keys that texts would have if only letters that look alike, case or zeros in front differ."""
    if key_field(field) is None:
        return set()
    to_key = field.model.keys[key_field(field)][1]
    spelt = {spelling for text in texts for spelling in (text, latin(text), text.lstrip("0"), f"0{text}")}
    return {to_key(spelling) for text in spelt for spelling in (text, text.upper(), text.lower()) if spelling}


def as_said(value):
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def locale():
    """The names of the reader's language; English ones where the world's are not known in it."""
    language = (get_language() or NAMED_IN[0]).partition("-")[0]
    return Locale(language if language in NAMED_IN else NAMED_IN[0])


def countries():
    return countries_called(locale().language)


@cache
def countries_called(language):
    names, codes = Locale(language).territories, alpha3_codes()
    return Known((name, Match(codes[two], names[two])) for name, two in country_names().items())


def other_names(field):
    """[(word, Match)] of what files write out: the names of languages and currencies."""
    if not isinstance(field, Language | Currency):
        return
    kind = "languages" if isinstance(field, Language) else "currencies"
    for spoken in map(Locale, NAMED_IN):
        for code, name in getattr(spoken, kind).items():
            if code in (language_codes() if kind == "languages" else currency_codes()):
                yield name, Match(code, named(kind, code))


def named(kind, code):
    return getattr(locale(), kind).get(code, code)


def world_choices(kind, codes):
    return sorted(((code, named(kind, code)) for code in codes), key=lambda pair: pair[1])


def country_choices(field):
    names = locale().territories
    return sorted(((three, names[two]) for two, three in alpha3_codes().items()), key=lambda pair: pair[1])


WORDS = {
    Choice: lambda field: field.choices.choices,
    YesNo: lambda field: [("yes", _("Yes")), ("no", _("No"))],
    Country: country_choices,
    Currency: lambda field: world_choices("currencies", currency_codes()),
    Language: lambda field: world_choices("languages", language_codes()),
}
