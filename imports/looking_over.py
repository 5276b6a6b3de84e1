"""The reading report of a draft: made when its file is read, and asked for what it decides."""

from .fields import Date
from .models import file_storage
from .parts import Reading, iter_parts
from .reading_report import look_over

SECONDS_IN_REQUEST = 1
SECONDS = 120


def is_outdated(job):
    """Whether there is no report of the rows below the present headers."""
    return job.reading.get("report", {}).get("after") != job.get_options().header_row


def is_report_of_this_version(job):
    return job.reading["report"].keys() == {*look_over([]), "after"}


def make_report(job, in_request=True):
    """Look over the data rows of a draft; who saves the draft saves the report with its reading."""
    reading, header_row = Reading.from_json(job.reading), job.get_options().header_row
    parts = iter_parts(file_storage(), reading, after=header_row)
    seconds = SECONDS_IN_REQUEST if in_request else SECONDS
    facts = look_over(parts, seconds, reading.hidden, seeks_sample=reading.encoding_guessed)
    job.reading["report"] = facts | {"after": header_row}


def facts_of(job, mapping, kind):
    """The facts of the columns of one kind of field."""
    facts = job.reading["report"]["columns"]
    columns = (column for column in job.importer.columns if isinstance(column.field, kind))
    indexes = (mapping.columns.get(column.key) for column in columns)
    return [facts[index] for index in indexes if index is not None and index < len(facts)]


def date_order(job, mapping):
    """ "dmy" or "mdy" when some date of the mapped columns decides and none contradicts, else ""."""
    found = facts_of(job, mapping, Date)
    day_first = any("day_first" in facts for facts in found)
    month_first = any("month_first" in facts for facts in found)
    return "" if day_first == month_first else "dmy" if day_first else "mdy"


def find_ambiguous_date(job, mapping):
    """The first date of the mapped columns that can be read in two ways when none decides, or None."""
    unclear = [facts["unclear"] for facts in facts_of(job, mapping, Date) if "unclear" in facts]
    return None if date_order(job, mapping) or not unclear else min(unclear, key=lambda fact: fact[1])[2]
