"""How an app declares an entity type: one class feeds mapping page, check, import, samples and manual.

`imports` discovers `<app>/importers.py` as the admin discovers admin.py; there, subclasses of
Importer are registered with `@register`. Declarations mark their words with gettext_noop; here
they are translated, but for the names of columns, which are the same in the ledger of everybody.
"""

from dataclasses import dataclass
from functools import cached_property

from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext, gettext_lazy

from .fields import Field, LookUp, Reference
from .mapping import CLEAR, FILL
from .names import Vocabulary
from .problems import CATALOGUE

_registry = {}


def register(importer_class):
    _registry[importer_class.slug] = importer_class()
    CATALOGUE.update(importer_class.causes)
    return importer_class


def unregister(slug):
    del _registry[slug]


def discover():
    autodiscover_modules("importers")


def importers():
    """Every entity type, in the order in which data moves from another system."""
    return sorted(_registry.values(), key=lambda importer: (importer.order, importer.slug))


def importer_for(slug):
    return _registry[slug]


@dataclass(frozen=True, eq=False)
class Column:
    """What an entity type accepts under one name.

    `attribute` is the model's field; `record` names the child record that has it, such as
    "address". `examples` are the cells of the three sample rows. `unique` names the model's key
    field when no two records may share the value. `stored` is False for what only serves others.
    `needed_unless` names a column: this one must be mapped when that one is not. `changes` is False for
    what an update cannot change. A bad cell of a column that `may_be_left_out` can be ignored, and the
    rest of its row imported.
    """

    name: str
    field: Field
    attribute: str
    examples: tuple = ("", "", "")
    record: str = ""
    required: bool = False
    help: str = ""
    synonyms: tuple = ()
    unique: str = ""
    stored: bool = True
    needed_unless: str = ""
    changes: bool = True
    may_be_left_out: bool = False

    def __post_init__(self):
        object.__setattr__(self, "help", gettext_lazy(self.help) if self.help else "")

    @cached_property
    def key(self):
        """The column's name in mappings and rows: "address.town"."""
        return f"{self.record}.{self.attribute}" if self.record else self.attribute

    @property
    def label(self):
        """What people read; the name itself is the same in every language and stands in the ledger."""
        return gettext(self.name)

    @cached_property
    def attname(self):
        return f"{self.attribute}_id" if isinstance(self.field, Reference) else self.attribute


@dataclass(frozen=True)
class Remedy:
    """What may be asked to put all rows of a cause right: a value for a `column`, named by its key.
    `for_each` asks it once per value that the problem names, else one value holds for all rows.
    `choices` are [(value, words)]. `blames` is the column whose cell can be wrong instead, where
    that is not the one in which the problem stands: it is the one that is left out."""

    question: str
    column: str
    blames: str = ""
    for_each: bool = False
    choices: tuple = ()


@dataclass(frozen=True)
class Child:
    """Records of their own that hang on the main one: `parent` is their foreign key, `key` the
    fields that tell a parent's children apart, `defaults` their values when blank, `required` what
    a new one cannot do without."""

    model: type
    parent: str
    key: tuple
    defaults: dict
    required: tuple = ()


class Importer:
    """The declaration of one entity type. Subclasses set the attributes and may add rules.

    `causes` are the problems that only its rules find, as in problems.CATALOGUE, `remedies` what puts
    such a problem right, {its code: Remedy}. `fetch` are fields of related records that its rules need
    of a stored one, such as "type__classification". `vocabulary` are further names that the headers of
    files have for its columns. `alike` are the columns by which a row without a key is recognised as a
    record that is there already; `called` those that say to a person whom a row is about.
    """

    slug = ""
    title = ""
    purpose = ""
    icon = "upload_file"
    order = 100
    model = None
    key = ""
    columns = ()
    children = {}
    updates = True
    causes = {}
    remedies = {}
    fetch = ()
    vocabulary = Vocabulary()
    alike = ()
    called = ()

    def __init__(self):
        self.title, self.purpose = gettext_lazy(self.title), gettext_lazy(self.purpose)
        for column in self.columns:
            if column.stored:
                column.field.for_model_field(self.model_field(column))

    def new_key(self):
        """A key for a record whose key cell is blank, or None when the file must give it."""
        return None

    def comparable(self, key, values):
        """What the alike column `key` is compared by, of a row's values; None when they do not say."""
        return values.get(key)

    def complete(self, row):
        """Fill in what can be derived and report problems across cells; see validation.Row."""

    def already_there(self, row):
        """Report what is wrong with a row whose record exists and is not to be updated."""

    @cached_property
    def by_key(self):
        return {column.key: column for column in self.columns}

    @cached_property
    def by_name(self):
        return {column.name.casefold(): column for column in self.columns}

    @property
    def key_column(self):
        return self.by_key[self.key]

    @property
    def required(self):
        """The columns that must be mapped or fixed before a record can be created."""
        return [column for column in self.columns if column.required]

    def needed(self, update, fed=()):
        """The columns that an import cannot do without when `fed` are mapped or fixed."""
        if update and self.updates:
            return [self.key_column]
        return [c for c in self.columns if c.required or (c.needed_unless and c.needed_unless not in fed)]

    def model_field(self, column):
        model = self.children[column.record].model if column.record else self.model
        return model._meta.get_field(column.attribute)

    def policies(self, column):
        """What an update can do with a stored value besides overwriting it: FILL, CLEAR, both or nothing."""
        is_key = column.key == self.key or (
            column.record and column.attribute in self.children[column.record].key
        )
        if is_key or not (self.updates and column.stored and column.changes):
            return ()
        return (FILL, CLEAR) if self.model_field(column).blank else (FILL,)

    def left_out_with(self, column):
        """The columns whose cells are ignored with a bad one of `column`, [] when it may not be: a
        child record is left out as a whole when it cannot do without it."""
        if not column.may_be_left_out:
            return []
        if column.record and column.attribute in self.children[column.record].required:
            return [other for other in self.columns if other.record == column.record]
        return [column]

    @cached_property
    def look_ups(self):
        """The columns whose missing names an import may generate."""
        return [column for column in self.columns if isinstance(column.field, LookUp)]

    @property
    def noun(self):
        return self.model._meta.verbose_name

    @property
    def nouns(self):
        return self.model._meta.verbose_name_plural

    def permissions(self, update=False, generate=False, look_ups=()):
        """The rights that an import with these options takes, as "app.codename"."""
        models = [("add", self.model)]
        models += [("change", self.model)] if update else []
        for child in self.children.values():
            models += [("add", child.model)] + ([("change", child.model)] if update else [])
        models += [("add", column.field.model) for column in look_ups] if generate else []
        return codenames(models)

    def undo_permissions(self, created, updated, labels=()):
        """The rights that undoing takes: `created` and `updated` say whether there are such records, `labels`
        name the models of the generated look-ups."""
        models = [self.model, *(child.model for child in self.children.values())]
        needed = [("delete", model) for model in models if created or model is not self.model]
        needed += [("change", model) for model in models] if updated else []
        look_ups = {column.field.model for column in self.look_ups}
        needed += [("delete", model) for model in look_ups if model._meta.label in labels]
        return sorted(codenames(needed))


def codenames(needed):
    """[(action, model)] as "app.codename"."""
    return [f"{model._meta.app_label}.{action}_{model._meta.model_name}" for action, model in needed]
