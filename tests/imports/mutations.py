"""Files that were sound before something happened to them, made from a random generator."""

import io
import re
import struct
import zipfile

ODD_VALUES = [
    b"",
    b"-1",
    b"0",
    b"1e99",
    b"NaN",
    b"99999999999999999999",
    b"A0",
    b"XFD1048577",
    b"e",
    b"s",
    b"&#0;",
    b"\xff",
]
ODD_BYTES = [
    b'"',
    b"'",
    b",",
    b"\0",
    b"\r",
    b"\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"=",
    b"sep=;\n",
    b"\t",
    b"\x1a",
]
AN_ATTRIBUTE = re.compile(rb'="([^"]*)"')
A_TAG = re.compile(rb"<[^<>]+>")


def mutated(data, chance):
    """Return the bytes of a file after one or several of the things that can happen to its kind."""
    kinds = [flip_bytes, cut_off, repeat_a_piece]
    if data.startswith(b"PK"):
        kinds = [
            flip_bytes,
            cut_off,
            flip_in_a_part,
            swap_parts,
            change_values,
            change_tags,
            change_tags,
            drop_a_part,
        ]
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        kinds = [flip_bytes, cut_off, change_records, change_records, change_records, repeat_a_piece]
    else:
        kinds += [insert_odd_bytes, insert_odd_bytes]
    return chance.choice(kinds)(data, chance)


def flip_bytes(data, chance):
    changed = bytearray(data)
    for _ in range(chance.choice([1, 5, 50])):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut_off(data, chance):
    return data[: chance.randrange(len(data))]


def repeat_a_piece(data, chance):
    first, last = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:last] + data[first:last] + data[last:]


def insert_odd_bytes(data, chance):
    place = chance.randrange(len(data))
    return data[:place] + chance.choice(ODD_BYTES) + data[place:]


# Parts of a package


def with_parts(change):
    def mutate(data, chance):
        try:
            source = zipfile.ZipFile(io.BytesIO(data))
            parts = {name: source.read(name) for name in source.namelist()}
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
            return flip_bytes(data, chance)
        change(parts, chance)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return target.getvalue()

    return mutate


def a_part(parts, chance):
    """A part that matters to the reader, more often than not."""
    matters = [
        name for name in parts if re.search(r"sheet\d*\.xml$|sharedStrings|workbook\.xml|styles", name)
    ]
    return chance.choice(matters if matters and chance.random() < 0.8 else list(parts))


@with_parts
def flip_in_a_part(parts, chance):
    name = a_part(parts, chance)
    if parts[name]:
        parts[name] = flip_bytes(parts[name], chance)


@with_parts
def swap_parts(parts, chance):
    one, other = chance.choice(list(parts)), chance.choice(list(parts))
    parts[one], parts[other] = parts[other], parts[one]


@with_parts
def drop_a_part(parts, chance):
    del parts[a_part(parts, chance)]


@with_parts
def change_values(parts, chance):
    name = a_part(parts, chance)
    found = list(AN_ATTRIBUTE.finditer(parts[name]))
    for place in sorted(chance.sample(found, min(len(found), 3)), key=lambda match: -match.start()):
        first, last = place.span(1)
        parts[name] = parts[name][:first] + chance.choice(ODD_VALUES) + parts[name][last:]


@with_parts
def change_tags(parts, chance):
    name = a_part(parts, chance)
    found = list(A_TAG.finditer(parts[name]))
    if not found:
        return
    one, other = chance.choice(found), chance.choice(found)
    instead = chance.choice([b"", one[0] * 2, other[0], other[0] * 1000])
    parts[name] = parts[name][: one.start()] + instead + parts[name][one.end() :]


# Records of an .xls


def change_records(data, chance):
    """Change code, length or contents of records, which follow each other from the first sector."""
    changed, places = bytearray(data), []
    place = data.find(b"\x09\x08\x10\x00")
    while 0 <= place < len(data) - 4 and len(places) < 5000:
        places.append(place)
        place += 4 + struct.unpack_from("<H", data, place + 2)[0]
    for place in chance.sample(places, min(len(places), 3)):
        what = chance.randrange(3)
        if what < 2:
            struct.pack_into(
                "<H", changed, place + 2 * what, chance.choice([0, 1, 10, 255, 0x3C, 0xFC, 0xFFFF])
            )
        else:
            changed[place + 4 : place + 8] = chance.choice([bytes(4), b"\xff" * 4, b"\x00\x00\xff\xff"])
    return bytes(changed[: len(data)])
