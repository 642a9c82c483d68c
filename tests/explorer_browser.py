"""A browser for the tests of the explorer: pages from disk, every request and every message noted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

import pytest

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}


@dataclass
class Opened:
    """A page that is open, with what it asked for and what it complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return the system's Chromium; it is closed with the module, because it keeps an event loop running."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (make browser)")
    chromium = which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed (make browser)")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        found.close()


def opened(
    browser: Any, path: Path, size: str = "laptop", scheme: str = "light", hash_: str = ""
) -> AbstractContextManager[Opened]:
    """Open a page from disk and wait until it is ready."""
    return opened_at(browser, path.as_uri(), size, scheme, hash_)


@contextmanager
def opened_at(
    browser: Any, address: str, size: str = "laptop", scheme: str = "light", hash_: str = ""
) -> Iterator[Opened]:
    """Open the page at an address and wait until it is ready."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", accept_downloads=True
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    held = Opened(page)
    page.on("request", lambda request: held.requests.append(request.url))
    page.on("pageerror", lambda error: held.complaints.append(str(error)))
    page.on("console", lambda message: held.complaints.append(message.text) if message.type == "error" else None)
    page.goto(address + (f"#{hash_}" if hash_ else ""))
    page.wait_for_selector("html[data-ready]", state="attached")
    try:
        yield held
    finally:
        context.close()
