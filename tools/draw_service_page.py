"""Draw the page of the service for the guide: docs/images/service_page.png.

Usage: python tools/draw_service_page.py

Needs the extras ``serve`` and ``browser``, and chromium.
"""

import os
import shutil
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from sklearn_anime.serve import make_app
from sklearn_anime.serve.__main__ import demo

TARGET = Path(__file__).parents[1] / "docs" / "images" / "service_page.png"
LIKED = ("Toradora", "Clannad: After Story")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main():
    """Serve the demo while its page is drawn."""
    server = uvicorn.Server(uvicorn.Config(make_app(*demo()), port=0, ws="none", log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        draw(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


def draw(port):
    """Click titles on the page, and save what it then shows."""
    program = next(filter(None, map(shutil.which, BROWSERS)))
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=sandbox)
        page = browser.new_page(viewport={"width": 1100, "height": 760}, color_scheme="light")
        page.goto(f"http://127.0.0.1:{port}/")
        for text in LIKED:
            page.get_by_label("Title", exact=True).fill(text)
            page.locator("#found button", has_text=text).first.click()
            page.locator("#liked li", has_text=text).first.wait_for()
        page.locator(".reasons", has_text="Because you liked").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main()
