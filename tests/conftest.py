"""The built site on a local server, one Chromium for the run, and pages that note what goes wrong."""

import os
import sys
import threading
from pathlib import Path

import numba
import pytest

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tools"))

from find_browser import find_browser  # noqa: E402
from serve import SiteHandler, make_server  # noqa: E402

CHROMIUM_FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CHROMIUM_FLAGS += ["--disable-component-update", "--disable-sync"]
# no other host is found
CHROMIUM_FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]
OWN = ("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:")
# inline scripts and styles are the theme's; blob: is how anywidget imports an explorer
STRICT_POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self' data:; img-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' blob: 'wasm-unsafe-eval'"
)
# the views are placed, and each explorer has drawn at least once
READY = """() =>
    (document.documentElement.dataset.widgets || !document.querySelector("script[type*='widget-state']"))
    && [...document.querySelectorAll(".widgets")].every(
        (box) => Number(box.querySelector("[data-updates]")?.dataset.updates) > 0)"""


def with_each_number_of_threads(call):
    """What ``call`` returns with one thread, with two, and so on up to all."""
    most, results = numba.get_num_threads(), []
    try:
        for threads in range(1, most + 1):
            numba.set_num_threads(threads)
            results.append(call())
    finally:
        numba.set_num_threads(most)
    return results


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: needs Chromium or the built site")
    config.addinivalue_line("markers", "long: begins first, or one worker would be alone with it at the end")


def pytest_collection_modifyitems(items):
    for item in items:
        if {"browser", "built_site"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


class StrictHandler(SiteHandler):
    """Serves the site the way a careful school would: nothing that is not its own, no eval."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", STRICT_POLICY)
        super().end_headers()


class Page:
    """A browser page that records every request that leaves the site, and every error."""

    def __init__(self, page):
        self.page = page
        self.outside = []
        self.failed = []
        self.errors = []
        self.heard = {
            "request": lambda request: request.url.startswith(OWN) or self.outside.append(request.url),
            "response": lambda r: r.status < 400 or self.failed.append(f"{r.status} {r.url}"),
            "pageerror": lambda error: self.errors.append(str(error)),
            "console": lambda told: told.type != "error" or self.errors.append(told.text),
        }
        for name, hear in self.heard.items():
            page.on(name, hear)

    def open(self, address, scripts=True):
        """Go to an address and wait until the page's explorers, if it has any, can be used."""
        self.page.goto(address, wait_until="load")
        if scripts:
            self.page.wait_for_function(READY)
        return self.page

    def assert_clean(self):
        """Fail if anything has left the site or gone wrong so far."""
        assert not self.outside, f"requests that leave the site: {self.outside}"
        assert not self.failed, f"requests that failed: {self.failed}"
        assert not self.errors, f"errors in the page: {self.errors}"

    def leave(self):
        """Make the browser's page as good as new."""
        for name, hear in self.heard.items():
            self.page.remove_listener(name, hear)
        if self.page.url.startswith("http"):
            self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.goto("about:blank")
        self.page.mouse.move(0, 0)


@pytest.fixture(scope="session")
def browser():
    """One headless Chromium for the whole run."""
    from playwright.sync_api import sync_playwright

    try:
        path = find_browser()
    except FileNotFoundError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


def serve(folder, handler=SiteHandler):
    """Serve a folder from a thread for as long as the fixture lives; yields the address of its root."""
    server = make_server(folder, handler=handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def built_site():
    """The folder of the built pages."""
    if not (SITE / "index.html").exists():
        pytest.fail("the book is not built; run: python tools/build.py")
    return SITE


@pytest.fixture(scope="session")
def site(built_site):
    """The address of the built book."""
    yield from serve(built_site)


@pytest.fixture(scope="session")
def strict_site_below(built_site, tmp_path_factory):
    """The book below a sub-path, under a security policy that lets nothing foreign and no eval through."""
    root = tmp_path_factory.mktemp("host")
    (root / "some").mkdir()
    (root / "some" / "book").symlink_to(built_site, target_is_directory=True)
    for address in serve(root, StrictHandler):
        yield f"{address}some/book/"


@pytest.fixture(scope="session")
def idle_pages():
    """Pages of the browser that no test uses now: a page that has read a script before is ready sooner."""
    return []


@pytest.fixture
def open_page(browser, idle_pages):
    """A factory of recording pages: ``open_page(width=…, theme="dark")``; others take a new context."""
    lent, contexts = [], []

    def new_page(width=1280, height=900, theme="light", **options):
        if options or not idle_pages:
            context = browser.new_context(**options)
            page = context.new_page()
        else:
            page = idle_pages.pop()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(media="null", color_scheme=theme)
        recorder = Page(page)
        if options:
            contexts.append(context)
        else:
            lent.append(recorder)
        return recorder

    yield new_page
    for recorder in lent:
        recorder.leave()
        idle_pages.append(recorder.page)
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """A folder for pages, and the address under which they are."""
    folder = tmp_path_factory.mktemp("shelf")
    for address in serve(folder):
        yield folder, address


@pytest.fixture
def show(shelf, open_page):
    """A factory of open pages with explorers, and nothing else, on them; free of errors at the end.

    ``show(Dilation(), Dilation(padding=2), width=360)``
    """
    opened = []
    folder, address = shelf

    def show_page(*explorers, **options):
        from in_page import write_page

        name = str(len(list(folder.iterdir())))
        write_page(folder / name, explorers)
        recorder = open_page(**options)
        opened.append(recorder)
        return recorder.open(f"{address}{name}/index.html", scripts=options.get("java_script_enabled", True))

    yield show_page
    for recorder in opened:
        recorder.assert_clean()
