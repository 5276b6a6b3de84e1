"""Reading pages as a browser would: the fields of a form, as they would be posted."""

from html.parser import HTMLParser


def form_values(html, marker):
    """{name: value} of the form whose tag contains `marker` (such as an address or an id)."""
    reader = _FormReader(marker)
    reader.feed(html)
    assert reader.found, f"no form with {marker}"
    return reader.values


class _FormReader(HTMLParser):
    def __init__(self, marker):
        super().__init__()
        self.marker, self.inside, self.found = marker, False, False
        self.form_id, self.values, self.select = None, {}, None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.inside = self.marker in str(sorted(attributes, key=str))
            self.found |= self.inside
            self.form_id = given.get("id") if self.inside else self.form_id
        elif self.inside or (self.form_id and given.get("form") == self.form_id):
            self.read(tag, given)

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        if tag == "select":
            self.select = None

    def read(self, tag, given):
        kind = given.get("type", "text")
        if tag == "input" and given.get("name") and kind not in ("submit", "button", "file"):
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.values[given["name"]] = given.get("value", "on" if kind == "checkbox" else "")
        elif tag == "select" and given.get("name"):
            self.select = given["name"]
            self.values[self.select] = ""
        elif tag == "option" and self.select and "selected" in given:
            self.values[self.select] = given.get("value", "")
