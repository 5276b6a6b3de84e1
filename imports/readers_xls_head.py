"""The first rows of a sheet of an .xls, without reading the rest; see `readers_alike`."""

import struct

from imports.readers_alike import HEAD_ROWS, Other, folded, without_blank_end

BIFF8 = 80
END_OF_SHEET = 0x000A
SHARED_TEXT, REAL, WHOLE, SEVERAL, FORMULA, TRUTH = 0x00FD, 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
OTHERS = {REAL: slice(6, 14), WHOLE: slice(6, 10), FORMULA: slice(6, 14), TRUTH: slice(6, 8)}
RECORD, PLACE, INDEX = struct.Struct("<HH"), struct.Struct("<HH"), struct.Struct("<I")


def head_of(book, index):
    """Return the head of a sheet of a workbook that xlrd has opened; {} for the formats before 1997."""
    rows = {}
    position = book._sh_abs_posn[index] if book.biff_version == BIFF8 else None
    while position is not None and position + RECORD.size <= len(book.mem):
        code, length = RECORD.unpack_from(book.mem, position)
        data = book.mem[position + RECORD.size : position + RECORD.size + length]
        position += RECORD.size + length
        if code == END_OF_SHEET:
            break
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
