"""A file on its way through the whole product, as people bring it: how long each step takes, how much memory the
product's processes take together, and how quick the pages are meanwhile. A page that times out fails it."""

import time

from tests.product import Deployed

from .memory import Peak

PAUSE = 0.25
LAST = 10**9  # a page's number; who asks for a later one than there is gets the last
READ, CHECKED, ENDED, PREPARED = "data-mapping", "The check is over.", 'id="results"', "Download results"
PATIENCE = 3600  # seconds until a step is given up
COUNT = """
from entities.models import Contact
from imports.models import ImportJob
job = ImportJob.objects.latest("pk")
assert job.created == Contact.objects.filter(code__startswith="B0").count() == {good}, job.counts
"""


def measure(folder, path, good):
    """{"seconds of <step>", "MB", "MB of reading", "<step>: <page>": the slowest visit's milliseconds} of a file
    with so many good contacts."""
    product = Deployed(folder)
    try:
        walk = Walk(product)
        with walk.peak() as peak:
            walk.take(path)
        product.manage("shell", "-v0", "-c", COUNT.format(good=good))
        return walk.figures | {"MB": peak.mb}
    finally:
        product.stop()


class Walk:
    """One person's way with a file. `figures` are what was found so far."""

    def __init__(self, product):
        self.product, self.visitor, self.figures = product, product.visitor(), {}

    def peak(self):
        return Peak(*(process.pid for process in self.product.processes))

    def take(self, path):
        mapping = self.upload(path)
        job = mapping.removesuffix("mapping/")
        with self.peak() as peak:
            self.watch("reading", {"mapping": mapping}, READ)
        self.figures["MB of reading"] = peak.mb
        preview = self.visitor.map(mapping, generate="on")
        self.watch("check", {"mapping": mapping, **pages_of_preview(preview)}, CHECKED)
        self.visit("check", {"created rows, last page": f"{preview}?outcome=created&page={LAST}"})
        self.visitor.start(preview, leave_out="yes")
        self.watch("import", {"import's page": job}, ENDED)
        self.visit("import", pages_of_import(job))
        self.prepare_results(job)

    def upload(self, path):
        began = time.monotonic()
        with path.open("rb") as file:
            mapping = self.visitor.upload("contacts", path.name, file)
        self.figures["seconds of upload"] = time.monotonic() - began
        return mapping

    def prepare_results(self, job):
        prepare = f"{job}results/prepare/"
        is_short = PREPARED in self.visitor.get(job).text  # then they are written when they are downloaded
        if not is_short:
            self.visitor.post(prepare, {"as": "xlsx"}, page=job, marker=prepare)
        self.watch("results", {"import's page": job}, PREPARED)
        self.visit("results", {"file": f"{job}results/"})

    def watch(self, step, pages, end):
        """Visit the list and these pages until the last of them says the words of the step's end."""
        began = time.monotonic()
        pages = {"list of imports": "/import-data/", **pages}
        while end not in self.visit(step, pages).text:
            assert time.monotonic() < began + PATIENCE, f"gave up waiting for the end of: {step}"
            time.sleep(PAUSE)
        self.figures[f"seconds of {step}"] = time.monotonic() - began

    def visit(self, step, pages):
        """Visit each page and note how long it takes to begin to answer; returns the last answer."""
        for page, address in pages.items():
            answer = self.visitor.get(address)
            name, taken = f"{step}: {page}", 1000 * answer.elapsed.total_seconds()
            self.figures[name] = max(self.figures.get(name, 0), taken)
        return answer


def pages_of_preview(preview):
    return {
        "preview, last page": f"{preview}?page={LAST}",
        "rows left out, last page": f"{preview}?outcome=rejected&page={LAST}",
        "preview": preview,
    }


def pages_of_import(job):
    return {
        "failed rows, last page": f"{job}?page={LAST}",
        "a row explained": f"{job}rows/77/",
        "failed-rows file": f"{job}failed-rows/",
        "list of contacts": "/entities/contact/",
    }
