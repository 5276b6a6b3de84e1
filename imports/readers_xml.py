"""The XML inside of a workbook, as it streams by: nothing is kept, however much or deep it is."""

from xml.parsers import expat

from imports.readers_problems import UnreadableFile

BLOCK = 1 << 16
DEEPEST = 100  # workbooks nest about ten elements
LONGEST_TAG = 1 << 20


def parse(source, start, end=None, text=None):
    """Call start(name, attributes), end(name) and text(characters) for what a binary file holds; names are
    without their namespaces. Yields after each block, so that what they collected can be taken."""
    parser, depth = expat.ParserCreate(), 0

    def begin(name, attributes):
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise UnreadableFile("damaged")
        start(local(name), attributes)

    def finish(name):
        nonlocal depth
        depth -= 1
        if end:
            end(local(name))

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, finish, text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    size = 0
    while block := source.read(BLOCK):
        parser.Parse(block)
        size += len(block)
        if size - max(parser.CurrentByteIndex, 0) > LONGEST_TAG:
            raise UnreadableFile("damaged")  # a tag that the parser has to keep until it ends
        yield
    parser.Parse(b"", True)
    yield


def tags(source):
    """Yield (name, attributes) of all elements."""
    found = []
    for _ in parse(source, lambda *tag: found.append(tag)):
        yield from found
        found.clear()


def local(name):
    return name.rpartition(":")[2]


def _refuse_document_type(*_):
    raise UnreadableFile("document_type")
