"""Pictures of the main pages, and sheets of them before and after a change.

    python -m bench.looks take FOLDER [URL]
    python -m bench.looks sheets BEFORE AFTER docs/looks

`take` photographs each page's first screen on a phone and at a desk, light and dark, and the whole
page; without an address it starts a server with a demo directory of its own. `sheets` puts two such
folders side by side, one WebP a page.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.pages import own_server
from tests.journeys.conftest import FLAGS, find_chromium

PHONE, DESK = (360, 740), (1280, 800)
SEARCH = "/find?state=WA&condition=anxiety"
PATIENT, PROVIDER, ADMIN = "patient@example.com", "provider@example.com", "admin@example.com"

Open = Callable[[Page, str], None]


def at(path: str) -> Open:
    """Go to `path`."""

    def go(page: Page, url: str) -> None:
        page.goto(url + path)

    return go


def profile(page: Page, url: str) -> None:
    """The first person found, with what was searched."""
    page.goto(url + SEARCH)
    page.locator(".provider-card :is(h2, h3) a").first.click()
    page.wait_for_load_state()


def compare(page: Page, url: str) -> None:
    """The first two people found."""
    page.goto(url + SEARCH)
    two = [page.locator("[name=provider]").nth(n).get_attribute("value") for n in (0, 1)]
    page.goto(f"{url}/compare?provider={two[0]}&provider={two[1]}&state=WA")


def chosen_time(page: Page, url: str) -> None:
    """The booking's first page."""
    page.goto(url + SEARCH)
    page.locator(".provider-card a.slot").first.click()
    page.wait_for_load_state()


def my_appointments(page: Page, url: str) -> None:
    """Of someone who has booked a time."""
    chosen_time(page, url)
    hold = page.get_by_role("button", name="Hold")
    if hold.count():
        hold.click()
        page.wait_for_load_state()
        page.fill("[name=name]", "Robin Example")
        page.fill("[name=date_of_birth]", "1990-04-12")
        page.select_option("main [name=state]", "WA")
        page.get_by_role("button", name="Check my answers").click()
        page.wait_for_load_state()
        page.get_by_role("button", name="Book ").click()
        page.wait_for_load_state()
    page.goto(f"{url}/appointments")


def oldest_case(page: Page, url: str) -> None:
    """The case at the top of the desk."""
    page.goto(url + "/admin")
    page.locator("table.queue tbody a").first.click()
    page.wait_for_load_state()


PAGES: dict[str, tuple[str, Open]] = {
    "home": ("", at("/")),
    "results": ("", at(SEARCH)),
    "profile": ("", profile),
    "compare": ("", compare),
    "booking": ("", chosen_time),
    "guide": ("", at("/guide")),
    "appointments": (PATIENT, my_appointments),
    "week": (PROVIDER, at("/provider")),
    "hours": (PROVIDER, at("/provider/hours")),
    "profile form": (PROVIDER, at("/provider/profile")),
    "services": (PROVIDER, at("/provider/services")),
    "desk": (ADMIN, at("/admin")),
    "case": (ADMIN, oldest_case),
    "audit log": (ADMIN, at("/admin/audit")),
}


def sign_in(context: BrowserContext, url: str, email: str) -> None:
    """With the code from the demo's mailbox."""
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("[name=email]", email)
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_load_state()
    mailbox = context.new_page()
    mailbox.goto(f"{url}/demo/mailbox?to={quote(email)}")
    code = mailbox.locator("p.numbers b").first.inner_text()
    mailbox.close()
    page.fill("[name=code]", code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()
    page.close()


def take(browser: Browser, url: str, folder: Path, only: str) -> None:
    """All pages of `PAGES` into `folder` as PNG: `results.phone.png`, `results.desk.dark.png` …"""
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(timezone_id="America/Los_Angeles", reduced_motion="reduce")
    signed_in = ""
    for name, (who, open_page) in PAGES.items():
        if only and only not in name:
            continue
        if who != signed_in:
            context.close()
            context = browser.new_context(
                timezone_id="America/Los_Angeles", reduced_motion="reduce"
            )
            sign_in(context, url, who)
            signed_in = who
        page = context.new_page()
        open_page(page, url)
        for device, (width, height) in (("phone", PHONE), ("desk", DESK)):
            page.set_viewport_size({"width": width, "height": height})
            page.reload(wait_until="networkidle")
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                kind = "" if scheme == "light" else ".dark"
                page.screenshot(path=folder / f"{name.replace(' ', '-')}.{device}{kind}.png")
            page.screenshot(
                path=folder / f"{name.replace(' ', '-')}.{device}.whole.png", full_page=True
            )
        page.close()
        print(name, flush=True)
    context.close()


def sheet(before: Path, after: Path, name: str) -> Image.Image:
    """One page's first screens: phone before and after, desk before and after."""
    made = Image.new("RGB", (1800, 520), "#d9d4ca")
    left = 20
    for device, width in (("phone", 230), ("desk", 620)):
        for folder in (before, after):
            shot = folder / f"{name}.{device}.png"
            if shot.exists():
                picture = Image.open(shot).convert("RGB")
                height = round(picture.height * width / picture.width)
                made.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (left, 20))
            left += width + 20
    return made


def main() -> None:
    os.umask(0o022)  # the embedded server may run as another user, who must reach its folder
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("take", "sheets"))
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--url", default="")
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    if asked.what == "sheets":
        before, after, out = (Path(one) for one in asked.folders)
        out.mkdir(parents=True, exist_ok=True)
        for name in (one.replace(" ", "-") for one in PAGES):
            sheet(before, after, name).save(out / f"{name}.webp", quality=60, method=6)
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        if asked.url:
            take(browser, asked.url.rstrip("/"), Path(asked.folders[0]), asked.only)
        else:
            with own_server() as url:
                take(browser, url, Path(asked.folders[0]), asked.only)
        browser.close()


if __name__ == "__main__":
    main()
