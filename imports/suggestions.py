"""Which column each header of a file is for, and why: remembered, by name, similar, or by its values.

The best evidence is taken first, each column and each header once. What stays under the line is not
suggested: an empty place is seen, a wrong one is not.
"""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from .looks import contradicts, describes, says_nothing
from .mapping import Mapping
from .names import folded, names_of

SHORTEST_SIMILAR = 5
SIMILAR = 88
AHEAD_OF_RUNNER_UP = 6


@dataclass(frozen=True)
class Suggestion:
    """The column for a header; `kind` is remembered, name, synonym, similar or values; `reason` says it to
    a person."""

    column: object
    kind: str
    reason: str


@dataclass(frozen=True)
class Remembered:
    """An earlier mapping by the names of its headers {column key: header}, why it is trusted, and all
    `headers` of its file: those that were not mapped then are left out again."""

    columns: dict
    reason: str
    headers: tuple = ()


def suggest(importer, headers, samples=(), remembered=None, known=None):
    """[Suggestion or None] for each header.

    `samples` are its first values, a list of texts per header; `known(column, texts)` tells the texts that name
    existing records of a reference column.
    """
    matcher = Matcher(importer, headers, samples)
    if remembered:
        matcher.remember(remembered)
    matcher.match_names()
    matcher.match_similar()
    matcher.match_values(known)
    return [matcher.found.get(index) for index in range(len(headers))]


def names_found(importer, headers):
    """How many of the headers are names of the entity type's columns."""
    matcher = Matcher(importer, headers)
    matcher.match_names()
    return len(matcher.found)


def mapping_of(suggestions):
    pairs = enumerate(suggestions)
    return Mapping({suggestion.column.key: index for index, suggestion in pairs if suggestion})


class Matcher:
    """Gives columns to headers, step by step; `found` is {header index: Suggestion}."""

    def __init__(self, importer, headers, samples=()):
        self.importer, self.headers, self.names = importer, headers, names_of(importer)
        self.samples = list(samples) or [[]] * len(headers)
        self.found, self.taken, self.left_out = {}, set(), set()

    def take(self, index, column, kind, reason):
        if index not in self.found and column.key not in self.taken:
            self.found[index] = Suggestion(column, kind, reason)
            self.taken.add(column.key)

    @property
    def open_headers(self):
        closed = self.found.keys() | self.left_out
        return [index for index in range(len(self.headers)) if index not in closed]

    # Remembered

    def remember(self, remembered):
        places = {folded(header): index for index, header in reversed(list(enumerate(self.headers)))}
        for key, header in remembered.columns.items():
            index = places.get(folded(header))
            if index is not None and key in self.importer.by_key:
                self.take(index, self.importer.by_key[key], "remembered", remembered.reason)
        self.left_out = {places.get(folded(header)) for header in remembered.headers} - self.found.keys()

    # By names

    def match_names(self):
        guesses = [
            (known.rank, index, known)
            for index in self.open_headers
            for known in self.names.find(self.headers[index])
            if self.is_possible(known, index)
        ]
        for _rank, index, known in sorted(self.of_one_record(guesses), key=lambda guess: guess[:2]):
            column = known.column
            if known.is_own_name:
                self.take(index, column, "name", _("same name"))
            else:
                self.take(
                    index, column, "synonym", _("another name of %(column)s") % {"column": _(column.name)}
                )

    def is_possible(self, known, index):
        return known.is_own_name or not contradicts(known.column.field, self.samples[index])

    def of_one_record(self, guesses):
        """Leave out what belongs to a second child record: "Billing City" beside "Home Street" and "Home City"."""
        columns = {}
        for _rank, _index, known in guesses:
            if known.column.record:
                columns.setdefault(known.column.record, {}).setdefault(known.group, set()).add(known.column)
        chosen = {record: self.fullest(record, groups) for record, groups in columns.items()}
        return [guess for guess in guesses if chosen.get(guess[2].column.record, "") == guess[2].group]

    def fullest(self, record, groups):
        order = ["", *self.names.qualifiers.get(record, ())]
        return max(groups, key=lambda group: (len(groups[group]), -order.index(group)))

    # By similar names

    def match_similar(self):
        """A header that is misspelt: it must be close to a name, and clearly closer than to any other column's;
        of two headers that are close to one column neither is taken."""
        guesses = {index: guess for index in self.open_headers if (guess := self.most_similar(index))}
        best = Counter(column.key for column, _name in guesses.values())
        for index, (column, name) in guesses.items():
            if best[column.key] == 1 and not contradicts(column.field, self.samples[index]):
                self.take(index, column, "similar", _("similar to “%(name)s”") % {"name": name})

    def most_similar(self, index):
        """(column, the name as it is written) or None."""
        header, scores = folded(self.headers[index]), {}
        alike = process.extract(
            header,
            self.names.known.keys(),
            scorer=fuzz.ratio,
            score_cutoff=SIMILAR - AHEAD_OF_RUNNER_UP,
            limit=None,
        )
        for name, score, _index in alike:  # the best first
            for column in self.names.known[name] if is_misspelling(header, name) else ():
                scores.setdefault(column, (score, name))
        if not scores:
            return None
        (column, (score, name)), *others = scores.items()
        runner_up = others[0][1][0] if others else 0
        if score < SIMILAR or score - runner_up < AHEAD_OF_RUNNER_UP:
            return None
        return column, self.names.written[name]

    # By their values

    def match_values(self, known=None):
        """Headers whose values can be of one column only that is still free."""
        guesses = [
            (index, column, words)
            for index in self.open_headers
            for column in self.importer.columns
            if column.key not in self.taken
            if (words := self.looks_like(column, index, known))
        ]
        headers = Counter(index for index, _column, _words in guesses)
        columns = Counter(column.key for _index, column, _words in guesses)
        for index, column, words in guesses:
            if headers[index] == 1 and columns[column.key] == 1:
                self.take(index, column, "values", words)

    def looks_like(self, column, index, known):
        is_nameless = says_nothing(self.headers[index])
        return describes(column, self.samples[index], is_nameless, known)


def is_misspelling(header, name):
    """Whether two folded names that are alike may be one: another number or a word more is another name."""
    short, long = sorted((header, name), key=len)
    if len(short) < SHORTEST_SIMILAR or digits(header) != digits(name):
        return False
    return len(long) - len(short) <= 1 or not (long.startswith(short) or long.endswith(short))


def digits(text):
    return [character for character in text if character.isdigit()]
