"""What no page may have in any of its looks: a barrier that axe finds, or a width that scrolls sideways."""

from axe_playwright_python.sync_playwright import Axe

WIDE, NARROW = 1280, 320
CRITERIA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
ALL_BUT_COLOURS = {**CRITERIA, "rules": {"color-contrast": {"enabled": False}}}
WEAR = """isDark => {
    document.documentElement.classList.toggle("dark", isDark);
    for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
}"""


def barriers(page):
    """[(look, rule, element)] of the page as it stands: wide in light and, as the themes differ in colours alone,
    those in dark; then narrow, which it stays."""
    page.wait_for_function("!document.documentElement.hasAttribute('x-cloak')")  # the theme's scripts ran
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.mouse.move(WIDE / 2, 0)  # off what the theme colours where the pointer is
    found = violations(page, "wide, light", CRITERIA)
    wear(page, "dark")
    found += violations(page, "wide, dark", COLOURS)
    wear(page, "light")
    return found + barriers_when_narrow(page)


def barriers_when_narrow(page):
    page.set_viewport_size({"width": NARROW, "height": 900})
    found = violations(page, "narrow", ALL_BUT_COLOURS)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(("narrow", "scrolls sideways", page.url))
    return found


def barriers_of(open_page, paths, find=barriers, **options):
    """{path: its barriers} of the pages that have any, visited one after the other as one visitor does."""
    page, found = open_page(paths[0], **options), {}
    for path in paths:
        page.goto(path)
        if barred := find(page):
            found[path] = barred
    return found


def wear(page, theme):
    """Give the page the theme as the switch in its menu does."""
    page.emulate_media(color_scheme=theme)
    page.evaluate(WEAR, theme == "dark")


def violations(page, look, rules):
    found = Axe().run(page, options={**rules, "resultTypes": ["violations"]}).response["violations"]
    return [(look, rule["id"], node["html"]) for rule in found for node in rule["nodes"]]
