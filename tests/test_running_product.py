"""With the real web server, the real queue worker and real files: from upload to e-mail."""

import signal
import time
from pathlib import Path

import pytest

from tests.pages import form_values
from tests.product import wait_until
from tests.supervised import Contacts, supervised

pytestmark = pytest.mark.cluster

DEMO = Path(__file__).resolve().parent.parent / "fixtures" / "demo"


@pytest.mark.parametrize("format", ["csv", "xlsx", "xls"])
def test_a_file_of_contacts_is_imported_in_the_background_and_told_by_e_mail(product, format):
    visitor = product.visitor()
    content = (DEMO / f"contacts.{format}").read_bytes()
    path = visitor.start_import("contacts", f"contacts.{format}", content, leave_out="yes", generate="on")
    page = visitor.wait_for_end(path)
    number = path.strip("/").rsplit("/", 1)[1]
    assert "Completed" in page
    wait_until(lambda: f"Subject: Import {number} completed" in product.printed(), "the e-mail is sent")
    failed = visitor.get(f"{path}failed-rows/")
    assert f'filename="contacts - failed rows.{format}"' in failed.headers["Content-Disposition"]


def test_incorrect_content_fails_and_can_start_again_without_it(product):
    visitor = product.visitor()
    content = b"Contact Code,First Name,Last Name\nSTART-1,Ann,Sample\nSTART-2,Bob,\n"
    path = visitor.start_import("contacts", "some.csv", content)
    assert "Nothing was imported, because 1 row has incorrect content." in visitor.wait_for_end(path)
    visitor.post(f"{path}leave-out/", page=path)
    assert "Completed" in visitor.wait_for_end(path)


def test_an_import_survives_the_death_of_its_worker(product):
    visitor = product.visitor()
    rows = "".join(f"DEATH-{number},Ann,Sample {number}\n" for number in range(30_000))
    content = b"Contact Code,First Name,Last Name\n" + rows.encode()
    path = visitor.start_import("contacts", "many.csv", content, leave_out="yes")
    wait_until(lambda: "importing" in visitor.get(path).text.lower(), "the import has begun")
    product.kill_worker()
    product.start_worker()

    def is_over():
        product.sweep()
        return "In Progress" not in visitor.get(path).text

    wait_until(is_over, "another worker has finished the import")
    page = visitor.get(path).text
    assert "Completed" in page
    assert "30,000 created" in page


def test_an_undo_survives_the_death_of_its_worker(product):
    visitor = product.visitor()
    rows = "".join(f"UNDONE-{number},Ann,Sample {number}\n" for number in range(10_000))
    content = b"Contact Code,First Name,Last Name\n" + rows.encode()
    path = visitor.start_import("contacts", "wrong.csv", content, leave_out="yes")
    assert "10,000 created" in visitor.wait_for_end(path)
    wait_until(lambda: "undo/start/" in visitor.get(f"{path}undo/").text, "it is known what undo would do")
    visitor.post(f"{path}undo/start/", page=f"{path}undo/")
    product.kill_worker()
    product.start_worker()

    def is_over():
        product.sweep()
        return "contacts deleted" in visitor.get(path).text

    wait_until(is_over, "another worker has finished the undo")
    assert "10,000 contacts deleted." in visitor.get(path).text


def test_a_cluster_that_lives_but_runs_nothing_is_noticed_and_replaced(product):
    """It does when an idle worker was killed: the others wait for ever for the place in line that it held."""
    with supervised(product) as worker:
        deaf = worker.main
        worker.kill_idle_worker()
        job = Contacts(product, product.visitor(), "DEAF", 3_000)
        job.wait_for_end()
        assert worker.main != deaf
    assert (job.state(), *job.lost_and_doubled()) == ("completed", 0, 0)


def test_a_worker_that_is_told_to_end_does_so_within_its_grace_and_the_next_goes_on(product):
    visitor = product.visitor()
    with supervised(product) as worker:
        job = Contacts(product, visitor, "GRACE", 30_000)
        job.wait_until_rows_are_written()
        began, everything = time.monotonic(), worker.everything()
        worker.send_to_everything(signal.SIGTERM)
        assert worker.process.wait(30) == 0
        assert time.monotonic() - began < 15
        assert len(everything) >= 6
        assert not worker.everything()
        assert job.state() == "in_progress"
    job.wait_for_end()
    assert (job.state(), *job.lost_and_doubled()) == ("completed", 0, 0)


def test_an_upload_that_does_not_say_how_long_it_is_lands_nowhere(product):
    """Browsers always say it; a body in chunks without end must not fill the disk."""
    visitor = product.visitor()
    draft = visitor.path(visitor.post("/import-data/new/", {"entity_type": "contacts"}, marker="post"))
    token = form_values(visitor.get(draft).text, "multipart")["csrfmiddlewaretoken"]
    part = 'Content-Disposition: form-data; name="file"; filename="endless.csv"'
    sent = []

    def body():
        yield f"--limit\r\n{part}\r\n\r\n".encode()
        for number in range(200):
            sent.append(number)
            yield b"x" * 100_000
        yield b"\r\n--limit--\r\n"

    answer = visitor.session.post(
        product.address + draft,
        data=body(),
        headers={
            "Content-Type": "multipart/form-data; boundary=limit",
            "X-CSRFToken": token,
            "Referer": product.address + draft,
        },
        timeout=60,
    )
    assert sent
    assert answer.url.endswith(draft)
    assert "No file was chosen." in answer.text
    assert b"x" * 1000 not in b"".join(kept.read_bytes() for kept in product.folder.rglob("source*"))
