"""Numbers and texts as addresses and forms bring them: anybody may send anything there."""

LONGEST = 9  # digits; what is longer is no number of an import, a run or a row


def number(text):
    """The number that somebody asks for, or None."""
    return int(text) if text and text.isdecimal() and len(text) <= LONGEST else None


def typed(text):
    """What was typed, without the character that no database keeps."""
    return text.replace("\x00", "").strip()
