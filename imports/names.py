"""What headers may call an entity type's columns: their names, synonyms, and the names of other systems.

A header is compared without case, accents, spaces and marks. What stands in brackets may be left
out, and so may words that add nothing ("Customer City") and those that tell several child records
apart ("Home City", "Billing City").
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

from .fields import folded_word
from .wording import in_every_language

BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")  # the innermost: without end they cost no time
LONG_WORD = 6
NUMBER_SIGN = re.compile("[#№]")
# How much less likely a name is that was found by leaving something out.
WITHOUT_BRACKETS, WITHOUT_FILLER, WITHOUT_QUALIFIER = 200, 400, 800


@dataclass(frozen=True)
class Vocabulary:
    """What an importer knows beside its columns' names and synonyms: `names` {column key: {language:
    names, the likeliest first}}, `filler` words that add nothing, `qualifiers` {record: words that tell
    several of a kind apart, the likeliest first}, `qualified` {column key: what is its name only behind such a
    word, as in "Billing Code"}."""

    names: dict = field(default_factory=dict)
    filler: tuple = ()
    qualifiers: dict = field(default_factory=dict)
    qualified: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """A column that a header is a name of. `rank` orders the headers that one column could take, 0 is its
    own name; `group` is the qualifier of a child record's column."""

    column: object
    rank: int
    group: str = ""

    @property
    def is_own_name(self):
        return self.rank == 0


class Names:
    """All that an entity type answers to."""

    def __init__(self, importer):
        self.known = defaultdict(dict)  # {folded name: {column: rank}}
        self.written = {}  # {folded name: as it is written}
        for column in importer.columns:
            for rank, name in self.ranked(column, importer.vocabulary):
                self.known[folded(name)].setdefault(column, rank)
                self.written.setdefault(folded(name), name)
        self.filler = {folded(word) for word in importer.vocabulary.filler}
        self.qualifiers = {
            record: [folded(word) for word in words]
            for record, words in importer.vocabulary.qualifiers.items()
        }
        self.qualified = {
            (importer.by_key[key].record, folded(name)): importer.by_key[key]
            for key, names in importer.vocabulary.qualified.items()
            for name in names
        }

    @staticmethod
    def ranked(column, vocabulary):
        """(rank, name) of a column: its own name in each language, its synonyms, then those of other systems."""
        for name in in_every_language(column.name):
            yield 0, name
        own = len(column.synonyms) + 1
        yield from enumerate(column.synonyms, 1)
        for names in vocabulary.names.get(column.key, {}).values():
            yield from enumerate(names, own)

    def __contains__(self, text):
        return folded(text) in self.known

    def find(self, header):
        """[Known] of all columns that `header` may be a name of."""
        found = []
        for rank, form in self.forms(header):
            found += [Known(column, rank + own) for column, own in self.known.get(form, {}).items()]
            for record, qualifiers in self.qualifiers.items():
                for order, qualifier in enumerate(qualifiers):
                    columns = self.behind(qualifier, form, record)
                    found += [Known(c, rank + WITHOUT_QUALIFIER + order, qualifier) for c in columns]
        return found

    def forms(self, header):
        """(rank, folded form) of a header as it stands, without brackets, and without words that add nothing."""
        forms = {folded(header): 0}
        forms.setdefault(folded(BRACKETS.sub(" ", header)), WITHOUT_BRACKETS)
        for form, rank in list(forms.items()):
            for word in self.filler:
                for rest in rests(form, word):
                    forms.setdefault(rest, rank + WITHOUT_FILLER)
        return [(rank, form) for form, rank in forms.items()]

    def behind(self, qualifier, form, record):
        """The columns of a child record whose name stands beside a qualifier."""
        for rest in rests(form, qualifier):
            yield from (column for column in self.known.get(rest, ()) if column.record == record)
            if (record, rest) in self.qualified:
                yield self.qualified[record, rest]


def folded(text):
    """`text` without case, accents, spaces and marks; "Customer #" is "Customer No"."""
    return folded_word(NUMBER_SIGN.sub(" no ", text))


def rests(form, word):
    """What is left of a folded header when `word` begins or ends it, or, if it is long, stands within."""
    if form == word or word not in form:
        return
    if form.startswith(word):
        yield form[len(word) :]
    if form.endswith(word):
        yield form[: -len(word)]
    if len(word) >= LONG_WORD:
        yield form.replace(word, "", 1)


@lru_cache(maxsize=64)
def names_of(importer):
    return Names(importer)
