"""What other readers find in a workbook, in the form in which the product's own says it.

Where they differ for a reason that is known, both are made the same here, so that this is the list of reasons.
"""

import json

from imports.readers_output import number


def product(rows):
    """{(row, column): value} of the rows of a reading."""
    cells = {
        (row, column): same(value) for row, values in rows.items() for column, value in enumerate(values, 1)
    }
    return without_blanks(cells)


def openpyxl_cells(path, name):
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=True)
    return without_blanks(
        {
            (cell.row, cell.column): same(as_json(cell.value, cell.data_type == "e"))
            for row in book[name].iter_rows()
            for cell in row
            if cell.value is not None
        }
    )


def calamine_cells(path, name):
    import python_calamine

    sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(name)
    if sheet.start is None:
        return {}
    left = sheet.start[1]
    return without_blanks(
        {
            (row, left + column): same(as_json(value))
            for row, values in enumerate(sheet.iter_rows(), 1)
            for column, value in enumerate(values, 1)
        }
    )


def as_json(value, is_error=False):
    if is_error:
        return {"error": value}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    return json.loads(json.dumps(value, default=_moment))


def _moment(value):
    from imports.readers_output import _temporal

    return _temporal(value)


def same(value):
    """A value without what readers are known to differ in."""
    if isinstance(value, dict):
        if "error" in value or "formula" in value:
            return None  # calamine and openpyxl leave both blank
        if "datetime" in value:
            value = {"datetime": value["datetime"][:16]}  # each rounds seconds in its way
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip() or None  # calamine trims texts beside other texts
    return value


def without_blanks(cells):
    return {place: value for place, value in cells.items() if value is not None}
