"""A real browser for tests: Debian's chromium, driven by selenium.

Screenshots of what is looked at stay in build/report/screenshots.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.project import ROOT

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SCREENSHOTS = ROOT / "build" / "report" / "screenshots"
PHONE, DESK = (360, 780), (1280, 900)


def browser_or_reason() -> str:
    """Why there is no browser; empty when there is one."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed (requirements-test-extra.txt)"
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        return "chromium with its driver is not installed (apt install chromium-driver)"
    return ""


def started(profile: Path) -> Iterator[Chrome]:
    """A browser; the test is skipped without one, but fails on CI."""
    reason = browser_or_reason()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for flag in (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    options.binary_location = str(shutil.which("chromium"))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield made
    made.quit()


class Shown:
    """The page in the browser."""

    def __init__(self, driver: Chrome, page: Path) -> None:
        self.driver = driver
        self.url = page.as_uri()

    def open(self, size: tuple[int, int] = DESK, *, dark: bool = False, at: str = "") -> None:
        """Loads the page anew."""
        width, height = size
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get("about:blank")
        self.driver.get(self.url + (f"#{at.replace('/', '-')}" if at else ""))

    def run(self, script: str, *arguments: Any) -> Any:
        """Evaluates JavaScript in the page."""
        return self.driver.execute_script(f"return {script}", *arguments)

    def until(self, script: str) -> None:
        """Waits until a script's value is true, at most ten seconds."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, 10).until(lambda _: self.run(script))

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def hover(self, selector: str) -> None:
        """Moves the mouse onto the middle of an element."""
        from selenium.webdriver.common.action_chains import ActionChains

        element = self.one(selector)
        self.run("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", element)
        self.driver.execute_async_script(  # the scrolling is told a frame later, and hides the tip
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))"
        )
        ActionChains(self.driver).move_to_element(element).perform()

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def tip(self) -> str:
        """What the tooltip says; empty while it is hidden."""
        return str(self.one("#tip").text)

    def keep(self, name: str) -> None:
        """Keeps a screenshot."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    def complaints(self) -> list[str]:
        """Errors and warnings of the page's script since last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
