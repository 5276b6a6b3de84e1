"""The forms in which keys, names and identifiers are stored for comparison.

Databases disagree on lower() and on accents, so the comparable form is computed here and
stored beside the text under a plain unique constraint.
"""

import os
import time
import unicodedata
import uuid


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
    number = milliseconds << 80 | 7 << 76 | chance >> 68 << 64 | 2 << 62 | chance & (1 << 62) - 1
    return uuid.UUID(int=number)
