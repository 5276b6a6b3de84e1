"""The forms in which keys, names and identifiers are stored for comparison.

Databases disagree on lower() and on accents, so the comparable form is computed here and
stored beside the text under a plain unique constraint.
"""

import os
import time
import unicodedata
import uuid

VERSION_AND_VARIANT = 7 << 76 | 2 << 62
LEFT_TO_CHANCE = (1 << 76) - 1 & ~(3 << 62)


def exact_key(text):
    """`text` in NFC, trimmed, inner white space collapsed: contact codes, product codes."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def folded_key(text):
    """`exact_key` without regard to case: serial numbers and the names of look-ups."""
    return exact_key(text).casefold()


def uuid7():
    """A UUID that sorts by the time of its making (RFC 9562, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    return uuid.UUID(int=milliseconds << 80 | chance & LEFT_TO_CHANCE | VERSION_AND_VARIANT)
