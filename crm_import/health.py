"""The health check of a web server, for a load balancer: answers when the database and the files do.

It stands before all else: it takes no log-in, no HTTPS and no particular host name, because a load
balancer asks each machine by its address.
"""

import logging
import os

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import Error, connection
from django.http import HttpResponse

log = logging.getLogger(__name__)

ADDRESS = "/healthz"
ANY_NAME = "health"


class HealthMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        is_asked = request.path_info == ADDRESS and request.method in ("GET", "HEAD")
        return answer() if is_asked else self.get_response(request)


def answer():
    problem = what_is_wrong()
    headers = {"Cache-Control": "no-store"}
    status = 503 if problem else 200
    return HttpResponse(problem or "ok", status=status, content_type="text/plain", headers=headers)


def what_is_wrong():
    """A few words without a name or an address in them, "" when all is well. The log says more."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        log.exception("the database does not answer")
        return "the database does not answer"
    try:
        reach_files()
    except (BotoCoreError, ClientError, OSError):
        log.exception("the files cannot be reached")
        return "the files cannot be reached"
    return ""


def reach_files():
    try:
        default_storage.path(ANY_NAME)
    except NotImplementedError:
        default_storage.listdir(ANY_NAME)  # of a bucket: it has to be there and to let us in
        return
    if not os.access(settings.DATA_DIR, os.W_OK):
        raise PermissionError("DATA_DIR cannot be written to")
