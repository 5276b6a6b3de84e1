"""What another version of the product stored of an import, before an upgrade or a way back.

Each dataclass that is stored as JSON stores all its fields. So keys tell who wrote it: fields that
are missing were not known then and have their defaults; keys that are no fields came later.
"""

from dataclasses import fields


def names(cls):
    return {field.name for field in fields(cls)}


def restored(cls, data):
    """The object that was stored, as far as this version knows its fields."""
    known = names(cls)
    return cls(**{name: value for name, value in data.items() if name in known})


def is_as_stored_now(cls, data):
    return data.keys() == names(cls)


def holds_unknown(cls, data):
    """Whether a later version said something that this one does not understand."""
    return any(data[name] for name in data.keys() - names(cls))
