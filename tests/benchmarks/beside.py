"""How quick pages are while nothing runs, and while two imports do: the whole product, with its own times."""

import time
from statistics import quantiles

from tests.product import Deployed

SECONDS_IDLE, PAUSE = 10, 0.05


def measure(folder, path):
    """95th percentiles in milliseconds of the list and of an import's page, {page: (idle, beside imports)}."""
    product = Deployed(folder)
    try:
        return measured(product, path.read_bytes())
    finally:
        product.stop()


def measured(product, content):
    visitor = product.visitor()
    first = visitor.start_import("contacts", "small.csv", head(content), leave_out="yes", generate="on")
    visitor.wait_for_end(first)
    ends = time.monotonic() + SECONDS_IDLE
    idle = watch(visitor, first, lambda: time.monotonic() < ends)
    started = [
        visitor.start_import("contacts", f"{n}.csv", other_keys(content, n), leave_out="yes", generate="on")
        for n in (b"X", b"Y")
    ]
    busy = watch(visitor, started[0], lambda: any("In Progress" in visitor.get(one).text for one in started))
    return {page: {"idle": p95(idle[page]), "beside imports": p95(busy[page])} for page in idle}


def watch(visitor, path, goes_on):
    """{page: [seconds of each visit]} while it goes on."""
    pages, rounds = {"list of imports": "/import-data/", "an import's page": path}, 0
    taken = {name: [] for name in pages}
    while rounds % 20 or goes_on():
        for name, address in pages.items():
            taken[name].append(visitor.get(address).elapsed.total_seconds())
            time.sleep(PAUSE)
        rounds += 1
    return taken


def head(content):
    return b"\n".join(content.split(b"\n")[:200])


def other_keys(content, letter):
    """The same file with keys of its own."""
    return content.replace(b",B0", b"," + letter + b"0")


def p95(seconds):
    return 1000 * quantiles(seconds, n=20)[-1]
