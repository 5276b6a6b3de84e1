"""The forms in which keys, names and identifiers are stored for comparison.

Databases disagree on lower() and on accents, so the comparable form is computed here and
stored beside the text under a plain unique constraint.
"""

import os
import random
import time
import unicodedata
import uuid

VERSION_AND_VARIANT = 7 << 76 | 2 << 62
LEFT_TO_CHANCE = (1 << 76) - 1 & ~(3 << 62)

# One of its own: who seeds the common one, as tests do, would get the same identifiers again.
_chance = random.Random()
os.register_at_fork(after_in_child=_chance.seed)


def exact_key(text):
    """`text` in NFC, trimmed, inner white space collapsed: contact codes, product codes."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def folded_key(text):
    """`exact_key` without regard to case: serial numbers and the names of look-ups."""
    return exact_key(text).casefold()


class FirstRows:
    """Which row of a file was the first with a key, for millions of keys. In many small dicts, because a large
    one leaves holes in the memory as it grows which nothing else fills: for a million keys 30 MB."""

    DICTS = 64

    def __init__(self):
        self.rows = [{} for _ in range(self.DICTS)]

    def row_of(self, key, number):
        """The number of the first row with this key: `number` when there was none."""
        return self.rows[hash(key) % self.DICTS].setdefault(key, number)


def uuid7():
    """A UUID that sorts by the time of its making (RFC 9562, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | _chance.getrandbits(76) & LEFT_TO_CHANCE | VERSION_AND_VARIANT
    # As the standard library makes its own from Python 3.14 on: an import makes two for each row, and to
    # have what is known to be right checked takes most of the time.
    made = object.__new__(uuid.UUID)
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", uuid.SafeUUID.unknown)
    return made
