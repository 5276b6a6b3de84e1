"""Many people at once: twenty watch and five upload while two imports of 50,000 rows run."""

import os
import re
import threading
import time
from collections import defaultdict
from copy import copy
from itertools import count, cycle

import pytest

from tests.product import PASSWORD, Deployed

SECONDS = int(os.environ.get("STRESS_LOAD_SECONDS", "180"))
ROWS = int(os.environ.get("STRESS_LOAD_ROWS", "50000"))
WATCHING, UPLOADING, IMPORTING = 20, 5, 2
HEADER = "Contact Code,First Name,Last Name,Contact Email\n"
UPLOADERS = f"""
from django.contrib.auth.models import Group, User
for number in range({UPLOADING}):
    user = User.objects.create_user(f"uploader{{number}}", password={PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get(name="Business admin"))
"""


@pytest.fixture
def deployed(tmp_path):
    """The product as it is deployed: its own times, two web processes of eight threads."""
    running = Deployed(tmp_path)
    yield running
    running.stop()


class Load:
    """What people do until the time is over, and how long each page took."""

    def __init__(self, product, seconds):
        self.product, self.numbers = product, count()
        self.answers, self.broken, self.paths = defaultdict(list), [], []
        names = ["business", *(f"uploader{number}" for number in range(UPLOADING))]
        self.signed_in = {name: product.visitor(name) for name in names}
        self.deadline = time.monotonic() + seconds

    @property
    def goes_on(self):
        return time.monotonic() < self.deadline

    def visitor(self, name):
        """One of several at the same account, with connections of its own."""
        visitor = copy(self.signed_in[name])
        visitor.session = self.product.session()
        visitor.session.cookies.update(self.signed_in[name].session.cookies)
        visitor.session.hooks["response"].append(self.note)
        return visitor

    def note(self, answer, **_):
        page = re.sub(r"\d+", "N", answer.request.path_url.partition("?")[0])
        self.answers[f"{answer.request.method} {page}"].append(answer.elapsed.total_seconds())
        if answer.status_code >= 500:
            self.broken.append(f"{answer.status_code} {answer.url}")

    def rows(self, how_many):
        prefix = f"LOAD-{next(self.numbers)}"
        rows = (f"{prefix}-{n},Ann,Sample {n},{prefix}-{n}@example.com\n" for n in range(how_many))
        return (HEADER + "".join(rows)).encode()

    def import_all_the_time(self, name):
        visitor = self.visitor(name)
        while self.goes_on:
            path = visitor.start_import("contacts", "many.csv", self.rows(ROWS), leave_out="yes")
            self.paths.append(path)
            while "In Progress" in visitor.get(path).text:
                time.sleep(2)

    def watch(self, name):
        visitor = self.visitor(name)
        pages = cycle(["progress/", "progress/", "progress/", "", None, "/entities/contact/"])
        while self.goes_on:
            page, path = next(pages), self.paths[-1] if self.paths else "/import-data/"
            if page is None or path == "/import-data/":
                visitor.get("/import-data/")
            else:
                visitor.get(page if page.startswith("/") else path + page)
            time.sleep(1)

    def upload(self, name):
        visitor = self.visitor(name)
        while self.goes_on:
            draft = visitor.path(
                visitor.post("/import-data/new/", {"entity_type": "contacts"}, marker="post")
            )
            visitor.post(draft, files={"file": ("some.csv", self.rows(500))}, marker="multipart")
            visitor.get(draft.replace("upload", "preview"))
            time.sleep(5)

    def run(self):
        people = [(self.import_all_the_time, "business") for _ in range(IMPORTING)]
        people += [(self.watch, "business") for _ in range(WATCHING)]
        people += [(self.upload, f"uploader{number}") for number in range(UPLOADING)]
        threads = [threading.Thread(target=self.keep, args=one) for one in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def keep(self, do, name):
        try:
            do(name)
        except Exception as error:
            self.broken.append(f"{do.__name__}: {error!r}")

    def latencies(self):
        """[(page, count, p50, p95, longest)] in milliseconds, the most frequent first."""
        for page, seconds in sorted(self.answers.items(), key=lambda item: -len(item[1])):
            ordered = sorted(1000 * one for one in seconds)
            at = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 1))
            yield page, len(ordered), *map(round, at)


def test_pages_answer_while_imports_run(deployed, report):
    deployed.manage("shell", "-v0", "-c", UPLOADERS)
    load = Load(deployed, SECONDS)
    load.run()
    requests = sum(map(len, load.answers.values()))
    for page, times, *milliseconds in load.latencies():
        report(page, times, 0, 0, "p50 {} ms, p95 {} ms, longest {} ms".format(*milliseconds))
    imports = f"{len(load.paths)} imports of {ROWS:,} rows begun"
    report("20 watch, 5 upload, 2 import", requests, load.broken, 0, imports)
    assert load.broken == []
    assert "database is locked" not in deployed.printed()
    last = deployed.visitor()
    ended = [last.get(path).text for path in load.paths]
    assert [
        path for path, page in zip(load.paths, ended, strict=True) if f"{ROWS:,} created" not in page
    ] == []
