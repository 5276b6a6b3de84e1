"""What an ended import tells: the file of its failed rows, and the e-mail to who started it."""

import io
import logging
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files import File
from django.core.mail import EmailMultiAlternatives
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import wording
from .corrections import own_headers
from .failpoints import reached
from .family import rejected_rows, rows_left
from .headers import header_cells
from .mapping import name_without_header
from .models import ImportJob, failed_rows_name, file_storage
from .problems import CHOSEN, CONTENT, DONE, FORMAT
from .rows import row_label
from .writers import WRITERS, Style, fits_xls

log = logging.getLogger(__name__)

RESULTS = {
    FORMAT: _("Rejected: badly formatted"),
    CONTENT: _("Rejected: incorrect content"),
    DONE: _("Refused: already imported"),
    CHOSEN: _("Left out as chosen"),
}
# What our sentences use and old encodings lack.
TYPOGRAPHY = {"“": '"', "”": '"', "«": '"', "»": '"', "…": "...", "’": "'", "–": "-"}
FAILED_ROWS = " - failed rows"
MAIL_AGAIN_AFTER = timedelta(minutes=5)  # longer than a mail server may take


# The failed rows


def save_failed_rows(job, run):
    """Write the rows that `run` rejected to the storage; return the file's name there."""
    with tempfile.TemporaryFile() as file, job.in_its_language():
        file_format = write_failed_rows(file, job, run, rejected_rows)
        return file_storage().save(f"{failed_rows_name(job, '')}.{file_format}", File(file))


def failed_rows_left(job):
    """(an open file, its name) of the failed rows that no repair of the import has done yet."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 who asked for it closes it
    with job.in_its_language():
        file_format = write_failed_rows(file, job, job.deciding_run(), lambda run: rows_left(job))
    return file, f"{failed_rows_stem(job)}.{file_format}"


def failed_rows_file_name(job):
    """What the file is called when it is downloaded: "contacts - failed rows.csv"."""
    suffix = Path(job.failed_rows.name or "").suffix or f".{job.file_format}"
    return f"{failed_rows_stem(job)}{suffix}"


def failed_rows_stem(job):
    return f"{Path(job.file_name).stem.removesuffix(FAILED_ROWS)}{FAILED_ROWS}"


def failed_rows_as_xlsx(job):
    """An open file: the failed rows as a workbook whose cells are all text."""
    run = job.deciding_run()
    file = tempfile.TemporaryFile()  # noqa: SIM115 the response that sends it closes it
    with job.in_its_language():
        headers = user_headers(job, run)
        write_table(file, job, "xlsx", lambda speech: failed_rows(job, rejected_rows(run), headers, speech))
    return file


def format_of(job, rows, width):
    """The uploaded format, unless .xls is too small for the rows."""
    too_small = job.file_format == "xls" and not fits_xls(rows + 1, width)
    return "xlsx" if too_small else job.file_format


def user_headers(job, run):
    """The headers as they stand in the file, "Column A" and so on when it has none; as many as the
    widest failed row has cells."""
    reading = job.get_reading()
    headers = list(header_cells(job)) or [name_without_header(index) for index in range(reading.width)]
    has_too_wide_rows = any(cause["code"] == "too_many_cells" for cause in run.problems)
    return headers + [None] * (reading.width - len(headers) if has_too_wide_rows else 0)


def write_failed_rows(file, job, run, rows_of):
    """Write the rows that rows_of(run) gives to a file, which is then at its beginning; return the format."""
    headers = user_headers(job, run)
    file_format = format_of(job, run.rejected, len(headers) + len(own_headers("")))
    write_table(file, job, file_format, lambda speech: failed_rows(job, rows_of(run), headers, speech))
    return file_format


def write_table(file, job, file_format, table, escaped=True):
    """Write the rows of table(speech) to a file, which is then at its beginning."""
    if file_format == "csv":
        write_as_csv(file, job, table, escaped)
    else:
        all_text = file_format != job.file_format == "csv"
        WRITERS[file_format](file, table(str), Style(all_text=all_text, escaped=escaped))
    file.seek(0)


def write_as_csv(file, job, table, escaped):
    """In the delimiter and encoding of the upload, when that has all characters."""
    reading = job.get_reading()
    style = Style(delimiter=reading.delimiter or ",", encoding=reading.encoding, escaped=escaped)
    try:
        WRITERS["csv"](file, table(speech_of(style.encoding)), style)
    except UnicodeEncodeError:
        file.seek(0)
        file.truncate()
        WRITERS["csv"](file, table(str), Style(delimiter=style.delimiter, escaped=escaped))


def speech_of(encoding):
    """A function that makes our sentences fit for `encoding`."""
    lacking = {ord(sign): plain for sign, plain in TYPOGRAPHY.items() if not can_encode(sign, encoding)}
    return lambda text: text.translate(lacking)


def can_encode(text, encoding):
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def failed_rows(job, rows, headers, speech=str):
    """Yield the table's rows: the headers, then each of the rows (row number, cells, [Problem]) with its
    number, result and errors."""
    yield [*headers, *own_headers(job.reference)]
    sheets = job.row_sheets
    for number, cells, problems in rows:
        blanks = [None] * (len(headers) - len(cells))
        yield [
            *cells,
            *blanks,
            row_label(number, sheets),
            str(RESULTS[kind_of(problems)]),
            speech(" | ".join(p.text for p in problems)),
        ]


def kind_of(problems):
    """The kind that says what became of the row."""
    kinds = {problem.kind for problem in problems}
    return next(kind for kind in (DONE, CONTENT, FORMAT, CHOSEN) if kind in kinds)


# Sample files


def write_sample(importer, file_format):
    """The bytes of an example file: the headers and three rows that can be imported as they stand."""
    examples = zip(*(column.examples for column in importer.columns), strict=True)
    rows = [[example or None for example in row] for row in examples]
    required = frozenset(column.label for column in importer.columns if column.required)
    file = io.BytesIO()
    table = [[column.label for column in importer.columns], *rows]
    WRITERS[file_format](file, table, Style(required=required, all_text=True, escaped=False))
    return file.getvalue()


# The e-mail


def send_mail(job_pk):
    """Tell who started the import how it ended. Who first puts off `mail_due` sends it.

    It stays due until the mail server has taken it: when that refuses, or the sender dies, it is sent
    later. Nothing is raised.
    """
    due = ImportJob.objects.filter(pk=job_pk, mail_due__lte=Now())
    if not due.update(mail_due=Now() + MAIL_AGAIN_AFTER):
        return
    job = ImportJob.objects.select_related("created_by").get(pk=job_pk)
    try:
        if job.created_by and job.created_by.email:
            send(job)
    except Exception:  # Whatever it is, the import has ended, and no mail may change that.
        log.exception("the e-mail about import %s could not be sent", job_pk)
        return
    ImportJob.objects.filter(pk=job_pk, mail_due=job.mail_due).update(mail_due=None)


def send(job):
    with job.in_its_language():
        mail = message(job)
    reached("before_mail")
    mail.send()
    reached("after_mail")


def message(job):
    context = {
        "job": job,
        "subject": subject(job),
        "counts": [(label, count) for label, count in counted(job) if count],
        "link": settings.SITE_URL + job.get_absolute_url(),
        "manual": settings.SITE_URL + reverse("imports:manual"),
    }
    mail = EmailMultiAlternatives(
        context["subject"],
        render_to_string("imports/mail/ended.txt", context),
        to=[job.created_by.email],
        headers={"Message-ID": message_id(job)},
    )
    mail.attach_alternative(render_to_string("imports/mail/ended.html", context), "text/html")
    return mail


def message_id(job):
    """The same for each try to tell the same end, so that a mail server can drop a second copy."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<import-{job.reference}-{job.state}-{job.finished_at:%Y%m%d%H%M%S%f}@{host}>"


def counted(job):
    return [
        (_("Rows in the file"), job.rows),
        (_("Created"), job.created),
        (_("Updated"), job.updated),
        (_("Unchanged"), job.unchanged),
        (_("Not imported"), job.rejected),
        (_("Not reached"), job.not_reached),
    ]


SUBJECTS = {
    ImportJob.State.COMPLETED: _("Import %(number)s completed: %(counts)s"),
    ImportJob.State.FAILED: _("Import %(number)s failed: %(counts)s"),
    ImportJob.State.CANCELLED: _("Import %(number)s cancelled: %(counts)s"),
}


def subject(job):
    """State and the most telling numbers: "Import 1042 completed: 940 created, 8 rows not imported"."""
    written = [(wording.CREATED, job.created), (wording.UPDATED, job.updated)]
    left_out = [(wording.ROWS_NOT_IMPORTED, job.rejected), (wording.ROWS_NOT_REACHED, job.not_reached)]
    if job.created + job.updated + job.unchanged == 0:
        told = [gettext("nothing was imported"), *counts((wording.ROWS_WITH_PROBLEMS, job.rejected))]
    elif job.created + job.updated == 0:
        told = counts((wording.UNCHANGED, job.unchanged), *left_out)
    else:
        told = counts(*written, *left_out)
    return SUBJECTS[job.state] % {"number": job.pk, "counts": ", ".join(told)}


def counts(*told):
    """The sentences [(words, number of rows)] of which there are any rows."""
    return [wording.counted(words, count) for words, count in told if count]
