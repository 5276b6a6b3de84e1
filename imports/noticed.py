"""What the mapping step says of the file beside its headers: of the facts of the reading report those
that concern the mapping, in sentences, with what can be done about each."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .cells import BadCell
from .fields import Code, Date, Mapped
from .readers_encoding import ENCODINGS
from .rows import capital_row_name
from .wording import figure

SHOWN_SAMPLE = 40


@dataclass(frozen=True)
class Finding:
    """`sentence` says what was noticed, `advice` what it means or what to do. What can be done here is a
    box to tick: `field` and `value` of the form, `offer` its label."""

    code: str
    sentence: str
    advice: str = ""
    field: str = ""
    value: str = ""
    offer: str = ""


def is_unanswered(finding, options):
    """Whether it offers something that was not taken."""
    taken = {str(one) for one in getattr(options, finding.field)} if finding.field else ()
    return bool(finding.field) and finding.value not in taken


def possible_totals(reading):
    """The numbers of the last rows that look like totals; a file of failed rows has none of its own."""
    return [] if reading.aligned or reading.own else [row for row, _text in reading.report.get("totals", ())]


@dataclass(frozen=True)
class File:
    """What the findings are made of."""

    reading: object
    importer: object
    headers: list
    mapping: object
    options: object

    @property
    def report(self):
        return self.reading.report

    def row(self, number):
        return self.reading.row_name(number)

    def columns(self):
        """Yield (header, column, facts) of the mapped columns, in the file's order."""
        facts = self.report["columns"]
        for key, index in sorted(self.mapping.columns.items(), key=lambda pair: pair[1]):
            if index < len(facts) and key in self.importer.by_key:
                yield self.headers[index], self.importer.by_key[key], facts[index]


def findings(reading, importer, headers, mapping, options):
    """[Finding] of a file, the most weighty first; none for most files."""
    if not reading.report:
        return []
    file = File(reading, importer, headers, mapping, options)
    return [finding for find in FINDERS for finding in find(file)]


def extent(reading):
    """ "" or which rows were looked at, when not all were."""
    if not reading.report or reading.report["is_complete"]:
        return ""
    return _("Only the first %(rows)s rows were looked at.") % {"rows": figure(reading.report["rows"])}


def blank_words(reading):
    """The words and errors that may stand for a blank cell somewhere in the file, without case."""
    return sorted(words_as_written(reading.report))


def words_as_written(report):
    """{word without case: as the file writes it} of the words and errors that a report names."""
    facts = report.get("columns", ())
    return {
        word.casefold(): word for fact in facts for name in ("words", "errors") for word in fact.get(name, ())
    }


def totals(file):
    said = dict(file.report["totals"])
    for number in possible_totals(file.reading):
        row = capital_row_name(number, file.reading.row_sheets)
        yield Finding(
            "total",
            _("%(row)s looks like a total: “%(text)s”.") % {"row": row, "text": said[number]},
            field="totals",
            value=str(number),
            offer=_("Do not import %(row)s") % {"row": file.row(number)},
        )


def errors(file):
    yield from blank_findings(file, "errors", error_sentence)


def words(file):
    yield from blank_findings(file, "words", word_sentence)


def blank_findings(file, name, sentence):
    """A Finding for each word, or error, that may stand for a blank cell."""
    for word, sightings in sightings_of(file, name).items():
        count = sum(count for _row, _written, _header, count in sightings)
        row, written, *_others = min(sightings)
        headers = quoted(dict.fromkeys(header for _row, _written, header, _count in sightings))
        told = {"count": figure(count), "word": written, "row": file.row(row), "headers": headers}
        yield Finding(
            name,
            sentence(count) % told,
            field="blanks",
            value=word,
            offer=_("Treat “%(word)s” as blank") % {"word": written},
        )


def sightings_of(file, name):
    """{word without case: [(first row, as written, header, count)]} in the mapped columns."""
    found = {}
    for header, column, facts in file.columns():
        for written, (count, row) in facts.get(name, {}).items():
            if not is_known_word(column, written, file.options):
                found.setdefault(written.casefold(), []).append((row, written, header, count))
    return found


def error_sentence(count):
    return ngettext(
        "%(count)s cell of %(headers)s holds the error %(word)s, in %(row)s.",
        "%(count)s cells of %(headers)s hold the error %(word)s, the first in %(row)s.",
        count,
    )


def word_sentence(count):
    return ngettext(
        "%(count)s cell of %(headers)s holds “%(word)s”, in %(row)s.",
        "%(count)s cells of %(headers)s hold “%(word)s”, the first in %(row)s.",
        count,
    )


def is_known_word(column, text, options):
    """Whether the word is a value that the column knows, such as an own choice “None”."""
    if not isinstance(column.field, Mapped):
        return False
    try:
        column.field.compile(options.file_options)(text)
    except BadCell:
        return False
    return True


def formulas(file):
    for header, _column, facts in file.columns():
        if "formulas" in facts:
            count, row = facts["formulas"]
            sentence = ngettext(
                "%(count)s cell of “%(header)s” holds a formula without its result, in %(row)s.",
                "%(count)s cells of “%(header)s” hold formulas without their results, the first in %(row)s.",
                count,
            )
            yield Finding(
                "formulas",
                sentence % {"count": figure(count), "header": header, "row": file.row(row)},
                _(
                    "Open the file in your spreadsheet program, save it and upload it again; "
                    "until then these rows are left out."
                ),
            )


def long_numbers(file):
    for header, _column, facts in file.columns():
        if "long" in facts:
            count, row, example = facts["long"]
            sentence = ngettext(
                "%(count)s cell of “%(header)s” is a number of more than 15 digits: %(example)s in %(row)s.",
                "%(count)s cells of “%(header)s” are numbers of more than 15 digits, the first %(example)s in "
                "%(row)s.",
                count,
            )
            told = {"count": figure(count), "header": header, "example": example, "row": file.row(row)}
            yield Finding(
                "long_numbers",
                sentence % told,
                _(
                    "The spreadsheet program has rounded them. Format the column as Text and enter the "
                    "original values again."
                ),
            )


def lost_zeros(file):
    for header, column, facts in file.columns():
        if not isinstance(column.field, Code) or not may_lack_zeros(facts):
            continue
        count, row, *_others = facts["numbers"]
        lengths = sorted(map(int, facts["digits"]))
        told = {
            "count": figure(count),
            "header": header,
            "shortest": lengths[0],
            "longest": lengths[-1],
            "row": file.row(row),
        }
        yield Finding(
            "lost_zeros",
            _(
                "%(count)s cells of “%(header)s” are numbers, of %(shortest)s to %(longest)s digits, the first "
                "in %(row)s: if there were zeros in front, the file has lost them already."
            )
            % told,
            _("If so, format the column as Text, enter these values again and upload the file anew."),
        )


def may_lack_zeros(facts):
    """Whether whole numbers look like codes of one length of which some lack a digit; what is just counted
    on, 1 to 120, is none."""
    lengths = {int(length): count for length, count in facts.get("digits", {}).items()}
    if len(lengths) < 2:
        return False
    count, _row, smallest, largest = facts["numbers"]
    return lengths[max(lengths)] * 2 >= count and max(lengths) > 2 and largest - smallest >= 2 * count


def dates(file):
    """Which dates decide the order of the others, or that they contradict each other or what was chosen."""
    day, month, unclear = date_evidence(file)
    told = {"count": figure(unclear)} | dict(zip(("day", "day_row"), day or (), strict=False))
    told |= dict(zip(("month", "month_row"), month or (), strict=False))
    if day and month:
        yield Finding(
            "dates_contradict",
            _("%(day)s in %(day_row)s is day first, but %(month)s in %(month_row)s is month first.") % told,
            _("Whichever order is chosen, the rows with dates of the other one are left out."),
        )
    elif day and file.options.date_order == "mdy":
        yield Finding("dates_otherwise", _("%(day)s in %(day_row)s is day first, not month first.") % told)
    elif month and file.options.date_order == "dmy":
        yield Finding(
            "dates_otherwise", _("%(month)s in %(month_row)s is month first, not day first.") % told
        )
    elif unclear and (day or month):
        sentence = day_first_sentence(unclear) if day else month_first_sentence(unclear)
        yield Finding("dates_decided", sentence % told)


def date_evidence(file):
    """((date, row) that is day first or None, one that is month first, how many can be read both ways)."""
    found = [facts for _header, column, facts in file.columns() if isinstance(column.field, Date)]
    days = [facts["day_first"] for facts in found if "day_first" in facts]
    months = [facts["month_first"] for facts in found if "month_first" in facts]
    unclear = sum(facts["unclear"][0] for facts in found if "unclear" in facts)
    firsts = [min(evidence) if evidence else None for evidence in (days, months)]
    return *(first and (first[1], file.row(first[0])) for first in firsts), unclear


def day_first_sentence(count):
    return ngettext(
        "%(day)s in %(day_row)s, so day first, also in the %(count)s date that can be read both ways.",
        "%(day)s in %(day_row)s, so day first, also in the %(count)s dates that can be read both ways.",
        count,
    )


def month_first_sentence(count):
    return ngettext(
        "%(month)s in %(month_row)s, so month first, also in the %(count)s date that can be read both ways.",
        "%(month)s in %(month_row)s, so month first, also in the %(count)s dates that can be read both ways.",
        count,
    )


def hidden_rows(file):
    count, row = file.report["hidden"]
    if count:
        sentence = ngettext(
            "%(count)s row of the sheet is hidden: %(row)s.",
            "%(count)s rows of the sheet are hidden, the first is %(row)s.",
            count,
        )
        yield Finding(
            "hidden_rows",
            sentence % {"count": figure(count), "row": file.row(row)},
            _("Hidden rows are imported like the others. Delete those that you do not want."),
        )


def hidden_sheets(file):
    for sheet in file.reading.sheets:
        if sheet["visible"] or sheet["selected"] or not sheet["rows"]:
            continue
        sentence = ngettext(
            "The sheet “%(sheet)s” is hidden and holds %(rows)s row.",
            "The sheet “%(sheet)s” is hidden and holds %(rows)s rows.",
            sheet["rows"],
        )
        yield Finding(
            "hidden_sheet",
            sentence % {"sheet": sheet["name"], "rows": figure(sheet["rows"])},
            _("It is not imported unless you choose it under “Change how the file is read”."),
        )


def merged_cells(file):
    last = file.reading.parts[-1]["last"]
    below = [cells for first, cells in file.reading.merged if file.options.header_row < first <= last]
    if below:
        sentence = ngettext(
            "%(count)s group of cells is merged: %(cells)s.",
            "%(count)s groups of cells are merged, the first is %(cells)s.",
            len(below),
        )
        yield Finding(
            "merged",
            sentence % {"count": figure(len(below)), "cells": below[0]},
            _(
                "Only the first cell of a group has the value, the others are blank. Where each row needs "
                "it, unmerge the cells, fill them and upload the file again."
            ),
        )


def assumed_encoding(file):
    if not (file.reading.encoding_guessed and file.report["sample"]):
        return
    row, text = file.report["sample"]
    told = {
        "encoding": ENCODINGS.get(file.reading.encoding, file.reading.encoding),
        "text": text if len(text) <= SHOWN_SAMPLE else text[: SHOWN_SAMPLE - 1] + "…",
        "row": file.row(row),
    }
    yield Finding(
        "encoding",
        _("The file does not say its encoding. Read as %(encoding)s, %(row)s has “%(text)s”.") % told,
        _("If that cannot be read, choose another encoding under “Change how the file is read”."),
    )


def quoted(headers):
    return ", ".join(f"“{header}”" for header in headers)


FINDERS = (
    assumed_encoding,
    totals,
    words,
    errors,
    formulas,
    dates,
    long_numbers,
    lost_zeros,
    merged_cells,
    hidden_rows,
    hidden_sheets,
)
