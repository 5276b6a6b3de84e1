"""Every sentence of ours is marked for translation, and the Greek catalogue has it."""

import ast
import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.template import Template
from django.template.base import Lexer, TokenType
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.text import unescape_string_literal
from django.utils.translation import trim_whitespace

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "el" / "LC_MESSAGES" / "django.po"
APPS = ("crm_import", "entities", "imports")
MODULES = sorted(p for app in APPS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)
TEMPLATES = sorted(p for p in (ROOT / "templates").rglob("*") if p.suffix in (".html", ".txt"))
# {function: where its sentences are among the arguments}
GETTEXT = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "pgettext", "pgettext_lazy"), 1),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%s|%%|\{\w*\}")


def name_of(path):
    return str(path.relative_to(ROOT))


# What the sources say, as [(context or None, sentence or (one, many))]


def said_by_module(path):
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call) or (name := name_of_function(call)) not in GETTEXT:
            continue
        texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        context = texts.pop(0) if name.startswith("pgettext") else None
        if texts:
            yield context, tuple(texts[:2]) if GETTEXT[name] == 2 else texts[0]


def name_of_function(call):
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def said_by_template(path):
    template = Template(path.read_text())
    for node in template.nodelist.get_nodes_by_type((TranslateNode, BlockTranslateNode)):
        if isinstance(node, BlockTranslateNode):
            yield None, sentences_of(node)
        elif isinstance(literal := node.filter_expression.token, str) and literal[0] in "\"'":
            yield None, unescape_string_literal(literal)
    for literal in re.findall(r"""\b_\(("[^"]*"|'[^']*')\)""", path.read_text()):
        yield None, unescape_string_literal(literal)


def sentences_of(node):
    tidy = trim_whitespace if node.trimmed else str
    one = tidy(node.render_token_list(node.singular)[0])
    return (one, tidy(node.render_token_list(node.plural)[0])) if node.plural else one


@pytest.fixture(scope="module")
def said():
    return {
        *(sentence for path in MODULES for sentence in said_by_module(path)),
        *(sentence for path in TEMPLATES for sentence in said_by_template(path)),
    }


@pytest.fixture(scope="module")
def catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="el")


def key_of(message):
    return message.context, tuple(message.id) if message.pluralizable else message.id


def translations_of(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


# The catalogue


def test_the_catalogue_has_every_sentence(said, catalogue):
    known = {key_of(message) for message in catalogue}
    singular = {key[0] if isinstance(key, tuple) else key for _context, key in known}
    missing = {
        (context, said) for context, said in said if (context, said) not in known and said not in singular
    }
    assert not missing, "make messages, and translate them"


def test_the_catalogue_has_no_sentence_that_nobody_says(said, catalogue):
    singular = {key[0] if isinstance(key, tuple) else key for _context, key in said}
    outdated = {key_of(message) for message in catalogue if message.id} - said
    assert not {
        key for key in outdated if (key[1][0] if isinstance(key[1], tuple) else key[1]) not in singular
    }


def test_every_sentence_is_translated(catalogue):
    assert not [m.id for m in catalogue if m.id and (m.fuzzy or not all(translations_of(m)))]


def test_translations_keep_the_placeholders(catalogue):
    wrong = []
    for message in catalogue:
        *_, fullest = message.id if message.pluralizable else (message.id,)
        one, *_ = message.id if message.pluralizable else (message.id,)
        first, *_, last = (*translations_of(message), *translations_of(message))
        allowed = {tuple(sorted(PLACEHOLDER.findall(text))) for text in (one, fullest)}
        placeholders = {tuple(sorted(PLACEHOLDER.findall(text))) for text in (first, last)}
        wrong += [message.id] if placeholders - allowed else []
    assert not wrong


def test_the_compiled_catalogue_is_of_the_written_one(catalogue):
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue:
        if message.pluralizable:
            said = tuple(compiled.ngettext(*message.id, count) for count in (1, 2))
        elif message.context:
            said = (compiled.pgettext(message.context, message.id),)
        else:
            said = (compiled.gettext(message.id),) if message.id else translations_of(message)
        assert said == translations_of(message)


# What is not marked

READ_BY_PEOPLE = ("aria-label", "title", "placeholder", "alt", "data-label")
WORD = re.compile(r"[A-Za-z]{2,}")
# Names, formats and file suffixes.
NOT_TRANSLATED = re.compile(r"\.?\b(csv|xlsx|xls|CRM)\b")


class Unmarked(HTMLParser):
    """Collects what a person reads of a template's own text."""

    def __init__(self):
        super().__init__()
        self.found, self.silent = [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.found += [given[name] for name in READ_BY_PEOPLE if given.get(name)]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.found.append(given.get("value", ""))
        if tag in ("script", "style") or given.get("translate") == "no":
            self.silent.append(tag)

    def handle_endtag(self, tag):
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data):
        if not self.silent:
            self.found.append(data.strip())


def own_text(source):
    """The template without its tags, and without what blocktranslate holds."""
    text, inside = [], False
    for token in Lexer(source).tokenize():
        if token.token_type is TokenType.BLOCK:
            inside = token.contents.startswith("blocktranslate") or (
                inside and not token.contents.startswith("endblocktranslate")
            )
        elif token.token_type is TokenType.TEXT and not inside:
            text.append(token.contents)
    return "".join(text)


def words_in(texts):
    return [text for text in texts if WORD.search(NOT_TRANSLATED.sub("", text))]


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_text_of_a_template_is_left_unmarked(path):
    reader = Unmarked()
    reader.feed(own_text(path.read_text()))
    assert not words_in(reader.found)


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_text_handed_to_an_included_template_is_left_unmarked(path):
    blocks = (t.contents for t in Lexer(path.read_text()).tokenize() if t.token_type is TokenType.BLOCK)
    handed = [value for block in blocks if "include" in block for value in re.findall(r'\w="([^"]*)"', block)]
    assert not [value for value in handed if re.match(r"[A-Z]|\w+ \w+ ", value)]


SENTENCE = re.compile(r"[A-Z][a-z]+ \w+|\w+ \w+.*[.?!]$")
FOR_PROGRAMMERS = {"log", "logger", "logging", "re", "RuntimeError", "LookupError", "NotImplementedError"}
# The operator's tools speak English: settings, the command line. Names of countries are what files hold.
FOR_OPERATORS = {"environment.py", "settings.py", "secret_key.py", "health.py", "management", "world.py"}


def unmarked_sentences(tree):
    silent = {id(part) for node in ast.walk(tree) if is_silent(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in silent else None
        if isinstance(text, str) and SENTENCE.match(text):
            yield text


def is_silent(node):
    """What translates, what no user hears of, and what files hold: sample cells and other names of columns."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.FunctionDef(name="__str__"):
            return True
        case ast.keyword(arg="synonyms") | ast.keyword(arg="help_text", value=ast.Constant()):
            return True
        case ast.Call(func=ast.Name(id="Column")):
            return False
        case ast.Call():
            return name_of_function(node) in GETTEXT or origin_of(node) in FOR_PROGRAMMERS
        case ast.Tuple():
            return all(isinstance(part, ast.Constant) for part in node.elts)
    return False


def origin_of(call):
    """`log` of log.info(…)."""
    function = call.func
    while isinstance(function, ast.Attribute):
        function = function.value
    return getattr(function, "id", "")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_sentence_of_a_module_is_left_unmarked(path, said):
    if FOR_OPERATORS & set(path.relative_to(ROOT).parts):
        return
    tree = ast.parse(path.read_text())
    assert not [text for text in unmarked_sentences(tree) if (None, text) not in said]
