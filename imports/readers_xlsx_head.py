"""The first rows of a sheet of an .xlsx, without reading the rest; see `readers_alike`."""

import re
from html import unescape
from itertools import count

from imports.readers_alike import HEAD_ROWS, Other, folded, without_blank_end

HEAD_BYTES = 1 << 20  # of a sheet; formats of blank rows may stand above the first cells
BLOCK = 1 << 18
LONGEST_ITEM = 1 << 20  # whoever reads the sheet will say what is wrong with a longer one
MAX_COLUMNS = 1000
A_PLACE = re.compile("[0-9]{1,9}")
TEXTS = ("str", "inlineStr")
TEXT = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</")
# No expression looks beyond the next element of its kind: bad XML cannot make it slow.
PHONETIC = re.compile(rb"<(?:\w+:)?rPh\b(?:[^<]|<(?!/?(?:\w+:)?rPh\b))*+</(?:\w+:)?rPh>")
PREFIX = re.compile(rb"<(\w+:)?sst\b")


def heads(package, sheets, indexes):
    """Return {index: head} of these sheets; the texts that they share are looked up for all at once."""
    raw = {index: dict(_rows(package, sheets[index])) for index in indexes}
    cells = (cell for rows in raw.values() for cells in rows.values() for cell in cells)
    texts = _shared_texts(package, {int(value) for _, kind, value in cells if kind == "s"})
    return {
        index: {number: _placed(cells, texts) for number, cells in rows.items() if cells}
        for index, rows in raw.items()
    }


def _placed(cells, texts):
    placed = [None] * (max(column for column, _, _ in cells) + 1)
    for column, kind, value in cells:
        if kind == "s":
            placed[column] = folded(texts.get(int(value), ""))
        else:
            placed[column] = folded(value) if kind in TEXTS else Other(value)
    return without_blank_end(placed)


def _rows(package, sheet):
    """Yield (row number, [(index of the column, type, value)]) of the first rows."""
    # The package is known to have no document types, so that the quick parser of XML is safe.
    from xml.etree.ElementTree import ParseError, XMLPullParser

    parser, last = XMLPullParser(["end"]), 0
    with package.archive.open(sheet.part) as source:
        try:
            for _ in range(HEAD_BYTES // BLOCK):
                parser.feed(source.read(BLOCK))
                for _, element in parser.read_events():
                    if _local(element) != "row":
                        continue
                    last = int(float(element.get("r") or last + 1))
                    if last > HEAD_ROWS:
                        return
                    yield last, list(_raw_cells(element))
                    element.clear()
        except (ParseError, ValueError, OverflowError):
            return  # who reads the sheet will say what is wrong with it


def _raw_cells(row):
    after = count()
    for cell in row:
        letters = re.match("[A-Z]*", cell.get("r", ""))[0]
        column = _index_of(letters) if letters else next(after)
        after = count(column + 1)
        texts = [child.text or "" for child in cell.iter() if _local(child) in ("v", "t")]
        kind, value = cell.get("t", "n"), "".join(texts).strip()
        if value and column < MAX_COLUMNS and (kind != "s" or A_PLACE.fullmatch(value)):
            yield column, kind, value


def _shared_texts(package, wanted):
    """Return {index: text} of the shared texts with these indexes; the others are only counted."""
    name, texts, first = package.shared_strings(), {}, 0
    for items in _shared_items(package, name) if name and wanted else ():
        for place, item in enumerate(items, first):
            if place in wanted:
                texts[place] = _text_of(item)
        first += len(items)
        if len(texts) == len(wanted):
            break
    return texts


def _shared_items(package, name):
    """Yield lists of the items of the table of texts, in their order."""
    prefix = PREFIX.search(package.head(name))
    tag = b"<" + ((prefix and prefix[1]) or b"") + b"si"
    start, rest = re.compile(tag + rb"(?=[\s/>])"), b""
    with package.archive.open(name) as source:
        while len(rest) < LONGEST_ITEM and (block := source.read(BLOCK)):
            before, *items = start.split(rest + block)
            rest = tag + items.pop() if items else before
            yield items
    yield start.split(rest)[1:]


def _text_of(item):
    return unescape(
        "".join(found.decode("utf-8", "replace") for found in TEXT.findall(PHONETIC.sub(b"", item)))
    )


def _index_of(letters):
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - 64
    return value - 1


def _local(element):
    return element.tag.rpartition("}")[2]
