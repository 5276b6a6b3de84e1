"""From the file's headers to an entity type's columns."""

from dataclasses import asdict, dataclass, field

from django.utils.translation import gettext as _

from .cells import FileOptions, shown_cell
from .names import names_of

TITLE_LINES = 20
FIRST_ROWS = 10  # with which an import can be tried
FILL, CLEAR = "fill", "clear"
CREATE, UPDATE, LEAVE_OUT = "create", "update", "leave_out"


@dataclass
class Mapping:
    """`columns` gives {column key: index of the header, from 0}, `fixed` {column key: text for all rows},
    `values` {column key: {text in the file: text to use for it, None to leave the cell out}}, `stored`
    {column key: FILL, only what is blank, or CLEAR, also by a blank cell} where a stored value is not
    simply overwritten."""

    columns: dict = field(default_factory=dict)
    fixed: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    stored: dict = field(default_factory=dict)

    def to_json(self):
        return asdict(self)

    def fed(self):
        """The keys of the columns that get values."""
        return self.columns.keys() | self.fixed.keys()

    def only(self, keys):
        """The same mapping of these columns alone."""
        return Mapping(
            **{
                name: {key: value for key, value in said.items() if key in keys}
                for name, said in self.to_json().items()
            }
        )

    def missing(self, importer, update):
        """The columns that an import cannot do without and that nothing feeds."""
        return [column for column in importer.needed(update, self.fed()) if column.key not in self.fed()]


@dataclass
class Options:
    """The answers of the mapping step. `header_row` is the row that holds the headers, 0 when none does.
    `leave_out` is the answer on incorrect content: None until given. `first_rows` is after how many rows
    an import that is only tried stops. `doubles` says what becomes of rows without a key that would double
    a stored record: CREATE, UPDATE that record, or LEAVE_OUT. `blanks` are words, without case, that stand
    for a blank cell, and errors such as "#n/a"; `totals` the numbers of rows that are no data."""

    header_row: int = 1
    generate: bool = False
    update: bool = False
    leave_out: bool | None = None
    date_order: str = ""
    decimal_mark: str = ""
    first_rows: int | None = None
    doubles: str = CREATE
    blanks: list = field(default_factory=list)
    totals: list = field(default_factory=list)

    def to_json(self):
        return asdict(self)

    @property
    def file_options(self):
        return FileOptions(self.date_order, self.decimal_mark)

    @property
    def fixed_options(self):
        """How a value for all rows is read: whoever types it need not know the file's decimal mark."""
        return FileOptions(self.date_order)


def headers_of(cells, width):
    """The names of `width` headers: repeated ones become "Phone (2)", empty ones "Column F"."""
    names, count = [], {}
    for index in range(width):
        name = " ".join(str(shown_cell(cells[index])).split()) if index < len(cells) else ""
        name = name or name_without_header(index)
        count[name] = count.get(name, 0) + 1
        names.append(name if count[name] == 1 else f"{name} ({count[name]})")
    return names


def name_without_header(index):
    return _("Column {letter}").format(letter=letters(index))


def letters(index):
    """The spreadsheet's name of the column with this index: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def guess_header_row(importer, rows):
    """The row number of the headers among the first rows [(number, cells)]: the one that names most
    columns; else the first one that is as wide as the rows after it, so that title lines are passed."""
    rows = rows[:TITLE_LINES]
    if not rows:
        return 1
    names = names_of(importer)
    named = [sum(str(shown_cell(cell)) in names for cell in cells if cell is not None) for _, cells in rows]
    if max(named):
        return rows[named.index(max(named))][0]
    filled = [sum(cell is not None for cell in cells) for _, cells in rows]
    usual = sorted(filled)[len(filled) // 2]
    return next(number for (number, _), count in zip(rows, filled, strict=True) if count >= usual)
