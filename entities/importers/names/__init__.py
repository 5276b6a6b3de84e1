"""What the headers of real files call our columns, as data: one .toml per entity type.

`[names]` gives {column key: {language: names}}, the likeliest first. `filler` are words that add nothing
("Customer City" is "City"), `qualifiers` tell several child records apart ("Home City", "Billing City"):
the columns of a child record are only taken from one of them. `[qualified]` are names that count only
beside such a word ("Billing Code").
"""

import tomllib
from pathlib import Path


def names_for(slug):
    """The keyword arguments of an entity type's Vocabulary."""
    return tomllib.loads((Path(__file__).parent / f"{slug}.toml").read_text(encoding="utf-8"))
