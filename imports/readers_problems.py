"""What can be wrong with a file as a whole, in sentences for people: what happened and what to do."""


def _(sentence):
    """Mark for translation: Django's own mark is out of reach of the child process."""
    return sentence


FILE_PROBLEMS = {
    "empty_file": _(
        "The file is empty (0 bytes). Export it again, look that it has rows, and upload it again."
    ),
    "no_rows": _("The file has no rows: all its lines are blank. Fill in the rows and upload it again."),
    "header_only": _("The file has a header but no rows below it. Add the rows and upload it again."),
    "wrong_type": _(
        "The file is {kind}, which cannot be read. Save the rows as .csv, .xlsx or .xls and upload that."
    ),
    "image": _("The file is an image ({kind}), whatever its name says. Upload the spreadsheet itself."),
    "pdf": _("The file is a PDF document. Upload the spreadsheet that it was made from."),
    "html": _(
        "The file is a web page with a spreadsheet's name. "
        "Open it in your spreadsheet program, save it as an Excel Workbook (.xlsx) and upload that."
    ),
    "password_protected": _(
        "The file is protected by a password. Open it, remove the password, save it and upload it again."
    ),
    "truncated": _(
        "The file ends too early: part of it is missing, as after a download that was broken off. "
        "Get the file again and upload it."
    ),
    "damaged": _(
        "The file is damaged and cannot be read. "
        "Open it in your spreadsheet program, save it under a new name and upload that."
    ),
    "macro_workbook": _(
        "The file is a workbook with macros (.xlsm), which are not accepted because they are "
        "programs. Save it as an Excel Workbook (.xlsx) and upload that."
    ),
    "document_type": _(
        "The workbook has a document type definition inside, which no spreadsheet program "
        "writes; for safety it is not read. Open it, save it under a new name and upload that."
    ),
    "zip_bomb": _(
        "The workbook would unpack to far more data than a spreadsheet holds; for safety it is not "
        "read. Copy the rows into a new workbook and upload that."
    ),
    "too_many_rows": _(
        "The file has more than {limit} rows, which is all that a sheet can hold. "
        "Split it into several files."
    ),
    "too_many_rows_together": _(
        "The sheets have more than {limit} rows together, which is all that is imported at once. "
        "Import them one by one."
    ),
    "too_many_columns": _(
        "Row {row} has {columns} columns; at most {limit} are read. "
        "Remove the columns that are not needed and upload it again."
    ),
    "unclosed_quote": _(
        "The quotation mark that opens on line {line} is never closed, so where the cell ends "
        "is unknown. Close or remove it and upload the file again."
    ),
    "unknown_encoding": _("The encoding “{encoding}” is not known. Choose another one."),
    "undecodable": _(
        "Line {line} holds characters that do not exist in {encoding}. "
        "Choose another encoding, or save the file as UTF-8 and upload it again."
    ),
    "unknown_delimiter": _(
        "“{delimiter}” cannot separate columns. Choose a single character, such as ; or ,"
    ),
    "field_too_long": _(
        "A cell on line {line} holds more than {limit} characters. Shorten it and upload the file again."
    ),
    "text_too_long": _(
        "A cell holds more than {limit} characters. Shorten it, save the workbook and upload it again."
    ),
    "row_too_long": _("Row {row} holds more than {limit} characters. Shorten it and upload the file again."),
    "nul_character": _(
        "Row {row} holds a NUL character, so the file is damaged or not a text file. "
        "Export it again and upload it."
    ),
    "too_slow": _(
        "The file takes too long to read. Remove formatting and sheets that are not needed, "
        "or save it as .csv, and upload it again."
    ),
    "too_large_to_read": _(
        "The file needs more memory than there is for reading it. "
        "Split it into several files, or save it as .csv, and upload it again."
    ),
    "not_read": _("The file could not be read for a technical reason. Upload it again."),
    "blank_sheet": _(
        "The sheet “{sheet}” has nothing in it. Choose another sheet, or upload a file with rows."
    ),
    "blank_workbook": _(
        "No visible sheet of the workbook has anything in it. "
        "Unhide the sheet with the rows, or upload a file with rows."
    ),
    "no_such_sheet": _("The workbook has no sheet “{sheet}”. It has: {sheets}."),
}


class UnreadableFile(Exception):
    """A file, or the chosen sheet or encoding of it, cannot be read. `sentence` says why and what to do."""

    def __init__(self, code, **params):
        super().__init__(code)
        self.code = code
        self.params = params

    @property
    def sentence(self):
        # Not at the top: the child process that reads files knows no Django.
        from django.utils.translation import gettext

        from .wording import figure

        words = dict(self.params)
        if "limit" in words:
            words["limit"] = figure(words["limit"])
        if "kind" in words:
            words["kind"] = gettext(words["kind"])
        return gettext(FILE_PROBLEMS[self.code]).format(**words)
