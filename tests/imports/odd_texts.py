# ruff: noqa: E501
"""Texts and numbers that one database, library or program takes in another way than the next one does.

`ODD` gives them by what is odd about them. NUL is missing: a file that holds one is refused as a whole.
"""

import re

CONTROLS = [chr(code) for code in (*range(1, 32), 127, *range(128, 160))]
NO_CHARACTERS = ["\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"]
UNASSIGNED = ["\u0378", "\u05ff", "\u2fe0", "\U000e0080", "\ue000", "\uf8ff", "\U000f0000", "\U00100000"]
SPACES = [
    chr(code) for code in (0x20, 0xA0, 0x1680, *range(0x2000, 0x2011), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
]
INVISIBLE = [
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u034f",
    "\u180e",
    "\u115f",
    "\u3164",
]
LIMITS = (1, 2, 3, 4, 10, 12, 20, 21, 40, 41, 100, 101, 200, 201, 254, 255, 4000, 4001)

ODD = {
    "control characters": [f"a{control}b" for control in CONTROLS] + ["\x01", "\x1f", "\x7f", "\x85"],
    "half characters": ["\ud800", "a\udfffb", "\udc00\ud800", "\ud83d", "x\ude00"],
    "no characters": [f"a{character}b" for character in NO_CHARACTERS] + ["\uffff"],
    "unassigned and private": [f"a{character}b" for character in UNASSIGNED],
    "spaces": [f"a{space}b" for space in SPACES] + [f"{space}c{space}" for space in SPACES] + ["d  e", "d e", "\ta", "a\nb", "a\r\nb", "a\rb"],
    "invisible": [f"a{mark}b" for mark in INVISIBLE] + [f"{mark}f" for mark in INVISIBLE] + INVISIBLE,
    "composed and decomposed": [
        "\u00e9", "e\u0301", "\u1e69", "s\u0323\u0307", "s\u0307\u0323", "\u212b", "\u00c5", "A\u030a", "\u0301",
        "a" + "\u0301" * 50, "\uac00", "\u1100\u1161", "\u0958", "\u0915\u093c", "\ufb1d", "\u2126", "\u03a9",
        "\uf900", "\u8c48", "\ufb01", "fi", "\u00bd", "1\u20442", "\u1fc1", "\u0385",
    ],
    "letters and their case": [
        "i", "I", "\u0130", "\u0131", "i\u0307", "\u00df", "\u1e9e", "ss", "SS", "\u03c3", "\u03c2", "\u03a3",
        "\u0390", "\u1fd3", "\u03b9\u0308\u0301", "\u0149", "\u01f0", "k", "\u212a", "s", "\u017f", "\u01c4", "\u01c5",
        "\u01c6", "\ufb00", "ff", "\u1e9b", "\u0587", "\u13a0", "\uab70", "\U00010400", "\U00010428",
        "\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2", "\u03bf\u03b4\u03bf\u03c3", "stra\u00dfe", "STRASSE",
    ],
    "look alike": ["\u0391\u0392", "AB", "\u0410\u0412", "\uff21\uff22", "\U0001d400\U0001d401", "\u24b6\u24b7"],
    "directions": [
        "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\u202eabc", "a\u202db\u202c", "\u2066a\u2069",
        "\u200fa", "\u200ea", "\u061ca", "12\u0645 34",
    ],
    "pictures": [
        "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e8\U0001f1fe", "1\ufe0f\u20e3",
        "\U0001f44d\U0001f3fd", "\u2764\ufe0f", "\u2764", "\u2764\ufe0e", "\U0001f3f4\U000e0067\U000e007f",
    ],
    "scripts": [
        "\u6771\u4eac", "\u30c8\u30a6\u30ad\u30e7\u30a6", "\uff84\uff73", "\u0e01\u0e33", "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
        "\u1019\u103c", "\u0b95\u0bcd\u0bb7", "\u10a0", "\u2c00", "\U00012000", "\U00020000", "\u16a0", "\u2800",
    ],
    "numbers": [
        "0", "-0", "007", "+7", "1e5", "1E+05", "1E5", "1e400", "1.5", "1,5", "1.234,5", "1,234.5", "1.234", "1 234",
        ".5", "5.", "NaN", "nan", "Infinity", "-inf", "0x10", "0b1", "1_000", "9" * 15, "9" * 16, "9" * 30, "9" * 99,
        "0." + "1" * 40, "99999999.994", "99999999.999", "3.14159", "-1", "\u0663", "\u096a", "\u00b2", "\u2460",
        "\uff11", "1\u00a0000", "\u2212" + "1", "1/2", "12%", "\u20ac5", "1-2",
    ],
    "numbers of a workbook": [
        0, -1, 7, 1.5, 0.1, 1 / 3, 1e-7, 1e14, 1e15, 1e16, 12345678901234567, 1e22, 1e300, -1e300, 99999999.99, 99999999.994,
        99999999.999, 0.005, 0.015, 1.005, 2.675, True, False,
    ],
    "dates": [
        "2024-02-29", "2023-02-29", "2024-02-30", "0000-00-00", "0001-01-01", "1899-12-31", "1900-01-01", "1900-02-29",
        "2155-12-31", "2156-01-01", "9999-12-31", "10000-01-01", "29/02/2023", "31/12/1999", "12/31/1999", "1/2/3",
        "01/02/2003", "31/12/99", "1.1.2024", "2024-01-01T00:00:00", "2024-01-01 10:00", "\u0662\u0660\u0662\u0664-01-01",
    ],
    "words of programs": [
        "NULL", "null", "None", "nil", "undefined", "true", "FALSE", "N/A", "#N/A", "#REF!", "NA", "-", ".", "\\N", "\\.", "NUL",
        "con", "__class__", "constructor", "id", "pk", "default",
    ],
    "formulas": [
        "=1+1", "+1", "-1+1", "@a", "\t=1", "\r=1", "\uff1d1", "\uff0b1", "'=1", "''=1", "'", "''", "=cmd|'a'!A1", "\n=1",
        "'a", "=", "'-",
    ],
    "marks of languages": [
        "'; DELETE FROM a; --", '" OR 1=1 --', "%", "%s", "%(a)s", "%%", "{}", "{0}", "{a}", "{a.b}", "{{ a }}", "{% a %}",
        "$a", "${a}", "$(a)", "`a`", "\\", "\\\\", "\\0", "\\u0000", "\\ud800", "\\x00", "a\\tb", "%00", '"', '""', "a,b", "a;b",
        "a|b", "[1]", "<b>", "</script>", "&amp;", "&#0;", "]]>", "<!--", "_x0041_", "_x005F_", "_x000", "../../a", "C:\\a", "~",
        "*", "?", "(", "[a-z]+", "(?i)", "$$a$$", "E'a'", "a::text", "--", "/*", "#", ":a", "@@a",
    ],
    "e-mails": [
        "a@example.com", "A@EXAMPLE.com", "a@b", "@example.com", "a@", "\u03ac@example.com", "a@\u03b5\u03bb.example",
        '"a b"@example.com', "a+b@example.com", "a..b@example.com", "a@example.com.", "a@[127.0.0.1]", "a@exam_ple.com",
        "a" * 64 + "@example.com", "a" * 65 + "@example.com", "a@example.com\x7f", "a@\u0130.example",
    ],
    "phones": [
        "+35799123456", "0035799123456", "99123456", "+357 99-12-34-56", "+357 99 123456 ext. 1", "+1", "+99999999999",
        "\uff0b\uff13\uff15\uff17\uff19\uff19\uff11\uff12\uff13\uff14\uff15\uff16", "tel:+35799123456", "\u0669\u0669123456",
    ],
    "lengths": ["x" * limit for limit in LIMITS]
    + [letter * limit for letter in ("\u00df", "\u0390", "\U0001f600", "e\u0301", "\ufdfa", "\u0130") for limit in (100, 101, 200)]
    + ["x" * 32_767, "y z" * 20_000],
}  # fmt: skip
ALL = [odd for group in ODD.values() for odd in group]
NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def as_cell(place, odd):
    """The cell of an .xlsx that holds one of these."""
    if type(odd) is bool:
        return f'<c r="{place}" t="b"><v>{int(odd)}</v></c>'
    if type(odd) is not str:
        return f'<c r="{place}"><v>{odd!r}</v></c>'
    text = odd.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text).replace("\r", "&#13;")
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
