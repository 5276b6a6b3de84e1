"""Files that a page sends: to be kept, never shown."""

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def attachment(content, name):
    """The response with a file; `content` is bytes or an open file. A header has no room for line breaks."""
    name = "".join(character for character in name if character.isprintable())
    content_type = TYPES[name.rpartition(".")[2]]
    if isinstance(content, bytes):
        disposition = content_disposition_header(True, name)
        return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})
    return FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
