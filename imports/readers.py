"""The child process that reads an upload: cells go out as lines of JSON, whatever the file does to it.

`python -m imports.readers` takes one line of JSON on its standard input: path, name, sheet, encoding,
delimiter, engine, head and limits (address_space in bytes, cpu_seconds, max_rows, max_columns). It writes
{"reading": …}, the rows, and {"end": …} or {"error": …}. No end means that the parser died. `head` is how
many rows are wanted when it is only the first ones, soon: then only the rows are to be relied on.
Django is never imported here: a start must cost little. Used by `parts`.
"""

import importlib
import json
import os
import re
import resource
import sys

from imports.readers_output import EnoughRows, RowWriter
from imports.readers_problems import FILE_PROBLEMS, UnreadableFile, _

__all__ = ["FILE_PROBLEMS", "UnreadableFile", "main", "read", "recognise"]

HEAD_BYTES = 4096
LEAST_SECONDS, BYTES_PER_SECOND = 10, 50_000  # of the processor; a packed sheet may be 150 times as large
NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19]")
IMAGES = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"\x00\x00\x01\x00": _("icon"),
}
OTHER_TYPES = {
    b"\x1f\x8b": _("a compressed archive (.gz)"),
    b"7z\xbc\xaf\x27\x1c": _("a compressed archive (.7z)"),
    b"Rar!": _("a compressed archive (.rar)"),
    b"BZh": _("a compressed archive (.bz2)"),
    b"\xfd7zXZ": _("a compressed archive (.xz)"),
    b"\x7fELF": _("a program"),
    b"MZ\x90\x00": _("a program"),
    b"SQLite format 3": _("a database"),
    b"PAR1": _("a Parquet file"),
}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XLS_WITHOUT_CONTAINER = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")
WEB_PAGE = re.compile(
    rb"(?:<!--.*?-->|<\?xml[^>]*>|\s)*<(?:!doctype\s+html|html|head|meta|body|table|style)\b", re.I | re.S
)
MARKED_TEXTS = {
    b"{\\rtf": _("a text document (.rtf)"),
    b"<?xml": _("an XML document"),
    b"%!PS": _("a PostScript document"),
}
XML_SPREADSHEET = b"urn:schemas-microsoft-com:office:spreadsheet"
FORMATS = {"csv": "imports.readers_csv", "xlsx": "imports.readers_xlsx", "xls": "imports.readers_xls"}


def recognise(path):
    """Return csv, xlsx or xls by what the file holds, never by its name; raise UnreadableFile for others."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UnreadableFile("empty_file")
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith((OLE, *XLS_WITHOUT_CONTAINER)):
        return "xls"
    _refuse_what_is_no_text(head)
    return "csv"


def _refuse_what_is_no_text(head):
    if head.startswith(b"%PDF"):
        raise UnreadableFile("pdf")
    if NOT_TEXT.search(head):
        _refuse_known_binaries(head)
    text = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if XML_SPREADSHEET in text:
        raise UnreadableFile("wrong_type", kind=_("an XML spreadsheet (2003)"))
    if WEB_PAGE.match(text):
        raise UnreadableFile("html")
    for magic, kind in MARKED_TEXTS.items():
        if text.startswith(magic):
            raise UnreadableFile("wrong_type", kind=kind)


def _refuse_known_binaries(head):
    for magic, kind in IMAGES.items():
        if head.startswith(magic):
            raise UnreadableFile("image", kind=kind)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        raise UnreadableFile("image", kind="WebP")
    for magic, kind in OTHER_TYPES.items():
        if head.startswith(magic):
            raise UnreadableFile("wrong_type", kind=kind)


def read(request, out):
    """Write the file of the request to the RowWriter; raise UnreadableFile with its reason."""
    kind = recognise(request["path"])
    # Only the parser that is needed is loaded: together they cost a third of a second.
    importlib.import_module(FORMATS[kind]).read(request, out)
    out.message(end={"rows": out.rows, "width": out.width, "hidden": out.hidden, "merged": out.merged})


def main():
    request = json.loads(sys.stdin.readline())
    limits = request["limits"]
    _confine(limits, os.path.getsize(request["path"]))
    out = RowWriter(_private_output(), limits["max_rows"], limits["max_columns"], request.get("head"))
    try:
        read(request, out)
    except EnoughRows:
        pass
    except UnreadableFile as problem:
        out.message(error={"code": problem.code, "params": problem.params})
    except MemoryError:
        out.message(error={"code": "too_large_to_read", "params": {}})
    except Exception as error:  # A damaged file makes the parsers raise whatever comes first.
        out.message(error={"code": "damaged", "params": {}}, cause=_where(error))
    out.stream.flush()


def _confine(limits, size):
    # A parser that runs in circles over a small file is not waited for as long as a large file may take.
    seconds = min(limits["cpu_seconds"], LEAST_SECONDS + size // BYTES_PER_SECOND)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits["address_space"], limits["address_space"]))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def _private_output():
    """Return the standard output for us alone: what a parser prints goes to the standard error."""
    stream = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)
    return stream


def _where(error):
    """Return class and place of an exception; its text may quote cells, which no log may hold."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return (
        f"{type(error).__name__} at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
    )


if __name__ == "__main__":
    main()
