"""Correcting in place by hand: from the preview, by cause and row by row."""

import pytest
from django.urls import reverse

from entities.models import Contact
from imports import correcting, execution
from imports.models import ImportJob, ImportRun
from tests.factories import ContactClassificationFactory, ProductTypeFactory, RewardSchemeFactory

from .test_wizard import admin, mapped_draft, text_of, upload, url, work

__all__ = ["admin"]
pytestmark = pytest.mark.django_db
HEADERS = "Code,First Name,Last Name,Email,Phone Country,Phone,Date of Birth,Classification"
KEYS = ["code", "first_name", "last_name", "email", "phone_country", "phone", "birth_date", "classification"]
PAGES = ("correct", "correct-rows", "take-back")


def contacts(user, *rows, **options):
    """A draft of contacts with every column mapped, whatever their values look like."""
    job = mapped_draft(user, HEADERS, *rows, **options)
    job.mapping["columns"] = {key: index for index, key in enumerate(KEYS)}
    job.save()
    return job


def preview(client, job):
    """The finished preview, as text."""
    client.get(url("preview", job))
    work()
    return client.get(url("preview", job))


def post(client, job, cause, action, **fields):
    answer = client.post(url("correct", job), {"cause": cause, "action": action, **fields}, follow=True)
    work()
    job.refresh_from_db()
    return answer


def counts(job):
    run = job.latest_run(ImportRun.Kind.CHECK)
    assert (run.state, run.digest) == ("done", job.digest)
    return run.counts


# Who may come


@pytest.mark.parametrize("name", PAGES)
def test_the_anonymous_are_sent_to_the_log_in_page(client, business_admin, name):
    address = url(name, contacts(business_admin, "C1,Ann,Doe,,,,,"))
    assert client.post(address).url.startswith(reverse("admin:login"))


@pytest.mark.parametrize("name", PAGES)
def test_another_persons_draft_is_not_found(client, business_admin, superuser, name):
    client.force_login(business_admin)
    assert client.post(url(name, contacts(superuser, "C1,Ann,Doe,,,,,"))).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_a_started_import_is_not_corrected_any_more(admin, business_admin, name):
    job = contacts(business_admin, "C1,Ann,Doe,,,,,")
    preview(admin, job)
    ImportJob.objects.filter(pk=job.pk).update(state="in_progress")
    assert admin.post(url(name, job)).url == job.get_absolute_url()


@pytest.mark.parametrize("name", PAGES)
def test_before_the_check_is_over_the_preview_comes_first(admin, business_admin, name):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,,,,")
    answer = admin.post(url(name, job), {"cause": "not_an_email|Contact Email"}, follow=True)
    assert "The preview had changed meanwhile." in text_of(answer)


@pytest.mark.parametrize("name", PAGES)
def test_a_correction_needs_a_mapped_file(admin, business_admin, name):
    job = mapped_draft(business_admin, "Nothing,Known", "1,2")
    assert admin.post(url(name, job)).url == url("preview", job)


# By cause


def test_one_value_is_used_for_all_rows_with_the_nearest_known_proposed(admin, business_admin):
    job = contacts(business_admin, *(f"C{n},Ann,Doe,,Cyprsu,99123456,," for n in range(3)))
    page = preview(admin, job)
    assert "Cyprsu Did you mean Cyprus?" in text_of(page)
    assert 'value="CYP"' in page.content.decode()
    values = {"value-0": "CYP"}
    answer = post(admin, job, "unknown_country|Contact Phone Country", "values", **values)
    assert "The rows of Contact Phone Country are corrected." in text_of(answer)
    assert "“Cyprsu” is taken as “CYP”" in text_of(answer)
    assert counts(job) == {"created": 3, "updated": 0, "unchanged": 0, "rejected": 0}


def test_a_value_that_is_wrong_too_is_kept_as_typed_with_what_is_wrong(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,,Cyprsu,99123456,,")
    preview(admin, job)
    answer = post(admin, job, "unknown_country|Contact Phone Country", "values", **{"value-0": "Cypprus"})
    assert "“Cypprus” is not a country that is known" in text_of(answer)
    assert 'value="Cypprus"' in answer.content.decode()
    assert "One thing is to be corrected" in text_of(answer)
    assert job.mapping["values"] == {}


def test_nothing_chosen_is_said(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,,Cyprsu,99123456,,")
    preview(admin, job)
    answer = post(admin, job, "unknown_country|Contact Phone Country", "values")
    assert "Nothing was chosen." in text_of(answer)


def test_bad_cells_are_left_out_and_their_rows_imported(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,,,,", "C2,Bob,Doe,b@,,,,")
    preview(admin, job)
    answer = post(admin, job, "not_an_email|Contact Email", "leave_out")
    assert "Contact Email : left out in 2 rows" in text_of(answer)
    assert counts(job)["created"] == 2
    execution.start(job, start_key=job.start_key)
    work()
    assert list(Contact.objects.values_list("email", flat=True)) == ["", ""]


def test_one_value_can_be_left_out_and_another_replaced(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,,,,", "C2,Bob,Doe,b@,,,,")
    preview(admin, job)
    values = {"value-0": "b@example.com", "leave-1": "on"}
    post(admin, job, "not_an_email|Contact Email", "values", **values)
    assert job.mapping["values"] == {"email": {"nowhere": None, "b@": "b@example.com"}}
    assert counts(job)["created"] == 2


def test_a_value_is_not_used_for_another_than_the_page_showed(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,,Cyprsu,99123456,,")
    preview(admin, job)
    values = {"text-0": "Grece", "value-0": "GRC"}
    answer = post(admin, job, "unknown_country|Contact Phone Country", "values", **values)
    assert "The preview had changed meanwhile." in text_of(answer)
    assert job.mapping["values"] == {}


def test_a_key_is_never_left_out(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,,,,,", "C1,Bob,Doe,,,,,")
    preview(admin, job)
    cause = {"cause": "twice_in_file|Contact Code", "action": "leave_out"}
    assert admin.post(url("correct", job), cause).status_code == 404


def test_phone_numbers_are_taken_as_those_of_one_country(admin, business_admin):
    job = contacts(business_admin, *(f"C{n},Ann,Doe,,,9912345{n},," for n in range(4)))
    assert "Take these numbers as those of" in text_of(preview(admin, job))
    answer = post(admin, job, "phone_country_missing|Contact Phone Country", "remedy", answer="Cyprus")
    assert "Contact Phone Country : given in 4 rows" in text_of(answer)
    assert counts(job)["created"] == 4


def test_a_country_that_is_not_known_is_refused_as_typed(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,,,99123456,,")
    preview(admin, job)
    answer = post(admin, job, "phone_country_missing|Contact Phone Country", "remedy", answer="Nowhere")
    assert "“Nowhere” is not a country that is known" in text_of(answer)
    assert 'value="Nowhere"' in answer.content.decode()


def test_the_order_of_dates_is_changed_for_the_whole_file(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,,,,03/04/1984,", "C2,Bob,Doe,,,,05/06/1984,")
    assert "Read the dates of the whole file as" in text_of(preview(admin, job))
    post(admin, job, "ambiguous_date|Date of Birth", "option", order="dmy")
    assert job.options["date_order"] == "dmy"
    assert counts(job)["created"] == 2


def test_a_name_that_would_be_new_is_one_that_exists(admin, business_admin):
    ContactClassificationFactory(name="VIP")
    job = contacts(business_admin, "C1,Ann,Doe,,,,,V.I.P.", "C2,Bob,Doe,,,,,Gold", generate=True)
    page = text_of(preview(admin, job))
    assert "Contact Classification: V.I.P. (1 row)" in page
    assert "Did you mean VIP?" in page
    post(admin, job, "would_be_new|Contact Classification", "values", **{"value-1": "VIP"})
    run = job.latest_run(ImportRun.Kind.CHECK)
    assert [name["name"] for name in run.generated_names] == ["Gold"]


def test_a_reward_scheme_is_named_once_for_all_codes(admin, business_admin):
    RewardSchemeFactory(name="Student Club")
    rows = [f"Students Club,R{n}" for n in range(5)]
    job = mapped_draft(business_admin, "Reward Scheme,Code", *rows, slug="reward-scheme-codes")
    assert "Students Club Did you mean Student Club?" in text_of(preview(admin, job))
    post(admin, job, "unknown_reference|Reward Scheme", "values", **{"value-0": "Student Club"})
    assert counts(job)["created"] == 5


def test_a_scheme_that_does_not_exist_is_refused(admin, business_admin):
    RewardSchemeFactory(name="Student Club")
    job = mapped_draft(business_admin, "Reward Scheme,Code", "Students,R1", slug="reward-scheme-codes")
    preview(admin, job)
    answer = post(admin, job, "unknown_reference|Reward Scheme", "values", **{"value-0": "Pupils"})
    assert "there is no reward scheme “Pupils”" in text_of(answer)


def test_a_new_product_type_is_asked_once_what_its_products_are(admin, business_admin):
    rows = ["P1,Phone X,Phone", "P2,Phone Y,Phone", "P3,Latte,Coffee"]
    job = mapped_draft(business_admin, "SKU,Name,Type", *rows, slug="products", generate=True)
    page = text_of(preview(admin, job))
    assert "What are products of this type?" in page
    assert "goods with serial numbers, needed for devices" in page
    values = {
        "value-0": "TRACEABLE_PHYSICAL_GOOD",
        "text-0": "Phone",
        "value-1": "NON_TRACEABLE_PHYSICAL_GOOD",
    }
    post(admin, job, "new_type_unclassified|Classification", "values", **values)
    assert counts(job)["created"] == 3


def test_a_new_product_type_may_be_one_that_exists_misspelt(admin, business_admin):
    ProductTypeFactory(name="Phone")
    rows = ["P1,Phone X,Phne", "P2,Phone Y,Phne", "P3,Latte,Coffee"]
    job = mapped_draft(business_admin, "SKU,Name,Type", *rows, slug="products", generate=True)
    page = text_of(preview(admin, job))
    assert "“Phne”: did you mean Phone?" in page
    assert "It is Phone, misspelt" in page
    answers = {"text-0": "Phne", "instead-0": "on", "text-1": "Coffee", "value-1": "TERMED_SERVICE"}
    post(admin, job, "new_type_unclassified|Classification", "values", **answers)
    preview(admin, job)
    job.refresh_from_db()
    assert counts(job)["created"] == 3
    assert [name["name"] for name in job.latest_run("check").generated_names] == ["Coffee"]


def test_a_new_product_type_that_only_looks_misspelt_is_created(admin, business_admin):
    ProductTypeFactory(name="Phone")
    job = mapped_draft(business_admin, "SKU,Name,Type", "P1,X,Phones", slug="products", generate=True)
    preview(admin, job)
    answers = {"text-0": "Phones", "value-0": "TRACEABLE_PHYSICAL_GOOD", "instead-0": "on"}
    post(admin, job, "new_type_unclassified|Classification", "values", **answers)
    assert counts(job)["created"] == 1
    assert [name["name"] for name in job.latest_run("check").generated_names] == ["Phones"]


def test_the_name_of_a_new_type_is_corrected_in_its_row(admin, business_admin):
    ProductTypeFactory(name="Phone")
    job = mapped_draft(business_admin, "SKU,Name,Type", "P1,X,Phne", slug="products", generate=True)
    preview(admin, job)
    cells = {"row": [2], "cell-2-type": "Phone"}
    admin.post(rows_page(job, "new_type_unclassified|Classification"), cells)
    preview(admin, job)
    job.refresh_from_db()
    assert counts(job)["created"] == 1


def test_greek_letters_that_look_latin_are_named(admin, business_admin):
    rows = ["S1,DΕC-4K"]
    job = mapped_draft(business_admin, "Serial Number,Product Code", *rows, slug="devices")
    assert "Character 2 is the Greek Ε, which looks like the Latin E." in text_of(preview(admin, job))


# Taking back


def test_a_correction_is_taken_back(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,Cyprsu,99123456,,")
    preview(admin, job)
    post(admin, job, "unknown_country|Contact Phone Country", "values", **{"value-0": "CYP"})
    post(admin, job, "not_an_email|Contact Email", "leave_out")
    assert counts(job)["created"] == 1
    admin.post(url("take-back", job), {"column": "phone_country", "text": "Cyprsu"})
    admin.post(url("preview", job))
    admin.get(url("preview", job))
    work()
    admin.post(url("take-back", job), {"column": "email"})
    preview(admin, job)
    job.refresh_from_db()
    assert counts(job)["rejected"] == 1
    assert (job.mapping["values"], job.row_corrections.count()) == ({"phone_country": {}}, 0)


def test_a_new_file_has_no_corrections(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,,,,")
    preview(admin, job)
    post(admin, job, "not_an_email|Contact Email", "leave_out")
    upload(admin, job, f"{HEADERS}\nC1,Ann,Doe,anywhere,,,,\nC2,Bob,Doe,b@example.com,,,,".encode())
    preview(admin, job)
    job.refresh_from_db()
    assert (counts(job)["rejected"], job.row_corrections.count()) == (1, 0)


def test_values_stay_when_the_mapping_is_saved_again(admin, business_admin):
    from .test_wizard import post_mapping

    job = contacts(business_admin, "C1,Ann,Doe,,Cyprsu,99123456,,")
    preview(admin, job)
    post(admin, job, "unknown_country|Contact Phone Country", "values", **{"value-0": "CYP"})
    post_mapping(admin, job)
    job.refresh_from_db()
    assert job.mapping["values"] == {"phone_country": {"Cyprsu": "CYP"}}


# Row by row


def rows_page(job, cause="not_an_email|Contact Email"):
    return f"{url('correct-rows', job)}?cause={cause}"


def test_cells_are_corrected_row_by_row_and_what_is_still_wrong_stays_as_typed(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,,,,", "C2,Bob,Doe,b@,,,,")
    preview(admin, job)
    page = admin.get(rows_page(job))
    assert 'name="cell-2-email"' in page.content.decode()
    assert "First Name: Ann" in text_of(page)
    cells = {"row": [2, 3], "cell-2-email": "ann@example.com", "cell-3-email": "still@wrong"}
    answer = admin.post(rows_page(job), cells, follow=True)
    text = text_of(answer)
    assert "1 row is correct now. 1 row still has a problem: it is below, with what is wrong." in text
    assert 'value="still@wrong"' in answer.content.decode()
    assert "“still@wrong” is not an e-mail address" in text
    answer = admin.post(rows_page(job), {"row": [3], "cell-3-email": "bob@example.com"}, follow=True)
    assert "The 1 row is correct now." in text_of(answer)
    job.refresh_from_db()
    assert counts(job)["created"] == 2


def test_a_key_can_be_corrected_but_not_left_out(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,,,,,", "C1,Bob,Doe,,,,,")
    preview(admin, job)
    address = rows_page(job, "twice_in_file|Contact Code")
    answer = admin.post(address, {"row": [3], "cell-3-code": ""})
    assert "This cell cannot be left out. Type its value." in text_of(answer)
    admin.post(address, {"row": [3], "cell-3-code": "C2"})
    preview(admin, job)
    job.refresh_from_db()
    assert counts(job)["created"] == 2


def test_only_cells_with_a_problem_are_corrected(admin, business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,,,,")
    preview(admin, job)
    answer = admin.post(rows_page(job), {"row": [2], "cell-2-last_name": "Roe"}, follow=True)
    assert "Nothing was changed." in text_of(answer)


def test_many_rows_are_paged(admin, business_admin):
    job = contacts(business_admin, *(f"C{n},Ann,Doe,nowhere{n},,,," for n in range(45)))
    preview(admin, job)
    assert "Page 3 of 3" in text_of(admin.get(f"{rows_page(job)}&page=3"))
    assert admin.get(f"{rows_page(job)}&page=3").content.decode().count('name="row"') == 5


# After an import


def test_the_failed_rows_of_an_import_are_corrected_here_and_imported(admin, business_admin):
    rows = ["C1,Ann,Doe,ann@example.com,,,,", "C2,Bob,Doe,nowhere,,,,", "C3,Eve,Doe,b@,,,,"]
    root = contacts(business_admin, *rows)
    execution.start(root, business_admin, start_key=root.start_key)
    work()
    root.refresh_from_db()
    assert (root.state, root.created, root.rejected) == ("completed", 1, 2)
    admin.post(url("repair", root))
    repair = ImportJob.objects.latest("pk")
    assert "Import the corrected rows" in text_of(preview(admin, repair))
    answer = post(admin, repair, "not_an_email|Contact Email", "leave_out")
    assert "Contact Email : left out in 2 rows" in text_of(answer)
    execution.start(repair, business_admin, start_key=repair.start_key)
    work()
    repair.refresh_from_db()
    assert (repair.state, repair.created) == ("completed", 2)
    assert sorted(Contact.objects.values_list("code", flat=True)) == ["C1", "C2", "C3"]


# In any size


def test_five_causes_of_many_rows_are_clean_in_five_actions(admin, business_admin, settings):
    settings.IMPORT_BATCH_ROWS = 100
    rows = [
        *(f"A{n},Ann,Doe,nowhere{n},,,," for n in range(60)),
        *(f"B{n},Ann,Doe,,Cyprsu,99123456,," for n in range(60)),
        *(f"D{n},Ann,Doe,,,99123456,," for n in range(60)),
        *(f"E{n},Ann,Doe,,,,someday,," for n in range(60)),
        *(f"F{n},Ann,Doe,,,,,Golld" for n in range(60)),
    ]
    ContactClassificationFactory(name="Gold")
    job = contacts(business_admin, *(row.removesuffix(",") if row.count(",") > 7 else row for row in rows))
    preview(admin, job)
    assert counts(job)["rejected"] == 300
    post(admin, job, "not_an_email|Contact Email", "leave_out")
    post(admin, job, "unknown_country|Contact Phone Country", "values", **{"value-0": "CYP"})
    post(admin, job, "phone_country_missing|Contact Phone Country", "remedy", answer="CYP")
    post(admin, job, "not_a_date|Date of Birth", "leave_out")
    post(admin, job, "unknown_look_up|Contact Classification", "values", **{"value-0": "Gold"})
    assert counts(job)["created"] == 300
    assert job.runs.filter(kind=ImportRun.Kind.CHECK).count() == 1


def test_a_correction_loses_against_another_of_the_same_moment(business_admin):
    job = contacts(business_admin, "C1,Ann,Doe,nowhere,,,,")
    execution.check(job)
    work()
    queue = []
    correcting.correct(job, correcting.set_option("date_order", "dmy"), queue.append)
    with pytest.raises(correcting.CheckChanged):
        correcting.correct(job, correcting.set_option("date_order", "mdy"), queue.append)
