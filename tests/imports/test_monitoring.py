import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from imports.durations import about, in_words
from imports.models import ImportEvent, ImportJob, ImportRun
from imports.progress import Shown, counts_in_words, shown
from tests.imports.journeys import csv_bytes, draft, run_import, start

HEADERS = "Contact Code,First Name,Last Name,Contact Email"
LIST = "/import-data/"


def good(code, name="Anna"):
    return f"{code},{name},Sample,{code.lower()}@example.com"


def badly_formatted(code):
    return f"{code},Anna,Sample,nobody"


def incorrect(code):
    return f"{code},,Sample,{code.lower()}@example.com"


def mixed(**options):
    return run_import(
        "contacts", csv_bytes(HEADERS, good("A1"), badly_formatted("A2")), "mixed.csv", **options
    )


def failed():
    return run_import("contacts", csv_bytes(HEADERS, good("A1"), incorrect("A2"), good("A3")), "failed.csv")


def running(kind="import", state="running", user=None, rows=80_000, **counts):
    job = ImportJob.objects.create(
        entity_type="contacts",
        state=ImportJob.State.IN_PROGRESS,
        created_by=user,
        started_at=timezone.now(),
        file_name="big.csv",
        rows=rows,
        not_reached=rows,
        options={},
    )
    done = sum(counts.get(name, 0) for name in ("created", "updated", "unchanged", "rejected"))
    run = ImportRun.objects.create(job=job, kind=kind, state=state, **{"rows_done": done, **counts})
    return job, run


def text_of(response):
    """The page's words, without tags and on one line."""
    without_tags = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    return " ".join(unescape(without_tags).split())


@pytest.fixture
def admin_page(client, business_admin):
    client.force_login(business_admin)
    return client


# The list


def test_the_list_advises_to_read_the_manual_and_offers_create_import(admin_page):
    text = text_of(admin_page.get(LIST))
    assert "Before importing, read the Import Data manual : it says what each file must contain." in text
    assert "Create Import" in text


def test_the_empty_list_says_in_which_order_to_move_from_another_system(admin_page):
    text = text_of(admin_page.get(LIST))
    assert "No imports yet" in text
    places = [
        text.index(f"{title} –") for title in ("Products", "Contacts", "Devices", "Reward Scheme Codes")
    ]
    assert places == sorted(places)


def test_a_filter_without_results_is_not_an_empty_list(admin_page):
    mixed()
    text = text_of(admin_page.get(LIST, {"q": "nothing like it"}))
    assert "No import fits this filter." in text
    assert "No imports yet" not in text


def test_a_completed_import_with_rejected_rows_does_not_look_like_plain_success(admin_page):
    mixed()
    page = admin_page.get(LIST)
    assert "Completed with rejected rows 1 row not imported" in text_of(page)
    assert 'class="badge is-with_rejected"' in page.content.decode()


def test_the_list_offers_failed_rows_with_their_format(admin_page):
    job = mixed()
    page = admin_page.get(LIST)
    assert "Download failed rows (.csv)" in text_of(page)
    assert reverse("imports:failed-rows", args=[job.pk]) in page.content.decode()


def test_older_drafts_leave_room_for_the_imports(admin_page, business_admin):
    for number in range(5):
        draft("contacts", csv_bytes(HEADERS, good("A1")), f"{number}.csv", business_admin)
    text = text_of(admin_page.get(LIST))
    assert text.index("2.csv") < text.index("2 older drafts") < text.index("1.csv") < text.index("0.csv")


def test_drafts_stand_apart_and_are_their_owners_alone(admin_page, business_admin, support):
    draft("contacts", csv_bytes(HEADERS, good("A1")), "mine.csv", business_admin)
    draft("contacts", csv_bytes(HEADERS, good("A1")), "theirs.csv", support)
    text = text_of(admin_page.get(LIST))
    assert "mine.csv" in text
    assert "Continue your draft" in text
    assert "theirs.csv" not in text
    assert "No imports yet" in text


FILTERS = [
    ({"q": "MIXED"}, {"mixed.csv"}),
    ({"state": "failed"}, {"failed.csv"}),
    ({"state": "with_rejected"}, {"mixed.csv"}),
    ({"state": "completed"}, {"clean.csv"}),
    ({"type": "contacts"}, {"mixed.csv", "failed.csv", "clean.csv"}),
    ({"type": "devices"}, set()),
    ({"since": "2020-01-01", "until": "2020-12-31"}, {"clean.csv"}),
    ({"since": "2021-01-01"}, {"mixed.csv", "failed.csv"}),
    ({"since": "not a date"}, {"mixed.csv", "failed.csv", "clean.csv"}),
]


@pytest.mark.parametrize(("chosen", "expected"), FILTERS)
def test_the_list_is_filtered_by(admin_page, chosen, expected):
    mixed()
    failed()
    clean = run_import("contacts", csv_bytes(HEADERS, good("B1")), "clean.csv")
    ImportJob.objects.filter(pk=clean.pk).update(started_at="2020-06-01T00:00:00Z")
    text = text_of(admin_page.get(LIST, chosen))
    assert {name for name in ("mixed.csv", "failed.csv", "clean.csv") if name in text} == expected


def test_the_list_is_filtered_by_person(admin_page, business_admin, support):
    ImportJob.objects.filter(pk=mixed().pk).update(created_by=business_admin)
    ImportJob.objects.filter(pk=failed().pk).update(created_by=support)
    text = text_of(admin_page.get(LIST, {"person": support.pk}))
    assert "failed.csv" in text
    assert "mixed.csv" not in text


def test_the_list_takes_the_same_queries_for_one_import_and_for_many(
    admin_page, business_admin, django_assert_max_num_queries
):
    running(user=business_admin)
    with django_assert_max_num_queries(18) as one:
        admin_page.get(LIST)
    for _ in range(12):
        running(user=business_admin)
    with django_assert_max_num_queries(len(one)):
        admin_page.get(LIST)


def test_the_list_has_pages_that_keep_the_filter(admin_page):
    for _ in range(26):
        running()
    page = admin_page.get(LIST, {"type": "contacts"})
    assert "Page 1 of 2 · 26 imports" in text_of(page)
    assert "?type=contacts&amp;page=2" in page.content.decode()


def test_the_list_refreshes_only_while_something_runs(admin_page):
    mixed()
    assert "data-refresh-url" not in admin_page.get(LIST).content.decode()
    running()
    page = admin_page.get(LIST).content.decode()
    assert 'data-refresh-url="/import-data/"' in page
    assert '<noscript><meta http-equiv="refresh"' in page


# A running import


def test_waiting_says_how_many_imports_are_before_yours(db):
    running()
    running()
    job, _ = running("check", "waiting")
    assert shown([job])[0].text == "waiting in the queue, 2 imports before yours"


def test_the_first_in_the_queue_is_next(db):
    job, _ = running("check", "waiting")
    assert shown([job])[0].text == "waiting in the queue, next in turn"


@pytest.mark.parametrize(
    ("kind", "state", "text"),
    [
        ("check", "running", "checking 12,000 of 80,000 rows"),
        ("import", "running", "importing 12,000 of 80,000 rows"),
        ("import", "waiting", "importing 12,000 of 80,000 rows"),
    ],
)
def test_progress_is_said_in_words(db, kind, state, text):
    job, _ = running(kind, state, created=12_000)
    assert shown([job])[0].text == text


def test_a_requested_cancel_is_said(db):
    job, _ = running(created=1, cancel_requested=True)
    assert shown([job])[0].text.startswith("cancelling")


def test_the_bar_never_goes_back_from_check_to_import(db):
    job, check = running("check")
    percents = []
    for done in range(0, 80_001, 8_000):
        check.rows_done = check.created = done
        percents.append(Shown(job, [check]).percent)
    check.state, check.finished_at = "done", timezone.now()
    run = ImportRun(job=job, kind="import")
    for done in range(0, 80_001, 8_000):
        run.rows_done = done
        percents.append(Shown(job, [check, run]).percent)
    assert percents == sorted(percents)
    assert (percents[0], percents[10], percents[11], percents[-1]) == (0, 40, 40, 100)


def test_an_import_whose_check_was_over_before_its_start_begins_at_zero(db):
    job, check = running("check", "done", finished_at=timezone.now() - timedelta(minutes=5))
    run = ImportRun(job=job, kind="import")
    assert Shown(job, [check, run]).percent == 0


@pytest.mark.parametrize(
    ("done", "seconds", "left"),
    [
        (1_000, 0.1, ""),
        (4_000, 6, "about 2 minutes left"),
        (8_000, 1, "about 10 seconds left"),
        (79_000, 10, "a few seconds left"),
    ],
)
def test_time_left_is_said_once_it_means_something(db, done, seconds, left):
    job, _ = running(created=done, seconds=seconds)
    assert shown([job])[0].time_left == left


def test_screen_readers_hear_quarters_only(db):
    job, run = running()
    heard = set()
    for done in range(500, 80_001, 500):
        run.rows_done = done
        heard.add(Shown(job, [run]).milestone)
    assert heard == {f"Importing: {percent} % done" for percent in (0, 25, 50, 75, 100)}


def test_the_page_of_a_running_import_says_where_the_e_mail_will_go(admin_page, business_admin):
    job, _ = running(user=business_admin)
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "You can leave this page; you will get an e-mail at business@example.com." in page


def test_the_page_says_that_an_account_without_address_gets_no_e_mail(admin_page, business_admin):
    business_admin.email = ""
    business_admin.save()
    job, _ = running(user=business_admin)
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "There will be no e-mail, because your account has no address." in page


def test_the_fragment_is_a_part_of_the_page_and_carries_the_next_address_while_it_runs(admin_page):
    job, _ = running(created=100)
    fragment = admin_page.get(reverse("imports:progress", args=[job.pk])).content.decode()
    assert '<div id="import" class="import" data-refresh data-refresh-url=' in fragment
    assert "<html" not in fragment


def test_the_fragment_of_an_ended_import_ends_the_refreshing(admin_page):
    job = mixed()
    fragment = admin_page.get(reverse("imports:progress", args=[job.pk])).content.decode()
    assert "data-refresh-url" not in fragment
    assert "Completed with rejected rows" in fragment


def test_a_check_says_what_would_be(admin_page):
    job, _ = running("check", created=12_000)
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "would be created 12,000" in page
    assert "Checking 12,000 of 80,000 rows" in page


def test_a_check_has_created_nothing_in_the_list(admin_page):
    running("check", created=12_000)
    cells = re.findall(r'data-label="Created">([^<]*)<', admin_page.get(LIST).content.decode())
    assert cells == ["0"]


# Cancel, continue, start again


def test_cancel_asks_once_without_javascript(admin_page):
    job, _ = running(created=100)
    page = admin_page.get(job.get_absolute_url()).content.decode()
    assert '<details class="ask" id="cancel">' in page
    assert f'action="{reverse("imports:cancel", args=[job.pk])}"' in page


def test_cancel_stops_a_waiting_import_and_says_what_was_written(admin_page):
    job, _ = running("check", "waiting")
    page = admin_page.post(reverse("imports:cancel", args=[job.pk]), follow=True)
    job.refresh_from_db()
    assert job.state == ImportJob.State.CANCELLED
    assert "Cancelled while checking; nothing was written." in text_of(page)


def test_cancel_of_a_worked_run_asks_its_worker(admin_page, business_admin):
    job, run = running(created=100)
    page = admin_page.post(reverse("imports:cancel", args=[job.pk]), follow=True)
    run.refresh_from_db()
    assert run.cancel_requested
    assert "Cancelling; the rows that are being worked on come to their end first" in text_of(page)
    assert 'id="cancel"' not in page.content.decode()
    assert job.events.get(event="cancel requested").user == business_admin


def test_cancel_of_an_ended_import_changes_nothing(admin_page):
    job = mixed()
    page = admin_page.post(reverse("imports:cancel", args=[job.pk]), follow=True)
    job.refresh_from_db()
    assert job.state == ImportJob.State.COMPLETED
    assert "The import was over already." in text_of(page)


def test_a_cancelled_import_can_be_continued(admin_page):
    job, run = running("import", "waiting", rows=3)
    ImportJob.objects.filter(pk=job.pk).update(file="kept")
    admin_page.post(reverse("imports:cancel", args=[job.pk]))
    page = admin_page.get(job.get_absolute_url())
    assert "Continue goes on with the first row; no row is imported twice." in text_of(page)
    admin_page.post(reverse("imports:continue", args=[job.pk]))
    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, run.state) == (ImportJob.State.IN_PROGRESS, ImportRun.State.WAITING)


@pytest.mark.parametrize("name", ["continue", "leave-out"])
def test_a_person_with_three_imports_under_way_waits_with_a_fourth(admin_page, business_admin, name):
    stopped = failed()
    ImportJob.objects.filter(pk=stopped.pk).update(created_by=business_admin, from_command_line=False)
    if name == "continue":
        stopped.runs.update(state=ImportRun.State.FAILED)
    under_way = [running(user=business_admin)[0] for _ in range(3)]
    page = admin_page.post(reverse(f"imports:{name}", args=[stopped.pk]), follow=True)
    assert "3 of your imports are under way, which is the most." in text_of(page)
    stopped.refresh_from_db()
    assert stopped.state == ImportJob.State.FAILED
    ImportJob.objects.filter(pk=under_way[0].pk).update(state=ImportJob.State.CANCELLED)
    admin_page.post(reverse(f"imports:{name}", args=[stopped.pk]))
    stopped.refresh_from_db()
    assert stopped.state == ImportJob.State.IN_PROGRESS


def test_a_failed_import_offers_to_leave_the_bad_rows_out(admin_page):
    job = failed()
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "Failed Nothing was imported, because 1 row has incorrect content." in page
    assert "Import the other 2 rows, leaving this one out" in page
    assert "The failed-rows file will hold only the rows that were left out." in page
    admin_page.post(reverse("imports:leave-out", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == ImportJob.State.IN_PROGRESS
    assert job.latest_run(ImportRun.Kind.IMPORT)


def test_leaving_out_is_not_offered_when_no_row_is_good(admin_page):
    job = run_import("contacts", csv_bytes(HEADERS, incorrect("A2")))
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "Import the other" not in page


def test_support_sees_no_buttons_that_change_something(client, support):
    client.force_login(support)
    for job in (failed(), running(created=1)[0]):
        page = text_of(client.get(job.get_absolute_url()))
        assert "Import the other" not in page
        assert "Cancel this import" not in page
        assert "Upload the corrected rows" not in page


# An ended import


def test_the_page_begins_with_the_counts_in_one_sentence(admin_page):
    page = text_of(admin_page.get(mixed().get_absolute_url()))
    assert "Completed with rejected rows 1 created, 1 rejected." in page


def test_problems_are_grouped_by_cause_with_an_example_and_what_to_do(admin_page):
    page = text_of(admin_page.get(mixed().get_absolute_url()))
    assert "Badly formatted" in page
    assert "1 Contact Email Row 3 : “nobody” is not an e-mail address Correct the address" in page


def test_content_stands_apart_from_format(admin_page):
    content = csv_bytes(HEADERS, good("A1"), badly_formatted("A2"), incorrect("A3"))
    page = text_of(admin_page.get(run_import("contacts", content).get_absolute_url()))
    assert page.index("Incorrect content") < page.index("Badly formatted")


def test_failed_rows_are_shown_with_number_cells_and_problems(admin_page):
    job = mixed()
    page = admin_page.get(job.get_absolute_url()).content.decode()
    row = reverse("imports:row", args=[job.pk, 3])
    assert f'<th scope="row" class="number"><a href="{row}">3</a></th>' in page
    assert (
        "Contact Email: “nobody” is not an e-mail address. Correct the address, or leave the cell blank."
        in page
    )
    assert re.search(r'<td class="is-bad"><span role="img" aria-label="Problem">⚠</span> nobody</td>', page)


def test_failed_rows_have_pages(admin_page):
    rows = [badly_formatted(f"A{number}") for number in range(60)]
    job = run_import("contacts", csv_bytes(HEADERS, good("B1"), *rows))
    page = admin_page.get(job.get_absolute_url(), {"page": 2})
    assert "Page 2 of 2 · 60 failed rows" in text_of(page)
    assert page.content.decode().count('class="row-problems"') == 10


def test_cells_of_the_file_are_escaped(admin_page):
    job = run_import("contacts", csv_bytes(HEADERS, good("B1"), "A1,Anna,Sample,<script>alert(1)</script>"))
    page = admin_page.get(job.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_updates_show_old_beside_new_with_names_of_references(admin_page):
    headers = f"{HEADERS},Contact Classification"
    run_import("contacts", csv_bytes(headers, f"{good('A1')},VIP"), generate=True)
    job = run_import(
        "contacts", csv_bytes(headers, f"{good('A1', 'Maria')},Regular"), generate=True, update=True
    )
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "First Name in 1, Contact Classification in 1 contacts" in page
    assert "First Name Anna Maria" in page
    assert "Contact Classification VIP Regular" in page
    assert "These names did not exist and were generated: Contact Classification: Regular" in page


def test_the_page_says_how_it_was_done(admin_page):
    page = text_of(admin_page.get(mixed().get_absolute_url()))
    assert (
        f"File mixed.csv, {len(csv_bytes(HEADERS, good('A1'), badly_formatted('A2')))} bytes, 2 rows" in page
    )
    assert "Encoding Unicode (UTF-8)" in page
    assert "Update existing contacts no" in page
    assert "Data mapping (4 columns)" in page
    assert "command line" in page


def test_the_history_is_for_those_who_may_see_it(admin_page, client, support):
    job = mixed()
    assert "History" in text_of(admin_page.get(job.get_absolute_url()))
    client.force_login(support)
    assert "History" not in text_of(client.get(job.get_absolute_url()))


def test_the_records_are_one_click_away(admin_page):
    page = admin_page.get(mixed().get_absolute_url()).content.decode()
    assert '<a href="/entities/contact/">See the contacts</a>' in page


@pytest.mark.parametrize(
    ("ended", "first"),
    [
        (lambda: run_import("contacts", csv_bytes(HEADERS, good("A1"))), "See the contacts"),
        (mixed, "Correct it here"),
        (failed, "Import the other 2 rows, leaving this one out"),
    ],
)
def test_one_thing_to_do_stands_out(admin_page, ended, first):
    page = admin_page.get(ended().get_absolute_url()).content.decode()
    assert re.findall(r'class="action is-primary"[^>]*>(.*?)<', page) == [first]


def test_rows_not_reached_are_counted(admin_page):
    job, _ = running("import", "waiting", rows=10, created=4)
    admin_page.post(reverse("imports:cancel", args=[job.pk]))
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "4 created, 6 not reached." in page


def test_a_page_whose_files_were_removed_still_tells(admin_page):
    job = mixed()
    job.delete_files()
    ImportJob.objects.filter(pk=job.pk).update(failed_rows="", file="")
    page = text_of(admin_page.get(job.get_absolute_url()))
    assert "The failed-rows file is no longer kept." in page
    assert "Column A" in page


def test_a_draft_is_no_import_yet(admin_page, business_admin, support):
    mine = draft("contacts", csv_bytes(HEADERS, good("A1")), user=business_admin)
    theirs = draft("contacts", csv_bytes(HEADERS, good("A1")), user=support)
    assert admin_page.get(mine.get_absolute_url()).url == reverse("imports:mapping", args=[mine.pk])
    assert admin_page.get(theirs.get_absolute_url()).status_code == 404


# Downloads


def test_failed_rows_come_as_an_attachment_in_the_uploaded_format(admin_page, business_admin):
    job = mixed()
    response = admin_page.get(reverse("imports:failed-rows", args=[job.pk]))
    assert response["Content-Disposition"] == 'attachment; filename="mixed - failed rows.csv"'
    assert (
        b"".join(response.streaming_content)
        .decode("utf-8-sig")
        .splitlines()[1]
        .startswith("A2,Anna,Sample,nobody,3,")
    )
    assert ImportEvent.objects.get(job=job, event="failed rows downloaded").user == business_admin


def test_failed_rows_of_a_csv_can_be_had_as_a_workbook(admin_page):
    response = admin_page.get(reverse("imports:failed-rows", args=[mixed().pk]), {"as": "xlsx"})
    assert response["Content-Disposition"] == 'attachment; filename="mixed - failed rows.xlsx"'
    assert b"".join(response.streaming_content).startswith(b"PK")


def test_an_import_without_failed_rows_has_no_file(admin_page):
    job = run_import("contacts", csv_bytes(HEADERS, good("A1")))
    assert admin_page.get(reverse("imports:failed-rows", args=[job.pk])).status_code == 404


# Words


def test_counts_in_words_leave_nothing_out():
    counts = {"created": 940, "updated": 52, "unchanged": 3, "rejected": 8, "not_reached": 1_000}
    expected = "940 created, 52 updated, 3 already there and left as they are, 8 rejected, 1,000 not reached."
    assert counts_in_words(counts) == expected


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "under 1 s"), (59, "59 s"), (184, "3 min 4 s"), (4_000, "1 h 6 min")]
)
def test_durations_in_words(seconds, words):
    assert in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "a few seconds"), (62, "about 1 minute"), (8_000, "about 2 hours")]
)
def test_about_how_long(seconds, words):
    assert about(seconds) == words


def test_the_page_of_many_failed_rows_has_a_query_budget(admin_page, django_assert_max_num_queries):
    rows = [badly_formatted(f"A{number}") for number in range(60)]
    job = start(draft("contacts", csv_bytes(HEADERS, good("B1"), *rows)))
    with django_assert_max_num_queries(22):
        admin_page.get(job.get_absolute_url())
