import datetime
import io
import json

import openpyxl
import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from entities.models import Contact
from imports.management.commands.import_data import progress_line
from imports.models import ImportJob
from tests.imports.journeys import csv_bytes, draft, start

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email,Contact Classification"


@pytest.fixture
def contacts(tmp_path):
    def write(*rows, header=HEADER, name="contacts.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]), encoding="utf-8")
        return str(path)

    return write


def import_data(*arguments):
    """(exit status, what it printed)"""
    out = io.StringIO()
    try:
        call_command("import_data", *arguments, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def result_of(printed):
    return json.loads(printed.splitlines()[-1])


def test_a_completed_import_prints_one_object_and_exits_with_0(contacts):
    status, printed = import_data("contacts", contacts("A1,Ann,Sample,,", "A2,Bob,Sample,none,"), "--json")
    result = result_of(printed)
    assert status == 0
    seconds = result.pop("seconds")
    assert seconds > 0
    assert result == {
        "id": ImportJob.objects.get().pk,
        "state": "completed",
        "reason": "",
        "rows": 2,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "not_reached": 0,
        "problems": [
            {
                "code": "not_an_email",
                "kind": "format",
                "column": "Contact Email",
                "count": 1,
                "example_row": 3,
            }
        ],
    }


def test_incorrect_content_fails_with_1_unless_it_is_to_be_left_out(contacts):
    path = contacts("A1,Ann,Sample,,", "A2,Bob,,,")
    status, printed = import_data("contacts", path, "--json")
    assert (status, result_of(printed)["state"], Contact.objects.count()) == (1, "failed", 0)
    status, printed = import_data("contacts", path, "--leave-out-incorrect", "--json")
    assert (status, result_of(printed)["state"], Contact.objects.count()) == (0, "completed", 1)


def test_the_check_says_what_would_be_and_keeps_nothing(contacts):
    path = contacts("A1,Ann,Sample,,VIP", "A2,Bob,Sample,,")
    status, printed = import_data("contacts", path, "--generate-missing", "--check", "--json")
    result = result_of(printed)
    assert (status, result["state"], result["created"]) == (0, "completed", 2)
    assert (Contact.objects.count(), ImportJob.objects.count()) == (0, 0)


def test_without_map_it_says_which_suggestions_it_takes(contacts):
    _, printed = import_data(
        "contacts", contacts("A1,Ann,Sample,x", header="Κωδικός,Όνομα,Επώνυμο,Shoe size")
    )
    assert "Κωδικός → Contact Code (another name of Contact Code)" in printed
    assert "Shoe size → not imported" in printed


def test_what_its_user_did_in_the_browser_decides_nothing_here(contacts, business_admin):
    header = "Contact Code,First Name,Last Name,Notes"
    before = draft("contacts", csv_bytes(header, "A1,Ann,Sample,x"), user=business_admin, update=True)
    start(before, user=business_admin)
    _, printed = import_data(
        "contacts", contacts("A1,Anna,Sample,y", header=header), "--user", "business", "--json"
    )
    result = result_of(printed)
    assert (result["updated"], result["unchanged"]) == (0, 1)
    assert Contact.objects.get().first_name == "Ann"


def test_map_and_set_feed_columns(contacts):
    path = contacts("Ann,Sample", header="One,Two")
    status, _ = import_data(
        "contacts", path, "--map", "First Name=One", "--map", "Last Name=Two", "--set", "Contact Code=X1"
    )
    assert status == 0
    assert list(Contact.objects.values_list("code", "first_name", "last_name")) == [("X1", "Ann", "Sample")]


def test_a_file_without_headers_is_mapped_by_letters(contacts):
    path = contacts("Bob,Sample", header="Ann,Sample")
    status, _ = import_data("contacts", path, "--no-header", "--map", "First Name=A", "--map", "Last Name=B")
    assert (status, Contact.objects.count()) == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--map", "Nonsense=One"], "“Nonsense=One” does not name a column of Products."),
        (["--map", "Name=Nowhere"], "There is no header “Nowhere”. The file's headers: One, Two."),
        (["--map", "Name=One", "--map", "Name=Two"], "Two headers are mapped to Name: One and Two."),
        (["--map", "Name=One"], "Required and neither mapped nor set: Product Code, Product Type."),
        (["--set", "Price=cheap"], "--set Price: “cheap” is not a number."),
        (["--header-row", "-1"], "--header-row -1: rows are counted from 1."),
        (["--failed-rows", "/"], "/ cannot be written: it is a folder."),
        (["--user", "nobody"], "There is no user “nobody”."),
        (
            ["--failed-rows", "/nowhere/failed.csv"],
            "/nowhere/failed.csv cannot be written: there is no /nowhere.",
        ),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_wrong(contacts, arguments, sentence):
    status, said = import_data("products", contacts("a,b", header="One,Two"), *arguments)
    assert status == 2
    assert said.startswith(sentence)
    assert ImportJob.objects.count() == 0


def test_a_file_none_of_whose_headers_is_mapped_exits_with_2(contacts):
    names = ("--set", "First Name=Ann", "--set", "Last Name=Sample")
    status, said = import_data("contacts", contacts("a,b", header="One,Two"), *names)
    assert (status, said.startswith("No header is mapped.")) == (2, True)


def test_values_for_all_rows_are_read_with_the_date_order_that_is_given(contacts):
    path = contacts("A1,Ann,Sample,,")
    status, _ = import_data("contacts", path, "--set", "Date of Birth=03/04/1984", "--date-order", "dmy")
    assert status == 0
    assert Contact.objects.get().birth_date == datetime.date(1984, 4, 3)


def test_the_check_says_why_the_import_would_fail(contacts):
    status, printed = import_data("contacts", contacts("A1,Ann,Sample,,", "A2,Bob,,,"), "--check", "--json")
    assert (status, result_of(printed)["state"]) == (1, "failed")
    assert result_of(printed)["reason"] == "Nothing was imported, because 1 row has incorrect content."


def test_an_unreadable_file_exits_with_2(contacts, tmp_path):
    status, said = import_data("contacts", str(tmp_path / "missing.csv"))
    assert (status, "cannot be opened" in said) == (2, True)
    (tmp_path / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert import_data("contacts", str(tmp_path / "picture.xlsx"))[0] == 2
    assert import_data("contacts", contacts())[0] == 2


def test_the_failed_rows_are_saved_where_asked(contacts, tmp_path):
    path = tmp_path / "failed.csv"
    import_data("contacts", contacts("A1,Ann,Sample,,", "A2,Bob,Sample,none,"), "--failed-rows", str(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("A2,Bob,Sample,none,,3,")


def test_whose_import_it_is_gets_the_e_mail(contacts, business_admin, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        import_data("contacts", contacts("A1,Ann,Sample,,"), "--user", business_admin.username)
        import_data("contacts", contacts("A2,Bob,Sample,,"))
    assert [message.to for message in mail.outbox] == [[business_admin.email]]


def test_sheets_are_chosen_by_name_or_number_and_text_has_none(contacts, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["nothing"])
    people = book.create_sheet("People")
    people.append(["First Name", "Last Name"])
    people.append(["Ann", "Sample"])
    book.save(tmp_path / "book.xlsx")
    for sheet in ("People", "2"):
        assert import_data("contacts", str(tmp_path / "book.xlsx"), "--sheet", sheet)[0] == 0
    assert import_data("contacts", str(tmp_path / "book.xlsx"), "--sheet", "3")[0] == 2
    assert import_data("contacts", contacts("A1,Ann,Sample,,"), "--sheet", "People")[0] == 2


def test_a_terminal_is_told_the_speed_and_the_time_left():
    told = [progress_line("Importing", rows, 100_000, rows / 8_000) for rows in (2_000, 20_000, 100_000)]
    assert told == [
        "Importing [                              ]   2 % 2,000 rows, 8,000 rows/s",
        "Importing [######                        ]  20 % 20,000 rows, 8,000 rows/s, about 10 seconds left",
        "Importing [##############################] 100 % 100,000 rows, 8,000 rows/s",
    ]
    assert progress_line("Reading", 4_000, None, 0.5) == "Reading 4,000 rows, 8,000 rows/s"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal_and_taken_away_again(contacts):
    terminal = Terminal()
    call_command(
        "import_data", "contacts", contacts("A1,Ann,Sample,,"), stdout=io.StringIO(), stderr=terminal
    )
    shown = terminal.getvalue()
    assert "Importing [##############################] 100 % 1 rows" in shown
    assert shown.endswith("\r\x1b[K")
