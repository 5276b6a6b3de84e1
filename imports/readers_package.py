"""The .xlsx package before any parser sees it: is it a workbook, is it safe, which sheets does it have."""

import posixpath
import re
import zipfile
from dataclasses import dataclass, field

from imports.readers_problems import UnreadableFile, _
from imports.readers_xml import local, tags

MAX_UNPACKED = 2 << 30
MAX_ENTRIES = 5000
LARGE_PART = 10 << 20
MAX_RATIO = 150
HEAD_BYTES = 1 << 16
BLOCK = 1 << 20
# All that may stand before the root element, except for a document type and its entities.
PROLOG = re.compile(rb"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<[A-Za-z_]", re.DOTALL)
# In a tag there is no "<", so that no expression looks further than that: bad XML cannot make it slow.
DIMENSION = re.compile(
    rb"<(?:\w+:)?dimension\b[^<>]*?\sref\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})(?::([A-Z]{1,3})(\d{1,7}))?[\"']"
)
A_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is|f)[\s>/]")
AN_ERROR = re.compile(rb"\bt\s*=\s*[\"'][de][\"']")  # or a date as text, which may stay text
A_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
# Text that is "" is stored as an empty value too, so that only other types are without a result.
FORMULA_WITHOUT_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^<>]*/>)\s*</(?:\w+:)?c>"
    rb"|<(?:\w+:)?c\b(?![^<>]*?\st=[\"']str[\"'])[^<>]*+>\s*<(?:\w+:)?f\b[^<>]*+(?:(?<=/)>|>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)"
)
LONGEST_CELL = 1 << 15
HIDDEN_ROW = re.compile(
    rb"<(?:\w+:)?row\b(?=[^<>]*?\shidden\s*=\s*[\"'](?:1|true)[\"'])"
    rb"(?=[^<>]*?\sr\s*=\s*[\"'](\d{1,7})[\"'])[^<>]*+(?<!/)>"
)
MERGED = re.compile(
    rb"<(?:\w+:)?mergeCell\b[^<>]*?\sref\s*=\s*[\"']([A-Z]{1,3}(\d{1,7})):([A-Z]{1,3}\d{1,7})[\"']"
)
MOST_NOTED = 1000
USUAL_TEXTS, USUAL_STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
A_WORKBOOK = re.compile(
    r"spreadsheetml\.(?:sheet|template)\.main|ms-excel\.(?:sheet|template|addin)\.macroEnabled"
)
MACROS = re.compile(r"ms-excel\.(?:sheet|template|addin)\.macroEnabled|vbaProject")
KINDS = {
    "ms-excel.sheet.binary": _("a binary workbook (.xlsb)"),
    "wordprocessingml": _("a Word document"),
    "presentationml": _("a PowerPoint presentation"),
}
OTHER_ARCHIVES = {
    b"application/vnd.oasis.opendocument.spreadsheet": _("an OpenDocument spreadsheet (.ods)"),
    b"application/vnd.oasis.opendocument": _("an OpenDocument file"),
}


@dataclass
class Sheet:
    """A worksheet: its name, whether it is visible, the name of its part in the package."""

    name: str
    visible: bool
    part: str


@dataclass
class Survey:
    """What a sheet's XML shows that its cells do not: whether it `needs_care` because it has errors or formulas
    without a result, which rows are `hidden`, [first, last], and which cells are `merged`, [row, "A2:A5"]."""

    needs_care: bool = False
    hidden: list = field(default_factory=list)
    merged: list = field(default_factory=list)

    def add(self, block):
        self.needs_care = self.needs_care or bool(
            AN_ERROR.search(block) or (A_FORMULA.search(block) and FORMULA_WITHOUT_RESULT.search(block))
        )
        if b"hidden" in block:
            for found in HIDDEN_ROW.finditer(block):
                self.hide(int(found[1]))
        if b"mergeCell" in block:
            for found in MERGED.finditer(block):
                self.merge(int(found[2]), f"{found[1].decode()}:{found[3].decode()}")

    def hide(self, row):
        last = self.hidden[-1][1] if self.hidden else 0
        if row == last + 1 and self.hidden:
            self.hidden[-1][1] = row
        elif row > last and len(self.hidden) < MOST_NOTED:
            self.hidden.append([row, row])

    def merge(self, row, cells):
        """Blocks overlap, so that the last ones may come again."""
        if len(self.merged) < MOST_NOTED and [row, cells] not in self.merged[-LONGEST_CELL // 30 :]:
            self.merged.append([row, cells])


class Package:
    """An opened .xlsx whose parts have been found to be safe; use as a context manager."""

    def __init__(self, path):
        self.path = path
        self.relations = {}
        try:
            self.archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise UnreadableFile(_broken_archive(path)) from error
        # Some programs on Windows write names with its separator.
        self.names = {name.lower().replace("\\", "/"): name for name in self.archive.namelist()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.archive.close()

    def check(self):
        """Raise UnreadableFile if this is no workbook, or one that is not safe to parse."""
        entries = self.archive.infolist()
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableFile("password_protected")
        if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise UnreadableFile("zip_bomb")
        if _unpack_suspiciously(entries) or any(_unpack_suspiciously([entry]) for entry in entries):
            raise UnreadableFile("zip_bomb")
        if len(self.names) < len(entries):
            raise UnreadableFile("damaged")  # of two parts with one name each reader would take another
        self._check_content_type()
        for entry in entries:
            _check_document_type(self.head(entry.filename))

    def head(self, name, size=HEAD_BYTES):
        with self.archive.open(name) as part:
            return part.read(size)

    def blocks(self, name):
        """Yield a part in blocks that overlap, so that no cell is cut in all of them."""
        with self.archive.open(name) as part:
            tail = b""
            while block := part.read(BLOCK):
                yield tail + block
                tail = block[-LONGEST_CELL:]

    def sheets(self):
        """Return the worksheets in their order; charts and macro sheets are none."""
        targets = self._relations(self._workbook_part(), "/worksheet")
        sheets = []
        for name, attributes in self.workbook_tags():
            part = self.names.get(targets.get(attributes.get("id"), "").lower())
            if name == "sheet" and part:
                visible = attributes.get("state", "visible") == "visible"
                sheets.append(Sheet(attributes["name"], visible, part))
        return sheets

    def workbook_tags(self):
        """Yield (name, attributes) of the elements that say what the workbook is."""
        for name, attributes in self.tags(self._workbook_part()):
            yield name, {local(key): value for key, value in attributes.items()}

    def tags(self, part):
        """Yield (name, attributes) of all elements of a part; of None there are none."""
        if part:
            with self.archive.open(part) as source:
                yield from tags(source)

    def shared_strings(self):
        """Return the name of the part that holds the texts of all sheets, or None."""
        return self._related("/sharedStrings", USUAL_TEXTS)

    def styles(self):
        """Return the name of the part that says how cells are shown, or None."""
        return self._related("/styles", USUAL_STYLES)

    def _related(self, kind, usual):
        found = self._relations(self._workbook_part(), kind).values()
        names = (name.lower() for name in (*found, usual))
        return next((self.names[name] for name in names if name in self.names), None)

    def is_arranged_as_usual(self):
        """Whether texts and styles are where calamine looks for them, wherever the workbook says they are."""
        parts = self.shared_strings() or USUAL_TEXTS, self.styles() or USUAL_STYLES
        return tuple(part.replace("\\", "/").lower() for part in parts) == (
            USUAL_TEXTS.lower(),
            USUAL_STYLES,
        )

    def unpacked_size(self, sheet):
        """Return the bytes of XML that hold the sheet and the texts that it shares."""
        parts = filter(None, (sheet.part, self.shared_strings()))
        return sum(self.archive.getinfo(part).file_size for part in parts)

    def has_cells(self, sheet):
        return any(A_VALUE.search(block) for block in self.blocks(sheet.part))

    def dimension(self, sheet):
        """Return (rows, columns) as the sheet declares them, which may be wrong, or None."""
        found = DIMENSION.search(self.head(sheet.part))
        if not found:
            return None
        return int(found[4] or found[2]), column_number(found[3] or found[1])

    def survey(self, sheet):
        """Return the Survey of a sheet."""
        survey = Survey()
        for block in self.blocks(sheet.part):
            survey.add(block)
        return survey

    def _check_content_type(self):
        name = self.names.get("[content_types].xml")
        if not name:
            raise UnreadableFile("wrong_type", kind=self._other_archive())
        types = self.head(name, LARGE_PART).decode("utf-8", "replace")
        is_for_excel = A_WORKBOOK.search(types)
        for mark, kind in KINDS.items():
            if mark in types and not is_for_excel:
                raise UnreadableFile("wrong_type", kind=kind)
        if MACROS.search(types):
            raise UnreadableFile("macro_workbook")

    def _other_archive(self):
        declared = self.head("mimetype") if "mimetype" in self.names else b""
        for mark, kind in OTHER_ARCHIVES.items():
            if declared.startswith(mark):
                return kind
        return _("a zip archive")

    def _workbook_part(self):
        found = self._relations("", "/officeDocument")
        name = next(iter(found.values()), "xl/workbook.xml")
        if name.lower() not in self.names:
            raise UnreadableFile("damaged")
        return self.names[name.lower()]

    def _relations(self, part, kind):
        """Return {id: part name} of the relations of a part (of the package for "") of one kind."""
        if part not in self.relations:
            self.relations[part] = list(self._all_relations(part))
        return {known: name for known, of_kind, name in self.relations[part] if of_kind.endswith(kind)}

    def _all_relations(self, part):
        folder, base = posixpath.split(part.replace("\\", "/"))
        name = self.names.get(posixpath.join(folder, "_rels", f"{base}.rels").lower())
        for tag, attributes in self.tags(name):
            if tag == "Relationship":
                target = _absolute(folder, attributes.get("Target", ""))
                yield attributes.get("Id"), attributes.get("Type", ""), target


def _absolute(folder, target):
    return posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/")))[1:]


def _broken_archive(path):
    """Tell an archive that lost its end, where the list of its parts is, from one with another fault."""
    with open(path, "rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 66_000))
        return "damaged" if b"PK\x05\x06" in file.read() else "truncated"


def _unpack_suspiciously(entries):
    unpacked, packed = (
        sum(entry.file_size for entry in entries),
        sum(entry.compress_size for entry in entries),
    )
    return unpacked > LARGE_PART * (10 if len(entries) > 1 else 1) and unpacked > MAX_RATIO * max(packed, 1)


def _check_document_type(head):
    """Refuse XML, in UTF-8 or UTF-16, that has more than comments and the like before its root element."""
    head = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if head.startswith(b"<") and not PROLOG.match(head):
        raise UnreadableFile("document_type")


def column_number(letters):
    value = 0
    for letter in letters:
        value = value * 26 + letter - 64
    return value
