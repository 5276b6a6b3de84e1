"""What the records of a sheet of an .xls say besides its cells, and its first rows before the rest is read."""

import struct

from imports.readers_alike import HEAD_ROWS, Other, folded, without_blank_end
from imports.readers_package import Survey

BIFF8 = 80
BEGIN, END, DIMENSIONS, ROW, MERGED = 0x0809, 0x000A, 0x0200, 0x0208, 0x00E5
IS_HIDDEN = 0x20
SHARED_TEXT, REAL, WHOLE, SEVERAL, FORMULA, TRUTH = 0x00FD, 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
OTHERS = {REAL: slice(6, 14), WHOLE: slice(6, 10), FORMULA: slice(6, 14), TRUTH: slice(6, 8)}
RECORD, PLACE, INDEX = struct.Struct("<HH"), struct.Struct("<HH"), struct.Struct("<I")
AREA = struct.Struct("<HHHH")


def records_of(book, index, codes):
    """Yield (code, data) of the records with these codes of a sheet of a workbook that xlrd has opened, without
    those of charts in it; none for the formats before 1997."""
    if book.biff_version != BIFF8:
        return
    stream, position, depth = book.mem, book._sh_abs_posn[index], 0
    while position + RECORD.size <= len(stream):
        code, length = RECORD.unpack_from(stream, position)
        position += RECORD.size + length
        if code == BEGIN:
            depth += 1
        elif code == END:
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and code in codes:
            yield code, stream[position - length : position]


def declared_rows(book, index):
    """Return the last row that the sheet declares, or None."""
    declared = (data for _, data in records_of(book, index, {DIMENSIONS}) if len(data) >= 8)
    return next((INDEX.unpack_from(data, 4)[0] for data in declared), None)


def survey_of(book, index):
    """Return the Survey of a sheet: its hidden rows and merged cells."""
    from xlrd import colname

    survey = Survey()
    for code, data in records_of(book, index, {ROW, MERGED}):
        if code == ROW and len(data) >= 14 and data[12] & IS_HIDDEN:
            survey.hide(PLACE.unpack_from(data)[0] + 1)
        elif code == MERGED:
            for first, last, left, right in AREA.iter_unpack(data[2 : 2 + (len(data) - 2) // 8 * 8]):
                survey.merge(first + 1, f"{colname(left)}{first + 1}:{colname(right)}{last + 1}")
    return survey


def head_of(book, index):
    """Return the head of a sheet."""
    rows = {}
    for code, data in records_of(book, index, {SHARED_TEXT, SEVERAL, *OTHERS}):
        for row, column, cell in _cells(book, code, data):
            if row >= HEAD_ROWS:
                return _placed(rows)
            rows.setdefault(row + 1, {})[column] = cell
    return _placed(rows)


def _cells(book, code, data):
    """Yield (row, column, cell) of a record; of formulas that give text it is not known."""
    if code == SHARED_TEXT and len(data) >= 10:
        index = INDEX.unpack_from(data, 6)[0]
        text = book._sharedstrings[index] if index < len(book._sharedstrings) else ""
        yield *PLACE.unpack_from(data), folded(text)
    elif code in OTHERS and len(data) >= OTHERS[code].stop:
        yield *PLACE.unpack_from(data), Other(data[OTHERS[code]].hex())
    elif code == SEVERAL and len(data) >= 6:
        row, first = PLACE.unpack_from(data)
        for place in range((len(data) - 6) // 6):
            yield row, first + place, Other(data[6 + 6 * place : 10 + 6 * place].hex())


def _placed(rows):
    """Return {row number: cells} of {row number: {column: cell}}."""
    return {
        number: without_blank_end([cells.get(column) for column in range(max(cells) + 1)])
        for number, cells in sorted(rows.items())
    }
