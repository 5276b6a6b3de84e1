"""What is answered when something went wrong on the server: of the database, that it is busy just now."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.template import loader
from django.views import defaults

AGAIN_AFTER_SECONDS = 5


def server_error(request):
    """The view of what nobody caught. A database that is locked for too long, or away, is there again soon."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return defaults.server_error(request)
    # Without the request: what a page usually shows of the user would ask the database again.
    page = loader.get_template("503.html").render()
    headers = {"Retry-After": AGAIN_AFTER_SECONDS, "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)
