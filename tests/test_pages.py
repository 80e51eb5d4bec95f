"""The published pages in a real browser, with every request that leaves the site blocked."""

import functools
import importlib
import inspect
import os.path
import time
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from conftest import ROOT, SITE
from in_page import faults

import convlib

# what a reader sees of the explorers in a box of widgets: their HTML and the pixels of their canvases
DRAWN = """(box) => [...box.querySelectorAll(".convlib-explorer")].map((explorer) =>
    [explorer.innerHTML, ...[...explorer.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL())])"""
# the sidebar has slid in or out, and what can be scrolled now has a place in the order of Tab
AT_REST = """(width) => innerWidth === width
    && !document.getAnimations().some((animation) => animation instanceof CSSTransition)
    && [...document.querySelectorAll("pre, .cell_output > .output")].every(
        (box) => box.scrollWidth <= box.clientWidth || box.tabIndex === 0)"""
# Half of a page's elements are words of code. Those of one class, inside elements of the same classes, look
# alike, so that to ask one of a kind is enough.
MELT_TOKENS = """() => {
  const kinds = new Set();
  for (const token of document.querySelectorAll(".highlight pre span")) {
    let kind = "";
    for (let element = token; element; element = element.parentElement) kind += element.className + "/";
    if (kinds.has(kind)) token.replaceWith(...token.childNodes);
    kinds.add(kind);
  }
}"""
PATIENCE = 3  # seconds


def chapters():
    """Return the pages that _toc.yml names, as addresses relative to the site's root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [f"{name}.html" for name in [toc["root"], *listed]]


CHAPTERS = chapters()
PAGES = [*CHAPTERS, "search.html"]


class PageReader(HTMLParser):
    """Collects what the static tests ask of a page: links, anchors, images, the terms it defines."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.images = [], set(), []
        self.terms, self.term = {}, None  # text by anchor; the anchor of the one that is being read
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors.update(found[name] for name in ("id", "name") if found.get(name))
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        if tag == "img":
            self.images.append(found)
        if tag == "dt":
            self.term = found.get("id")

    def handle_endtag(self, tag):
        if tag == "dt":
            self.term = None

    def handle_data(self, data):
        if self.term:
            self.terms[self.term] = self.terms.get(self.term, "") + data


@functools.cache
def read_page(path):
    return PageReader(path)


def wait_for_change(read, before):
    """Return whether ``read()`` comes to differ from ``before`` within a reader's patience."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if read() != before:
            return True
        time.sleep(0.02)
    return False


def press(control, key):
    """Press a key on a control; return whether what its explorer draws has changed."""
    box = control.locator("xpath=ancestor::div[@class='widgets']")
    before = box.evaluate(DRAWN)
    control.focus()
    control.page.keyboard.press(key)
    return wait_for_change(lambda: box.evaluate(DRAWN), before)


def sliders(page):
    return page.locator(".widgets .noUi-target:not([disabled]) .noUi-handle:visible").all()


def dropdowns(page):
    return page.locator(".widgets select:enabled:visible").all()


def play_buttons(page):
    return page.locator(".widgets .widget-play button:enabled:visible:first-of-type").all()


def move_slider(handle):
    at_the_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    return press(handle, "ArrowLeft" if at_the_end else "ArrowRight")


def move_dropdown(select):
    at_the_end = select.evaluate("(select) => select.selectedIndex === select.options.length - 1")
    return press(select, "ArrowUp" if at_the_end else "ArrowDown")


def use_controls(page):
    """Press a key on every control of the page's explorers; each has to change what is drawn."""
    for handle in sliders(page):
        assert move_slider(handle), f"slider {handle.get_attribute('aria-label')!r} changes nothing"
    for select in dropdowns(page):
        assert move_dropdown(select), (
            f"dropdown {select.evaluate('(s) => s.labels[0]?.textContent')!r} changes nothing"
        )
    for reset in page.get_by_role("button", name="Reset").all():
        reset.press("Enter")  # where the sliders are now, there may be a single window and nothing to play
    for button in play_buttons(page):
        assert press(button, "Space"), "Play changes nothing"
        page.keyboard.press("Space")


def test_the_recorder_sees_a_request_that_leaves(open_page):
    recorder = open_page()
    recorder.page.set_content('<img alt="" src="http://example.invalid/picture.png">')
    assert recorder.outside == ["http://example.invalid/picture.png"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_under_a_strict_policy(path, open_page, strict_site_below):
    """Each control answers the keyboard; nothing sticks out of either width; axe-core likes either theme."""
    recorder = open_page(theme="dark", width=360)
    page = recorder.open(strict_site_below + path)
    use_controls(page)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.evaluate(MELT_TOKENS)
    for theme, width in (("dark", 360), ("light", 1280)):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("(theme) => document.documentElement.dataset.theme === theme", arg=theme)
        page.wait_for_function(AT_REST, arg=width)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        found = faults(page)
        assert not found, "\n".join([theme, *found])
    recorder.assert_clean()


def test_the_address_of_the_book_leads_to_its_first_page(open_page, strict_site_below):
    page = open_page().page
    page.goto(strict_site_below)
    page.wait_for_url(strict_site_below + CHAPTERS[0])


def test_paper_is_light_whatever_the_screen_is(open_page, site):
    page = open_page(theme="dark").open(site + CHAPTERS[0])
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    assert page.evaluate(f"dispatchEvent(new Event('beforeprint')), {theme}") == "light"
    assert page.evaluate(f"dispatchEvent(new Event('afterprint')), {theme}") == "dark"


@pytest.mark.parametrize("path", [path for path in CHAPTERS if (ROOT / path).with_suffix(".ipynb").exists()])
def test_without_javascript_each_explorer_has_a_still(path, open_page, site):
    page = open_page(java_script_enabled=False).page
    page.goto(site + path)
    views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    stills = page.locator(".text_html noscript")
    assert views > 0
    assert stills.count() == views
    for still in stills.all():
        assert still.locator("p, table").first.is_visible()
        assert len(still.inner_text()) > 100


def test_a_phone_a_sixth_as_fast_gets_there_without_an_error(open_page, site):
    recorder = open_page(width=360)
    session = recorder.page.context.new_cdp_session(recorder.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    recorder.open(site + next(path for path in CHAPTERS if path.endswith("padding.html")))
    recorder.page.wait_for_timeout(1000 * PATIENCE)
    recorder.assert_clean()
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})


@pytest.mark.parametrize("path", PAGES)
def test_no_link_within_the_site_is_dead(path, built_site):
    dead = []
    for link in read_page(built_site / path).links:
        address = urlsplit(link)
        if address.scheme or address.netloc:
            continue
        target = built_site / path
        if address.path:
            target = built_site / os.path.normpath(os.path.join(os.path.dirname(path), unquote(address.path)))
        if not target.is_file() or (
            address.fragment
            and target.suffix == ".html"
            and unquote(address.fragment) not in read_page(target).anchors
        ):
            dead.append(link)
    assert not dead


@pytest.mark.parametrize("path", PAGES)
def test_every_image_says_what_it_shows(path, built_site):
    images = read_page(built_site / path).images
    # Sphinx's own alternative text is the file's name
    silent = [image["src"] for image in images if image.get("alt") in (None, image["src"])]
    # only the logo, whose link already says the book's title, may have nothing to add
    silent += [
        image["src"]
        for image in images
        if image.get("alt") == "" and "logo" not in (image.get("class") or "")
    ]
    assert not silent


def test_every_built_page_is_in_the_contents(built_site):
    built = {path.relative_to(SITE).as_posix() for path in (built_site / "book").rglob("*.html")}
    assert built == set(CHAPTERS)


@pytest.mark.parametrize("module", convlib.MODULES)
def test_every_public_name_is_documented_the_way_it_is_called(module, built_site):
    terms = {}
    for path in (built_site / "book" / "api").glob("*.html"):
        terms |= read_page(path).terms
    home = importlib.import_module(f"convlib.{module}")
    for name in home.__all__:
        shown = terms[f"convlib.{module}.{name}"].strip().removeprefix("class").strip().removesuffix("#")
        if callable(getattr(home, name)):
            defined = {}
            exec(f"def {shown if '(' in shown else shown + '()'}: pass", vars(home).copy(), defined)
            assert inspect.signature(defined[name]) == inspect.signature(getattr(home, name))
        else:
            assert shown == name


@pytest.mark.parametrize(
    "names",
    [
        "pointwise 逐点 1x1",
        "depthwise 逐通道 深度卷积",
        "dilated 空洞 膨胀 扩张",
        "depth 深度",
        "group 分组",
        "transposed 转置",
    ],
)
def test_the_search_finds_a_term_by_each_of_its_names(open_page, site, names):
    for name in names.split():
        page = open_page().open(f"{site}search.html?q={name}")
        page.locator("#search-results a", has_text="Glossary").first.wait_for()


def test_the_search_finds_a_function_by_its_name(open_page, site):
    page = open_page().open(f"{site}search.html?q=largest_padding")
    found = page.locator("#search-results a", has_text="convlib.shapes.largest_padding").first
    assert found.get_attribute("href").endswith("book/api/shapes.html#convlib.shapes.largest_padding")
