"""Import a file from the command line: the same runs as in the browser, in the foreground."""

import contextlib
import json
import signal
import sys
import time
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError

from imports import drafts, execution, pausing, reports
from imports.cells import BadCell
from imports.durations import about, seconds_left
from imports.importers import importer_for, importers
from imports.joining import joinable
from imports.mapping import Mapping, letters
from imports.models import ImportJob, ImportRun, file_storage
from imports.problems import Problem
from imports.readers import UnreadableFile
from imports.rows import row_label, row_name
from imports.worker import CancelRequested, Worker

WRONG_USE = 2
ALL_SHEETS = "all"


class Command(BaseCommand):
    help = "Imports a .csv, .xls or .xlsx file. Exit status: 0 Completed, 1 Failed or Cancelled, 2 wrong use."

    def add_arguments(self, parser):
        parser.add_argument("entity_type", choices=[importer.slug for importer in importers()])
        parser.add_argument("file", type=Path)
        parser.add_argument("--map", action="append", default=[], metavar="COLUMN=HEADER")
        parser.add_argument("--set", action="append", default=[], metavar="COLUMN=VALUE")
        parser.add_argument(
            "--no-header", action="store_true", help="the first row is data; --map takes A, B, …"
        )
        parser.add_argument("--header-row", type=int, metavar="N")
        parser.add_argument("--generate-missing", action="store_true")
        parser.add_argument("--update-existing", action="store_true")
        parser.add_argument("--leave-out-incorrect", action="store_true")
        parser.add_argument("--encoding")
        parser.add_argument("--delimiter")
        parser.add_argument(
            "--sheet", metavar="NAME|N|all", help="all: the sheets with the same headers, as one"
        )
        parser.add_argument("--date-order", choices=["dmy", "mdy", "ymd"])
        parser.add_argument("--decimal-mark", choices=[",", "."])
        parser.add_argument("--check", action="store_true", help="say what the import would do; keep nothing")
        parser.add_argument("--failed-rows", type=Path, metavar="PATH")
        parser.add_argument("--user", metavar="NAME", help="whose import it is")
        parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")

    def handle(self, **options):
        self.options = options
        began = time.monotonic()
        if pausing.since():
            raise self.wrong("All imports are paused. manage.py resume_imports lets them go on.")
        self.refuse_unwritable(options["failed_rows"])
        try:
            job = self.draft()
        except KeyboardInterrupt:
            sys.exit(1)
        try:
            run = self.check_rows(job) if options["check"] else self.import_rows(job)
            self.report(job, run, time.monotonic() - began)
            if options["failed_rows"]:
                self.save_failed_rows(job, run)
            state, _ = self.outcome(job, run)
        finally:
            if job.is_draft:
                drafts.delete(job)
        if state != ImportJob.State.COMPLETED:
            sys.exit(1)

    def refuse_unwritable(self, path):
        if path and path.is_dir():
            raise self.wrong(f"{path} cannot be written: it is a folder.")
        if path and not path.parent.is_dir():
            raise self.wrong(f"{path} cannot be written: there is no {path.parent}.")

    # Before: the file, the mapping and the options, as the wizard would have them.

    def draft(self):
        importer = importer_for(self.options["entity_type"])
        job = drafts.create(self.user(), importer)
        job.from_command_line = True  # so that what its user did in the browser decides nothing here
        job.save(update_fields=["from_command_line"])
        try:
            self.read(job)
            self.set_options(job)
            self.set_mapping(job)
        except BaseException:
            drafts.delete(job)
            raise
        return job

    def user(self):
        name = self.options["user"]
        if not name:
            return None
        try:
            return get_user_model().objects.get(username=name)
        except get_user_model().DoesNotExist:
            raise self.wrong(f"There is no user “{name}”.") from None

    def read(self, job):
        path = self.options["file"]
        try:
            with path.open("rb") as file:
                drafts.keep_file(job, File(file, name=path.name), path.name)
        except OSError as error:
            raise self.wrong(f"{path} cannot be opened: {error.strerror}.") from None
        with self.progress("Reading") as show:
            try:
                drafts.read(
                    job,
                    in_request=False,
                    sheet=self.sheet(),
                    encoding=self.options["encoding"],
                    delimiter=self.delimiter(),
                    on_progress=show,
                )
                self.choose_sheet(job, show)
            except UnreadableFile as error:
                raise self.wrong(error.sentence) from None

    def sheet(self):
        name = self.options["sheet"]
        return None if name is None or name.isdigit() or name == ALL_SHEETS else name

    def choose_sheet(self, job, show):
        """--sheet 2 is the second sheet and --sheet all those with the same headers, unless one is called so."""
        wanted = self.options["sheet"]
        names = [sheet["name"] for sheet in job.reading["sheets"]]
        if wanted is not None and not names:
            raise self.wrong("--sheet is for workbooks; this file is text and has no sheets.")
        if wanted == ALL_SHEETS and wanted not in names:
            self.join_sheets(job, show)
        if wanted is None or not wanted.isdigit():
            return
        if wanted not in names:
            if not 1 <= int(wanted) <= len(names):
                raise self.wrong(f"The workbook has {len(names)} sheets; there is no sheet {wanted}.")
            wanted = names[int(wanted) - 1]
        drafts.read(job, in_request=False, sheet=wanted, on_progress=show)

    def join_sheets(self, job, show):
        joined = joinable(job.get_reading(), self.options["header_row"] or job.get_options().header_row)
        if not joined:
            raise self.wrong("No other sheet has the headers of the first one.")
        drafts.read(job, in_request=False, join=joined, on_progress=show)

    def delimiter(self):
        given = self.options["delimiter"]
        if given == "":
            raise self.wrong("--delimiter is empty. Give a character such as ; or the word tab.")
        return {"tab": "\t", "\\t": "\t"}.get(given, given)

    def set_options(self, job):
        chosen = job.get_options()
        if self.options["no_header"]:
            chosen.header_row = 0
        elif self.options["header_row"] is not None:
            chosen.header_row = self.options["header_row"]
            if chosen.header_row < 1:
                raise self.wrong(
                    f"--header-row {chosen.header_row}: rows are counted from 1. "
                    "Give --no-header when no row holds the headers."
                )
        chosen.generate = self.options["generate_missing"]
        chosen.update = self.options["update_existing"] and job.importer.updates
        chosen.leave_out = self.options["leave_out_incorrect"] or None
        chosen.date_order = self.options["date_order"] or ""
        chosen.decimal_mark = self.options["decimal_mark"] or ""
        job.options = chosen.to_json()

    def set_mapping(self, job):
        headers = drafts.headers(job)
        chosen = self.given_mapping(job, headers) if self.options["map"] else self.suggested(job, headers)
        for pair in self.options["set"]:
            column, value = self.pair(job, pair)
            self.check_fixed(job, column, value)
            chosen.columns.pop(column.key, None)
            chosen.fixed[column.key] = value
        job.mapping = chosen.to_json()
        drafts.detect_writing(job)
        job.save()
        if missing := chosen.missing(job.importer, job.get_options().update):
            names = ", ".join(column.name for column in missing)
            raise self.wrong(
                f"Required and neither mapped nor set: {names}. The file's headers: {', '.join(headers)}."
            )
        if not chosen.columns:
            raise self.wrong(f"No header is mapped. The file's headers: {', '.join(headers)}.")
        if not drafts.data_rows(job):
            raise self.wrong("The file holds nothing below its header row.")

    def suggested(self, job, headers):
        chosen = Mapping()
        for index, (header, suggestion) in enumerate(zip(headers, drafts.suggestions(job), strict=True)):
            if suggestion:
                chosen.columns[suggestion.column.key] = index
                self.say(f"{header} → {suggestion.column.name} ({suggestion.reason})")
            else:
                self.say(f"{header} → not imported")
        return chosen

    def given_mapping(self, job, headers):
        chosen, feeding = Mapping(), {}
        by_letter = {letters(index): index for index in range(len(headers))}
        for pair in self.options["map"]:
            column, header = self.pair(job, pair)
            index = headers.index(header) if header in headers else by_letter.get(header)
            if index is None:
                raise self.wrong(f"There is no header “{header}”. The file's headers: {', '.join(headers)}.")
            if column.key in chosen.columns:
                raise self.wrong(
                    f"Two headers are mapped to {column.name}: {feeding[column.key]} and {header}."
                )
            chosen.columns[column.key], feeding[column.key] = index, header
        return chosen

    def pair(self, job, text):
        name, separator, value = text.partition("=")
        column = job.importer.by_name.get(name.strip().casefold())
        if not separator or column is None:
            names = ", ".join(column.name for column in job.importer.columns)
            raise self.wrong(
                f"“{text}” does not name a column of {job.importer.title}. The columns: {names}."
            )
        return column, value

    def check_fixed(self, job, column, value):
        try:
            column.field.compile(job.get_options().fixed_options)(value)
        except BadCell as bad:
            problem = Problem(bad.code, column.name, bad.value or value, bad.details)
            raise self.wrong(f"--set {problem.text}") from None

    # The runs.

    def check_rows(self, job):
        runs = []
        run = execution.add_run(job, ImportRun.Kind.CHECK, runs.append)
        self.work(runs, drafts.data_rows(job))
        run.refresh_from_db()
        return run

    def import_rows(self, job):
        runs = []
        execution.start(
            job,
            job.created_by,
            start_key=job.start_key,
            leave_out=job.get_options().leave_out,
            queue=runs.append,
        )
        self.work(runs, job.rows)
        job.refresh_from_db()
        return job.deciding_run()

    def work(self, runs, total):
        """Work the runs and those that follow from them; Ctrl-C asks the present one to stop."""
        while runs:
            run = runs.pop(0)
            with self.progress(run.get_kind_display(), total) as show, cancelling() as refuse_if_asked:

                def on_progress(run, show=show, refuse_if_asked=refuse_if_asked):
                    show(run.rows_done)
                    refuse_if_asked()

                Worker(runs.append, float("inf"), on_progress).work(run.pk)

    # Afterwards.

    def outcome(self, job, run):
        """(state, reason) of the import; of a check those in which the import would end."""
        if not self.options["check"]:
            return job.state, job.reason
        if run.state == ImportRun.State.CANCELLED:
            return ImportJob.State.CANCELLED, execution.cancelled_sentence(run)
        if run.state == ImportRun.State.FAILED:
            return ImportJob.State.FAILED, execution.stopped_sentence(run)
        return execution.verdict(job, run) or (ImportJob.State.COMPLETED, "")

    def report(self, job, run, seconds):
        is_check = self.options["check"]
        state, reason = self.outcome(job, run)
        rows = drafts.data_rows(job) if is_check else job.rows
        counts = run.counts | {"not_reached": rows - run.rows_done} if is_check else job.counts
        result = {
            "id": job.pk,
            "state": state,
            "reason": str(reason),
            "rows": rows,
            **counts,
            "seconds": round(seconds, 3),
            "problems": [
                {name: cause[name] for name in ("code", "kind", "column", "count")}
                | {"example_row": row_label(cause["example_row"], job.row_sheets)}
                for cause in run.problems
            ],
        }
        for cause in run.problems:
            row = row_name(cause["example_row"], job.row_sheets)
            self.say(f"{cause['count']:>9,}  {row}: {cause['problem'].text}")
        if self.options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write(self.sentence(result))

    def sentence(self, result):
        counts = ", ".join(
            f"{result[name]:,} {name}" for name in ("created", "updated", "unchanged", "rejected")
        )
        would = "The import would end as " if self.options["check"] else ""
        rest = f", {result['not_reached']:,} not reached" if result["not_reached"] else ""
        state = ImportJob.State(result["state"]).label
        return f"{would}{state}: {counts}{rest}. {result['reason']}".strip()

    def save_failed_rows(self, job, run):
        storage = file_storage()
        name = job.failed_rows.name or (reports.save_failed_rows(job, run) if run.rejected else "")
        if not name:
            self.say("There are no failed rows.")
            return
        with storage.open(name) as file:
            self.options["failed_rows"].write_bytes(file.read())
        if not job.failed_rows.name:
            storage.delete(name)

    # Talking.

    def say(self, text):
        if not self.options["json"]:
            self.stdout.write(text)

    def wrong(self, sentence):
        return CommandError(sentence, returncode=WRONG_USE)

    @contextlib.contextmanager
    def progress(self, label, total=None):
        """A function that shows how many rows are done, on a terminal only."""
        if not self.stderr.isatty():
            yield lambda rows: None
            return
        began = time.monotonic()
        yield lambda rows: self.show(progress_line(label, rows, total, time.monotonic() - began))
        self.stderr.write("\r\033[K", ending="")

    def show(self, line):
        self.stderr.write(f"\r\033[K{line}", ending="")
        self.stderr.flush()


def progress_line(label, rows, total, seconds):
    """Such as "Importing [######   ] 60 % 60,000 rows, 8,000 rows/s, about 5 seconds left"; `total` may be unknown."""
    bar = f" [{'#' * (30 * rows // total):<30}] {100 * rows // total:3d} %" if total else ""
    speed = f", {rows / seconds:,.0f} rows/s" if rows and seconds else ""
    left = seconds_left(rows, total, seconds) if total and rows < total else None
    return f"{label}{bar} {rows:,} rows{speed}" + (f", {about(left)} left" if left is not None else "")


@contextlib.contextmanager
def cancelling():
    """While inside, Ctrl-C does not end the command in the middle: the function that is given raises
    CancelRequested between two batches."""
    asked = []

    def refuse_if_asked():
        if asked:
            raise CancelRequested

    earlier = signal.signal(signal.SIGINT, lambda signum, frame: asked.append(signum))
    try:
        yield refuse_if_asked
    finally:
        signal.signal(signal.SIGINT, earlier)
