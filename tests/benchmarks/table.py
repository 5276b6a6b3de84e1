"""The figures as one Markdown table, with the ratios that matter."""


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
        for name in ("last tenth against first", "the database's last tenth against first"):
            yield line(f"long .csv, {name}", f"{large[name]:.2f}")
        for name in ("MB", "MB more than the short file"):
            yield line("long .csv, memory", f"{large[name]:.0f} {name}")
    for page, milliseconds in measures.get("pages", {}).items():
        yield line(f"{page}: 95 % of visits within", f"{milliseconds:.0f} ms")
    if history := measures.get("history"):
        yield line("a row of the ledger with its indexes", f"{history.pop('bytes of a row'):.0f} bytes")
        behind = f"with {history.pop('rows'):,.0f} rows of the ledger"
        for page, milliseconds in history.items():
            yield line(f"{page}, {behind}", f"{milliseconds:.0f} ms")
    for measure, figures in measures.items():
        if "seconds" in figures:
            says = {1: "shows rows", 0: "says “Reading …”"}.get(figures.get("shows rows"), "")
            yield line(measure, f"{figures['seconds']:.2f} s", says)


def number(rate):
    return f"{rate:,.0f}"
