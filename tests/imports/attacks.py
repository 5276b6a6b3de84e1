"""Small files made to cost much: memory, time, or a file on the server.

`ATTACKS` gives for each its bytes, as a function, and the code of the sentence that refuses it; None for one
that does no harm, so that its rows are read.
"""

from .workbooks import MAIN, SHEET_PART, repacked, workbook

MEGABYTES = 1 << 20
ONE = '<row r="1"><c r="A1"><v>1</v></c></row>'
SHARED = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
ERROR = '<row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'  # makes the careful reader read
PLAIN = workbook([["x"]])
TWO_SHEETS = workbook([["x"]], sheets=2)


def sheet(rows, before="", after=""):
    data = f"<worksheet {MAIN}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>"
    return {SHEET_PART: data.encode()}


def with_parts(parts, of=PLAIN):
    return lambda: repacked(of, parts())


def texts(items):
    return {"xl/sharedStrings.xml": f"<sst {MAIN}>".encode() + items + b"</sst>"}


def many_cells(text):
    cells = '<c t="s"><v>0</v></c>' * 300
    rows = "".join(f'<row r="{row}">{cells}</row>' for row in range(1, 1000))
    return sheet(rows) | texts(b"<si><t>" + text + b"</t></si>")


def entities():
    names = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20))
    return {
        SHEET_PART: f'<!DOCTYPE x [<!ENTITY a0 "ha">{names}]><worksheet {MAIN}>&a19;</worksheet>'.encode()
    }


def sheet_behind(prolog):
    return {SHEET_PART: prolog.encode() + sheet(ONE)[SHEET_PART]}


ATTACKS = {
    "a part that unpacks to much more": (
        with_parts(lambda: {"xl/a.bin": bytes(16 * MEGABYTES)}),
        "zip_bomb",
    ),
    "many parts that unpack to more": (
        with_parts(lambda: {f"xl/{n}.xml": bytes(9 * MEGABYTES) for n in range(12)}),
        "zip_bomb",
    ),
    "too many parts": (with_parts(lambda: {f"xl/{n}": b"" for n in range(5001)}), "zip_bomb"),
    "entities in entities": (with_parts(entities), "document_type"),
    "an entity from a file": (
        with_parts(lambda: sheet_behind('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>')),
        "document_type",
    ),
    "a document type from elsewhere": (
        with_parts(lambda: sheet_behind('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">')),
        "document_type",
    ),
    "a long comment in front": (
        with_parts(lambda: sheet_behind("<!--" + "x" * 9 * MEGABYTES + "-->")),
        "document_type",
    ),
    "a long comment": (with_parts(lambda: sheet(ERROR + "<!--" + "x" * 9 * MEGABYTES + "-->")), "damaged"),
    "deep elements": (with_parts(lambda: sheet(ERROR + "<a>" * 1_000_000)), "damaged"),
    "deep elements of the workbook": (
        with_parts(lambda: {"xl/workbook.xml": f"<workbook {MAIN}>".encode() + b"<a>" * 1_000_000}),
        "damaged",
    ),
    "a huge attribute": (with_parts(lambda: sheet(f'{ERROR}<row x="{"y" * 9 * MEGABYTES}"/>')), "damaged"),
    "many attributes": (
        with_parts(lambda: sheet(ERROR + "<row " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>")),
        "damaged",
    ),
    "a row of many cells": (
        with_parts(lambda: sheet(f'{ERROR}<row r="3">{"<c/>" * 100_000}</row>')),
        "damaged",
    ),
    "cells that never end": (with_parts(lambda: sheet("<f/>" + "<c " * 100_000)), "damaged"),
    "merged cells that never end": (with_parts(lambda: sheet(ONE, after="<mergeCell " * 90_000)), None),
    "dimensions that never end": (with_parts(lambda: sheet(ONE, before="<dimension " * 5000)), "damaged"),
    "a row said to be far below": (
        with_parts(lambda: sheet(f'<row r="{"9" * 5000}"><c><v>1</v></c></row>')),
        "damaged",
    ),
    "a long number": (
        with_parts(lambda: sheet(f"{ERROR}<row><c><v>{'9' * 5 * MEGABYTES}</v></c></row>")),
        "text_too_long",
    ),
    "many styles": (
        with_parts(
            lambda: (
                sheet(ERROR)
                | {"xl/styles.xml": f"<styleSheet {MAIN}><cellXfs>".encode() + b"<xf/>" * 500_000}
            )
        ),
        "damaged",
    ),
    "texts said aloud that never end": (
        with_parts(lambda: sheet(SHARED) | texts(b"<si>" + b"<rPh>" * 500_000 + b"</si>"), of=TWO_SHEETS),
        "damaged",
    ),
    "one quotation mark": (lambda: b"a,b\n" + b'"x\n' * MEGABYTES, "unclosed_quote"),
    "one line": (lambda: b"x" * 5 * MEGABYTES, "field_too_long"),
}
# A copy for each cell is more than calamine is given memory for; the careful reader keeps one.
ATTACKS_ON_CALAMINE = {
    "a long text in many cells": (with_parts(lambda: many_cells(b"x" * 32_767)), "row_too_long"),
    "a very long text in many cells": (with_parts(lambda: many_cells(b"x" * 9 * MEGABYTES)), "text_too_long"),
}
