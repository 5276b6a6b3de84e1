"""A sheet of contacts up to the last row that a sheet can have, its texts in the table that the cells share,
as spreadsheet programs write it. The XML goes straight into the archive: openpyxl would take ten minutes.
"""

import tempfile
import zipfile
from xml.sax.saxutils import escape

from . import people

COLUMNS = (
    *("first_name", "last_name", "code", "email", "phone_country", "phone"),
    *("line_1", "town", "birth_date", "gender"),
)
OF_ONE_ROW = ("code", "email", "phone")  # no other row has the same: there is nothing to look up
LETTERS = "ABCDEFGHIJ"
FULL = 1_048_576  # rows, the one of the headers among them
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="Contacts" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def write(path, rows):
    """Write a workbook with so many rows, the one of the headers among them, and return the path."""
    with tempfile.TemporaryFile("w+b") as texts, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in PARTS.items():
            archive.writestr(name, xml)
        shared = Shared(texts)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            write_rows(part, shared, rows)
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            shared.write_table(part)
    return path


def write_rows(part, shared, rows):
    part.write(f'<worksheet xmlns="{MAIN}"><dimension ref="A1:{LETTERS[-1]}{rows}"/><sheetData>'.encode())
    for number, cells in enumerate(contacts(rows - 1), 1):
        places = [shared.place(column, text) for column, text in zip(COLUMNS, cells, strict=True)]
        line = "".join(
            f'<c r="{letter}{number}" t="s"><v>{place}</v></c>'
            for letter, place in zip(LETTERS, places, strict=True)
            if place is not None
        )
        part.write(f'<row r="{number}">{line}</row>'.encode())
    part.write(b"</sheetData></worksheet>")


def contacts(count):
    """The headers and so many contacts, as texts."""
    wanted = [list(people.HEADERS).index(name) for name in COLUMNS]
    for cells in people.rows(count):
        yield [cells[index] for index in wanted]


class Shared:
    """The table of texts, which grows in a file meanwhile."""

    def __init__(self, file):
        self.file, self.places, self.count = file, {}, 0

    def place(self, column, text):
        """The place of a text in the table; None of a blank one, which has no cell."""
        if not text:
            return None
        if column in OF_ONE_ROW:
            return self.add(text)
        if text not in self.places:
            self.places[text] = self.add(text)
        return self.places[text]

    def add(self, text):
        self.file.write(f"<si><t>{escape(text)}</t></si>".encode())
        self.count += 1
        return self.count - 1

    def write_table(self, part):
        part.write(f'<sst xmlns="{MAIN}" uniqueCount="{self.count}">'.encode())
        self.file.seek(0)
        while block := self.file.read(1 << 20):
            part.write(block)
        part.write(b"</sst>")
