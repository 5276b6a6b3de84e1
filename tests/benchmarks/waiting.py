"""How long somebody waits behind an upload: the whole product, and a browser's part in it."""

import time

from tests.pages import form_values
from tests.product import Deployed

BOUNDARY = "the-end-of-a-part"
BLOCK = 1 << 16


def measure(folder, path):
    """(seconds from the last byte of the upload of the file until step 3 is there, the page of step 3)."""
    product = Deployed(folder)
    try:
        return measured(product.visitor(), path)
    finally:
        product.stop()


def measured(visitor, path):
    address = visitor.path(visitor.post("/import-data/new/", {"entity_type": "contacts"}, marker="post"))
    upload = Upload(path, form_values(visitor.get(address).text, "multipart")["csrfmiddlewaretoken"])
    answer = visitor.session.post(
        visitor.product.address + address,
        data=upload,
        headers={"Referer": visitor.product.address, "Accept": "application/json"} | upload.headers,
        timeout=60,
    )
    page = visitor.get(answer.json()["next"])
    return time.perf_counter() - upload.sent_at, page.text


class Upload:
    """The body of an upload, block by block as a browser sends it: nobody holds it in memory. `sent_at` is
    when the last block was on its way."""

    def __init__(self, path, token):
        fields = f"{part('csrfmiddlewaretoken')}\r\n{token}\r\n"
        file = part(f'file"; filename="{path.name}') + "Content-Type: application/octet-stream\r\n\r\n"
        self.path, self.begin, self.end = path, (fields + file).encode(), f"\r\n--{BOUNDARY}--\r\n".encode()
        self.headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

    def __len__(self):
        return len(self.begin) + self.path.stat().st_size + len(self.end)

    def __iter__(self):
        yield self.begin
        with self.path.open("rb") as file:
            yield from iter(lambda: file.read(BLOCK), b"")
        yield self.end
        self.sent_at = time.perf_counter()


def part(name):
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n'
