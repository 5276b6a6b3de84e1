"""What a value that nothing knows was probably meant to be: the nearest known one, and letters that
only look Latin. Knows neither database nor HTTP."""

import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from .fields import folded_word

GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυ", "ABEZHIKMNOPTYXaiKvopu", strict=True)) | {"κ": "k"}
CYRILLIC = dict(zip("АВЕКМНОРСТУХЅІЈаеорсухѕіј", "ABEKMHOPCTYXSIJaeopcyxsij", strict=True))
LOOK_ALIKES = {ord(letter): latin for letter, latin in (GREEK | CYRILLIC).items()}
SHORTEST_BEGINNING = 3


@dataclass(frozen=True)
class Match:
    """A known value: `text` is what to use for it, `label` what a person calls it."""

    text: str
    label: str


def latin(text):
    """`text` with the Latin letters that its Greek and Cyrillic ones look like."""
    return unicodedata.normalize("NFC", text).translate(LOOK_ALIKES)


def look_alikes(text):
    """[(position from 1, letter, "Greek" or "Cyrillic")] of those inside words that are Latin otherwise."""
    if text.isascii():
        return []
    text = unicodedata.normalize("NFC", text)
    found, start = [], 0
    for word in text.split(" "):
        letters = [(i, c) for i, c in enumerate(word, start + 1) if ord(c) in LOOK_ALIKES]
        if letters and any(c.isalpha() and c.isascii() for c in word):
            found += [(i, c, _("Greek") if c in GREEK else _("Cyrillic")) for i, c in letters]
        start += len(word) + 1
    return found


def named_look_alikes(text):
    """The sentence that names them: "Character 2 is the Greek Ε." – or ""."""
    sentences = [
        _("Character %(position)d is the %(script)s %(letter)s, which looks like the Latin %(latin)s.")
        % {"position": position, "script": script, "letter": letter, "latin": latin(letter)}
        for position, letter, script in look_alikes(text)
    ]
    return " ".join(sentences)


class Known:
    """Known values, to be asked for the nearest: {word that means it: Match}."""

    def __init__(self, words):
        matches = {}
        for word, match in words:
            matches.setdefault(folded_word(word), set()).add(match)
        self.matches = {word: found.pop() for word, found in matches.items() if word and len(found) == 1}
        self.words = list(self.matches)

    def __bool__(self):
        return bool(self.matches)

    def nearest(self, text):
        """The Match that `text` means when one is clearly nearest, else None."""
        for word in dict.fromkeys((folded_word(text), folded_word(latin(text)))):
            if not word:
                continue
            match = self.matches.get(word) or self.begun(word) or self.misspelt(word)
            if match:
                return match
        return None

    def begun(self, word):
        """The only one that begins with `word`: "fem" is female; but codes are not cut short."""
        if len(word) < SHORTEST_BEGINNING or not word.isalpha():
            return None
        return only({self.matches[known] for known in self.words if known.startswith(word)})

    def misspelt(self, word):
        """The only one within as many slips of the pen as a word of this length may have."""
        slips = allowed_slips(len(word))
        near = extract(word, self.words, scorer=OSA.distance, score_cutoff=slips, limit=20) if slips else ()
        closest = min((distance for _word, distance, _index in near), default=0)
        nearest = [known for known, distance, _index in near if distance == closest]
        # Another digit is another thing: DEC-5K is not a misspelt DEC-4K.
        is_other = any(digits(known) != digits(word) for known in nearest)
        return None if is_other else only({self.matches[known] for known in nearest})


def digits(word):
    return [character for character in word if character.isdigit()]


def only(matches):
    return matches.pop() if len(matches) == 1 else None


def allowed_slips(length):
    """A letter too much, missing, other or swapped: none in three letters, one in seven, two in twelve."""
    return 0 if length < 4 else 1 if length < 8 else 2 if length < 13 else length // 5
