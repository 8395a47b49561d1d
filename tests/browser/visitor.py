"""A person at a browser: opens pages, chooses, writes, presses, and notices what a person must not see."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH, HEIGHT, MOST_HEIGHT = 1440, 950, 4000
STEP_SECONDS = 15.0
LOOK_AGAIN_MILLISECONDS = 300
# Words of an English sentence that no German page of the admin holds.
ENGLISH = re.compile(r"\b(the|is|are|and|of|to|with|has|not|it|your)\b")
# What is shown as it is: raw data, code, and the other languages' names.
AS_IT_IS = ".mlc-raw, code, pre, script, style, option, textarea, [lang='en']"


def executable() -> str | None:
    """Debian's Chromium, or another one of its kind."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@contextmanager
def browser(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield running
        running.close()


class Visitor:
    """One tab. `troubles` collects script errors, answers of 500 and above, and English on German pages."""

    def __init__(self, running: Browser, base: str, screenshots: Path) -> None:
        self.context = running.new_context(locale="de-DE", viewport={"width": WIDTH, "height": HEIGHT})
        self.context.set_default_timeout(STEP_SECONDS * 1000)
        self.page: Page = self.context.new_page()
        self.base = base
        self.screenshots = screenshots
        self.steps = 0
        self.troubles: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._answered)

    def _heard(self, message: Any) -> None:
        is_ours = message.location.get("url", "").startswith(self.base)
        if message.type == "error" and is_ours:
            self.troubles.append(f"{self.page.url}: console: {message.text}")

    def _answered(self, response: Any) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.request.method} {response.url}: {response.status}")

    # --- going about ---------------------------------------------------------------------------------------
    def open(self, address: str) -> None:
        """A page of the product (a path), or of a simulator (a whole address)."""
        self.page.goto(self.base + address if address.startswith("/") else address)

    def follow(self, place: Locator | str) -> None:
        """Click the first of these links or buttons, and be on the page that comes."""
        found = self.page.locator(place) if isinstance(place, str) else place
        with self.page.expect_navigation():
            found.first.click()

    def go(self, path: str) -> None:
        """By the link to `path` that the page offers."""
        self.follow(f'a[href="{path}"]:visible')

    def write(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f'[name="{name}"]').fill(value)

    def choose(self, name: str, text: str) -> None:
        """The one option of a list whose text begins with `text`."""
        field = self.page.locator(f'select[name="{name}"]')
        offered = field.locator("option").evaluate_all("all => all.map(one => [one.value, one.text.trim()])")
        found = [value for value, shown in offered if shown.startswith(text)]
        assert len(found) == 1, f"{name}: {text!r} is offered {len(found)} times in {offered}"
        field.select_option(found[0])

    def pick(self, name: str, value: str) -> None:
        self.page.locator(f'select[name="{name}"]').select_option(value)

    def save(self, button: str = "_continue") -> None:
        self.follow(f'[type="submit"][name="{button}"]:visible')
        wrong = self.page.locator(".errorlist, .errornote").all_inner_texts()
        assert not wrong, wrong

    def press(self, name: str) -> None:
        """The button of an action; where a page asks first, also the one that says yes."""
        self.follow(f'form[action$="/do/{name}/"] button')
        sure = self.page.locator('form:has(input[name="confirmed"]) button[type="submit"]')
        if sure.count():
            self.shot(f"{name}-gefragt")
            self.follow(sure)

    # --- looking -------------------------------------------------------------------------------------------
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def sees(self, *texts: str) -> None:
        shown = self.text()
        for text in texts:
            assert text in shown, f"{text!r} is not on {self.page.url}:\n{shown}"

    def wait_for(self, selector: str, *, seconds: float, logs: Callable[[], str]) -> None:
        """Look at the page again and again until `selector` is on it."""
        ends_at = time.monotonic() + seconds
        while not self.page.locator(selector).count():
            if time.monotonic() > ends_at:
                self.shot("vergeblich-gewartet")
                raise AssertionError(f"{selector} did not come to {self.page.url}:\n{self.text()}\n{logs()}")
            self.page.wait_for_timeout(LOOK_AGAIN_MILLISECONDS)
            self.page.reload()

    def shot(self, name: str) -> None:
        """Keep a picture of the whole page; look for what is too wide, and on our pages for English."""
        self.steps += 1
        height = self.page.evaluate(
            "Math.max(...[...document.querySelectorAll('body, body *')].map(one => one.scrollHeight))"
        )
        self.page.set_viewport_size({"width": WIDTH, "height": min(max(height, HEIGHT), MOST_HEIGHT)})
        self.page.screenshot(path=self.screenshots / f"{self.steps:02d}-{name}.png")
        if self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            self.troubles.append(f"{self.page.url}: wider than the window")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        if self.page.url.startswith(self.base):
            self._look_for_english()

    def in_the_dark(self, is_dark: bool = True) -> None:
        """As a person's system asks for it."""
        self.page.emulate_media(color_scheme="dark" if is_dark else "light")

    def _look_for_english(self) -> None:
        language = self.page.locator("html").get_attribute("lang")
        if language != "de":
            self.troubles.append(f"{self.page.url}: the language is {language}")
        lines = self.page.evaluate(
            """skip => {
                const copy = document.body.cloneNode(true);
                copy.querySelectorAll(skip).forEach(one => one.remove());
                return copy.textContent.split("\\n").map(line => line.trim()).filter(Boolean);
            }""",
            AS_IT_IS,
        )
        self.troubles += [f"{self.page.url}: English: {line}" for line in lines if ENGLISH.search(line)]
