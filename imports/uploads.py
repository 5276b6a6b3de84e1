"""Takes a file in, from those only who may import, and not one byte from anybody else.

The CSRF middleware reads the form, and with it the files, before any view can ask who is there. So
the handler that receives the bytes asks first. It is the only one in FILE_UPLOAD_HANDLERS.
"""

import errno
import hashlib
import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from .access import CREATE, may_enter
from .models import ImportEvent, ImportJob, ImportRun

UPLOADED, REFUSED = _("uploaded"), _("upload refused")
UPLOADS_AN_HOUR = 100
READ_AT_ONCE = 3
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

SENTENCES = {
    "not_chosen": _("No file was chosen. Choose a .csv, .xlsx or .xls file."),
    "too_big": _(
        "The file is larger than {limit}, which is the most that can be uploaded. "
        "Split it into several files and import them one after the other."
    ),
    "no_room": _(
        "The file could not be kept, because the server's disk is full. "
        "Tell the person who runs this system, and upload the file again later."
    ),
    "too_many_uploads": _(
        "You have uploaded {uploads} files within an hour, which is the most. "
        "Wait some minutes and upload the file again."
    ),
    "too_many_reads": _(
        "{reads} of your files are being read now. Wait until one is done and upload this one again."
    ),
}


def limit_in_words():
    """The largest size of an upload, such as "512 MB"."""
    return (
        filesizeformat(settings.IMPORT_MAX_UPLOAD_BYTES)
        .replace("\xa0", " ")
        .replace(".0 ", " ")
        .replace(",0 ", " ")
    )


def sentence(code):
    return gettext(SENTENCES[code]).format(
        limit=limit_in_words(),
        uploads=UPLOADS_AN_HOUR,
        reads=READ_AT_ONCE,
    )


def is_no_room(error):
    return error.errno in NO_ROOM


class ImportUploadHandler(TemporaryFileUploadHandler):
    """Writes an upload to a temporary file of mode 0600, which has its `sha256` when it is complete: to read
    the file again for that would keep a person waiting.

    What ends it early is left in `request.upload_problem`, a key of SENTENCES, for the view to tell.
    """

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        self.announced = content_length

    def new_file(self, *args, **kwargs):
        if not is_expected(self.request):
            note_unexpected(self.request)
            raise StopUpload(connection_reset=True)
        if problem := self.find_problem():
            self.stop(problem)
        super().new_file(*args, **kwargs)
        self.received, self.digest = 0, hashlib.sha256()
        self.close_with_request()

    def close_with_request(self):
        """Django closes, and with that removes, the files that came to their end; of an upload that breaks off
        in the middle it would leave the file until some garbage is collected."""
        file, close = self.file, self.request.close

        def close_all():
            file.close()
            close()

        self.request.close = close_all

    def find_problem(self):
        if self.announced > settings.IMPORT_MAX_UPLOAD_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return "too_big"
        if self.announced > shutil.disk_usage(tempfile.gettempdir()).free:
            return "no_room"
        return find_throttle(self.request.user)

    def receive_data_chunk(self, raw_data, start):
        self.received += len(raw_data)
        if self.received > settings.IMPORT_MAX_UPLOAD_BYTES:
            self.stop("too_big")
        self.digest.update(raw_data)
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as error:
            if not is_no_room(error):
                raise
            self.stop("no_room")

    def file_complete(self, file_size):
        file = super().file_complete(file_size)
        file.sha256 = self.digest.hexdigest()
        return file

    def stop(self, problem):
        """Read the rest of the request into nothing, so that the browser gets to see the answer."""
        self.request.upload_problem = problem
        if hasattr(self, "file"):
            with suppress(OSError):
                self.file.close()
        raise StopUpload(connection_reset=False)


def is_expected(request):
    """Whether this is an upload to a draft of a person who may import."""
    match, user = getattr(request, "resolver_match", None), getattr(request, "user", None)
    if not (match and user) or match.view_name != "imports:upload" or request.method != "POST":
        return False
    drafts = ImportJob.objects.filter(pk=match.kwargs["pk"], state=ImportJob.State.DRAFT)
    return may_enter(user, CREATE) and drafts.filter(created_by_id=user.pk).exists()


def note_unexpected(request):
    """Who is logged in and sends files where none belong is noted; of others there is no end."""
    user = getattr(request, "user", None)
    if user and user.is_authenticated:
        details = {"path": request.path[:200], "reason": "not expected here"}
        ImportEvent.objects.create(event=REFUSED, user=user, details=details)


def find_throttle(user):
    """Why this person has to wait with the next upload, or None."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    if (
        ImportEvent.objects.filter(user_id=user.pk, event=UPLOADED, at__gt=an_hour_ago).count()
        >= UPLOADS_AN_HOUR
    ):
        return "too_many_uploads"
    reads = ImportRun.objects.filter(
        job__created_by_id=user.pk,
        kind=ImportRun.Kind.READ,
        state__in=[ImportRun.State.WAITING, ImportRun.State.RUNNING],
    )
    return "too_many_reads" if reads.count() >= READ_AT_ONCE else None
