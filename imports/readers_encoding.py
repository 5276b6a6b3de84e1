"""Finds out the encoding of a text file, and where it is not in that encoding."""

import codecs
import io
import re
from collections import Counter
from itertools import islice

from imports.readers_problems import UnreadableFile, _

# What a person may choose, in the order of a list for them.
ENCODINGS = {
    "utf-8": _("Unicode (UTF-8)"),
    "utf-8-sig": _("Unicode (UTF-8 with byte order mark)"),
    "utf-16": _("Unicode (UTF-16)"),
    "utf-16-le": _("Unicode (UTF-16, little endian)"),
    "utf-16-be": _("Unicode (UTF-16, big endian)"),
    "utf-32": _("Unicode (UTF-32)"),
    "utf-32-le": _("Unicode (UTF-32, little endian)"),
    "utf-32-be": _("Unicode (UTF-32, big endian)"),
    "windows-1253": _("Greek (Windows-1253)"),
    "iso-8859-7": _("Greek (ISO 8859-7)"),
    "cp737": _("Greek (DOS 737)"),
    "cp869": _("Greek (DOS 869)"),
    "mac-greek": _("Greek (Mac)"),
    "windows-1252": _("Western European (Windows-1252)"),
    "iso-8859-1": _("Western European (ISO 8859-1)"),
    "iso-8859-15": _("Western European (ISO 8859-15)"),
    "cp437": _("Western European (DOS 437)"),
    "cp850": _("Western European (DOS 850)"),
    "mac-roman": _("Western European (Mac)"),
    "windows-1250": _("Central European (Windows-1250)"),
    "iso-8859-2": _("Central European (ISO 8859-2)"),
    "windows-1251": _("Cyrillic (Windows-1251)"),
    "iso-8859-5": _("Cyrillic (ISO 8859-5)"),
    "koi8-r": _("Cyrillic (KOI8-R)"),
    "windows-1254": _("Turkish (Windows-1254)"),
    "iso-8859-9": _("Turkish (ISO 8859-9)"),
    "windows-1255": _("Hebrew (Windows-1255)"),
    "windows-1256": _("Arabic (Windows-1256)"),
    "windows-1257": _("Baltic (Windows-1257)"),
}
WESTERN = "windows-1252"
# What is guessed: statistics confuse windows-1250 and -1254 with -1252 in short files.
GUESSED = ["windows-1253", "iso-8859-7", "windows-1251", WESTERN]
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Encoding, bytes of a unit, and where in a unit the zeros are.
WIDE_ENCODINGS = (
    ("utf-32-le", 4, {2, 3}),
    ("utf-32-le", 4, {1, 2, 3}),
    ("utf-32-be", 4, {0, 1}),
    ("utf-32-be", 4, {0, 1, 2}),
    ("utf-16-le", 2, {1}),
    ("utf-16-be", 2, {0}),
)
BLOCK = 1 << 20
STATISTICS_BYTES = 100_000
CONTROLS = bytes({*range(32), 127} - {*b"\t\n\r"})
MOST_CONTROLS = 0.03  # of a text
NON_ASCII_LINES = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")


def known_encoding(name):
    """Return our name of an encoding that may be called by any of its names: UTF8, cp1253, latin-1."""
    try:
        codec = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        codec = None
    found = (known for known in ENCODINGS if codecs.lookup(known).name == codec)
    encoding = next(found, None)
    if not encoding:
        raise UnreadableFile("unknown_encoding", encoding=name)
    return encoding


def guess_encoding(path, blocks=None):
    """Return the encoding by byte order mark, pattern of NULs, strict UTF-8, or else by statistics; of the
    whole file, or of its first `blocks`."""
    with open(path, "rb") as file:
        head = file.read(4096)
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    wide = _guess_wide_encoding(head)
    if wide:
        return wide
    return "utf-8" if _is_utf8(path, blocks) else _guess_by_statistics(_lines_beyond_ascii(path, blocks))


def line_of_bad_bytes(path, encoding):
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    line = 1
    for block in _blocks_of(path):
        state = decoder.getstate()
        try:
            line += decoder.decode(block).count("\n")
        except UnicodeError:
            decoder.setstate(state)
            return line + _newlines_before_error(decoder, block)
    return line


def _blocks_of(path, count=None):
    with open(path, "rb") as file:
        yield from islice(iter(lambda: file.read(BLOCK), b""), count)


def _newlines_before_error(decoder, block):
    newlines = 0
    try:
        for index in range(len(block)):
            newlines += decoder.decode(block[index : index + 1]).count("\n")
    except UnicodeError:
        pass
    return newlines


def _guess_wide_encoding(head):
    """Return UTF-16 or UTF-32 without a mark, when NULs are where those have the zeros of Latin text. A few
    may be elsewhere: there is one in the code of a smiling face."""
    for encoding, size, offset in WIDE_ENCODINGS:
        whole = head[: len(head) // size * size]
        zeros = Counter(index % size for index, byte in enumerate(whole) if not byte)
        if whole.count(0) < 2 or {place for place in zeros if zeros[place] > zeros.total() / 20} != offset:
            continue
        text = whole.decode(encoding, "replace")
        # Two letters of ASCII that are taken for one character land far beyond.
        if sum(character < "\u2c00" for character in text) > 0.9 * len(text):
            return encoding
    return None


def _is_utf8(path, blocks):
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks_of(path, blocks):
            decoder.decode(block)
        decoder.decode(b"", final=blocks is None)  # where blocks end, a character may be cut
    except UnicodeDecodeError:
        return False
    return True


def _lines_beyond_ascii(path, blocks):
    """Return lines that are not pure ASCII, enough for statistics: the first may come late in the file."""
    sample = b""
    for block in _blocks_of(path, blocks):
        sample += b"\n".join(NON_ASCII_LINES.findall(block))
        if len(sample) >= STATISTICS_BYTES:
            break
    return sample[:STATISTICS_BYTES]


def _guess_by_statistics(sample):
    text = sample.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if sum(character > "\x7f" for character in text) - bad >= 10 * bad:
        return "utf-8"  # with a bad character somewhere, whose line will be named
    found = _detected(sample)
    # Signs such as © are the same in many encodings and say nothing of the language.
    same = sample.decode(found, "replace") == sample.decode(WESTERN, "replace")
    return WESTERN if same else found


def _detected(sample):
    """What the statistics say. They take a single control character, such as the Ctrl-Z at the end of a file
    from DOS, for the sign of a program or the like; that is what many of them are."""
    import chardet

    clean = sample.translate(None, CONTROLS)
    if len(sample) - len(clean) > len(sample) * MOST_CONTROLS:
        raise UnreadableFile("damaged")
    found = chardet.detect(clean, include_encodings=GUESSED, no_match_encoding=WESTERN)["encoding"]
    return (found or WESTERN).lower()
