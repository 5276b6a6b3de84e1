"""The figures as one Markdown table, with the ratios that matter."""

SHOWN = {
    1: "from the last byte of the upload until rows are shown",
    0: "from the last byte of the upload until it says “Reading …”",
}
STEPS = ("upload", "reading", "check", "import", "results")  # of walk
OF_HISTORY = {"bytes of a row", "of the ledger alone", "rows"}  # all others are pages


def table(found):
    """`found` is {database: {measure: {name: figure}}}."""
    lines = [line for database, measures in found.items() for line in lines_of(database, measures)]
    head = ["| Database | What | Figure | Ratio |", "| --- | --- | ---: | --- |"]
    return "\n".join([*head, *lines, ""])


def lines_of(database, measures):
    def line(what, figure, ratio=""):
        return f"| {database} | {what} | {figure} | {ratio} |"

    csv = measures.get("csv")
    for ending in ("csv", "xlsx", "xls"):
        if rates := measures.get(ending):
            yield line(f".{ending}, limit: the finished rows alone", number(rates["limit"]))
            if "limit of text" in rates:
                yield line(f".{ending}, the same, in COPY's format already", number(rates["limit of text"]))
            for part in ("read", "check"):
                yield line(f".{ending}, {part}", number(rates[part]))
            for part in ("import", "whole"):
                ratio = f"{rates[part] / rates['limit']:.2f} of the limit"
                if csv and part == "whole" and ending != "csv":
                    ratio += f", {rates['whole'] / csv['whole']:.2f} of .csv"
                yield line(f".{ending}, {part}", number(rates[part]), ratio)
    for name, rate in measures.get("others", {}).items():
        ratio = ""
        if csv:
            ratio = f"ours {csv['import'] / rate:.1f} × alone, {csv['whole'] / rate:.1f} × whole"
        yield line(name, number(rate), ratio)
    if again := measures.get("again"):
        yield line("import alone", number(again["insert"]))
        for name in ("update", "unchanged", "undo of updates", "undo of inserts"):
            yield line(name, number(again[name]), f"{again[name] / again['insert']:.2f} of inserting")
    if large := measures.get("large"):
        yield line("long .csv, whole", number(large["whole"]))
        for name in ("tenths", "the database's tenths"):
            tenths = large[name]
            ratio = f"the last {tenths[-1] / tenths[0]:.2f} of the first"
            yield line(f"long .csv, {name}", ", ".join(map(number, tenths)), ratio)
        for name in ("MB", "MB more than the short file"):
            yield line("long .csv, memory", f"{large[name]:.0f} {name}")
    for page, milliseconds in measures.get("pages", {}).items():
        yield line(f"{page}: 95 % of visits within", f"{milliseconds:.0f} ms")
    if history := measures.get("history"):
        size = f"{history['bytes of a row']:.0f} bytes"
        whole = "" if history["of the ledger alone"] else "counted in the whole database"
        yield line("a row of the ledger with its indexes", size, whole)
        behind = f"with {history['rows']:,.0f} rows of the ledger"
        for page in (name for name in history if name not in OF_HISTORY):
            yield line(f"{page}, {behind}", f"{history[page]:.0f} ms")
    if retention := measures.get("retention"):
        yield from (line(*told) for told in of_retention(retention))
    if sheet := measures.get("full sheet"):
        yield from (line(*told) for told in of_sheet(sheet))
    for measure, figures in measures.items():
        if "seconds" in figures:
            says = SHOWN.get(figures.get("shows rows"), "")
            yield line(measure, f"{figures['seconds']:.2f} s", says)


def of_retention(found):
    ratio = f"{found['beside it'] / found['alone']:.2f} of it alone"
    yield "import beside retention", number(found["beside it"]), ratio
    removed = f"{found['rows']:,.0f} rows in {found['taken']:.0f} s"
    yield "retention beside an import", number(found["rows"] / found["taken"]), removed
    most = f"of {found['most rows']:,.0f} rows at most"
    yield "retention, its longest transaction", f"{found['longest']:.0f} ms", most


def of_sheet(found):
    """Of each step its seconds and its slowest page."""
    what = f".xlsx of {found['rows']:,.0f} rows"
    for step in STEPS:
        seconds, pages = found[f"seconds of {step}"], pages_of(found, step)
        slowest = max(pages, key=pages.get, default=None)
        said = f"slowest page: {slowest}, {pages[slowest]:.0f} ms" if pages else ""
        yield f"{what}, {step}", f"{seconds:.0f} s", said
    yield f"{what}, memory of reading", f"{found['MB of reading']:.0f} MB"
    yield f"{what}, memory", f"{found['MB']:.0f} MB"


def pages_of(found, step):
    """{page: milliseconds} of those that were visited in this step."""
    return {name.removeprefix(f"{step}: "): ms for name, ms in found.items() if name.startswith(f"{step}: ")}


def number(rate):
    return f"{rate:,.0f}"
