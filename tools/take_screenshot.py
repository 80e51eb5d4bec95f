"""Take the README's picture from the built book: ``front_end/screenshot.png``."""

import io
import threading
from pathlib import Path

from find_browser import find_browser
from PIL import Image
from playwright.sync_api import sync_playwright
from serve import SITE, make_server

TARGET = Path(__file__).resolve().parents[1] / "front_end" / "screenshot.png"
PAGE = "book/convolution_layer/sliding_dot_product.html"
COLOURS = 160  # few enough for a small file, enough for a grey photograph and its map


def main():
    server = make_server(SITE)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser())
        page = browser.new_page(viewport={"width": 1200, "height": 840})
        page.goto(f"http://127.0.0.1:{server.server_port}/{PAGE}")
        explorer = page.locator("[data-explorer='FilterBench'][data-updates]").first
        explorer.wait_for()
        explorer.evaluate(
            """(explorer) => {
                const box = explorer.closest(".widgets");
                box.style.scrollMarginTop = "4rem";
                box.scrollIntoView();
            }"""
        )
        page.wait_for_timeout(500)
        picture = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    server.shutdown()
    picture.convert("RGB").quantize(COLOURS).save(TARGET, optimize=True)
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
