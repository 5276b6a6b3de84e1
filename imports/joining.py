"""Several sheets of a workbook that can be imported as one: those with the same headers."""

SHOWN_NAMES = 4


def joinable(reading, header_row):
    """[{name, skipped}] of the sheets that go with the selected one, in the file's order, as `read_file`
    takes them; [] when there is no second one."""
    found, is_before = [], False
    for sheet in reading.sheets:
        has_headers = header_row in sheet.get("same_rows", ())
        is_before = has_headers or bool(is_before and sheet.get("continues"))
        if is_before:
            found.append({"name": sheet["name"], "skipped": header_row if has_headers else 0})
    return found if len(found) > 1 else []


def row_count(reading, joined):
    """How many rows the sheets have below their headers, about; None when one does not say."""
    declared = {sheet["name"]: sheet["rows"] for sheet in reading.sheets}
    counts = [declared[sheet["name"]] for sheet in joined]
    if None in counts:
        return None
    return sum(counts) - sum(sheet["skipped"] for sheet in joined)


def without_headers(joined):
    """The names of the sheets that go on where a full one ends."""
    return [sheet["name"] for sheet in joined if not sheet["skipped"]]


def names(joined):
    """ "Jan, Feb, Mar, Apr …" """
    shown = [sheet["name"] for sheet in joined]
    return ", ".join(shown[:SHOWN_NAMES]) + (" …" if len(shown) > SHOWN_NAMES else "")
