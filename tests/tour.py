"""The pictures of docs/tour.md, taken of the demo: `python -m tests.tour` (make pictures).

They are reduced to few colours, so that a checkout stays small.
"""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pypdfium2
from PIL import Image
from playwright.sync_api import sync_playwright

from portal import database
from portal.months import month_of, year_of
from tests import machine
from tests.browser.conftest import FLAGS

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDTH, TALLEST, COLOURS = 1200, 1250, 96
LARGEST, ALL = 150_000, 1_600_000  # bytes of one picture, and of them all
AFFILIATE, OFFICE = "jordan-reyes", "office@maestro.example"
URL = "http://affiliates.maestro.example"  # what links are shown with
ZONE = ZoneInfo("America/Los_Angeles")  # the demo's


class Shot(NamedTuple):
    """A picture: who looks at which address, and how."""

    name: str
    who: str
    address: str
    scheme: str = "light"
    width: int = WIDTH
    unfold: bool = False


def shots(month):
    """Every picture, in the order in which the tour shows them."""
    center = "links banners emails clicks payments team help profile".split()
    return [
        Shot("overview", AFFILIATE, "/center/"),
        Shot("overview-dark", AFFILIATE, "/center/", scheme="dark"),
        Shot("overview-phone", AFFILIATE, "/center/", width=390),
        *(Shot(name, AFFILIATE, f"/center/{name}") for name in center),
        Shot("orders", AFFILIATE, "/center/orders", unfold=True),
        Shot("missing-sale", AFFILIATE, "/center/missing-sale"),
        Shot("office", OFFICE, "/admin/"),
        Shot("material", OFFICE, "/admin/material"),
        Shot("cases", OFFICE, "/admin/cases"),
        Shot("payout-preview", OFFICE, f"/admin/payouts/{month}"),
        Shot("run", OFFICE, f"/admin/payouts/{month.plus(-1)}"),
        Shot("tax", OFFICE, f"/admin/tax?year={year_of(database.utcnow(), ZONE)}"),
    ]


@contextmanager
def demo():
    """A demo on a free port: its address, and its logins by name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [str(Path(sys.executable).parent / "portal"), "demo", "--port", port]
    environ = os.environ | {"PORTAL_URL": URL}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1, env=environ)
    try:
        logins = {}
        for line in process.stdout:
            if login := re.fullmatch(r"  (\S+)  (.+)\n", line):
                logins[login[1]] = login[2]
            if line.startswith("Serving on "):
                break
        answers(int(port))
        yield f"http://127.0.0.1:{port}", logins
    finally:
        process.terminate()
        process.wait()


def answers(port):
    """Wait until somebody listens there."""
    for _ in range(300):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("The demo does not answer.")


def sign_in(browser, url, name, password):
    """A page of somebody who is signed in."""
    page = browser.new_context(base_url=url).new_page()
    page.goto("/login")
    page.fill("#username", name)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login" not in address)
    return page


def take(page, shot):
    """The top of a page as a picture of few colours."""
    page.emulate_media(color_scheme=shot.scheme)
    page.set_viewport_size({"width": shot.width, "height": 900})
    if not page.goto(shot.address, wait_until="networkidle").ok:
        sys.exit(f"{shot.address} is no page of the demo.")
    if shot.unfold:
        page.locator("details.why summary").first.click()
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    page.set_viewport_size({"width": shot.width, "height": height})
    image = Image.open(BytesIO(page.screenshot())).convert("RGB")
    few = image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(PICTURES / f"{shot.name}.png", optimize=True)


def take_a_check(page, month):
    """The first check of a run, as the printer gets it."""
    sheets = f"/admin/payouts/{month}/sheets"
    page.goto(sheets)
    number = page.locator("tbody th").first.inner_text()
    answer = page.request.get(f"{sheets}?first={number}&format=pdf")
    with pypdfium2.PdfDocument(answer.body()) as document:
        image = document[0].render(scale=1.4).to_pil().convert("L")
    image.quantize(16, dither=Image.Dither.NONE).save(PICTURES / "check.png", optimize=True)


def main():
    month = month_of(database.utcnow(), ZONE)
    with demo() as (url, logins), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=machine.chromium(), args=FLAGS)
        pages = {who: sign_in(browser, url, who, logins[who]) for who in (AFFILIATE, OFFICE)}
        for shot in shots(month):
            take(pages[shot.who], shot)
        take_a_check(pages[OFFICE], month.plus(-1))
        browser.close()
    sizes = [file.stat().st_size for file in PICTURES.glob("*.png")]
    if max(sizes) > LARGEST or sum(sizes) > ALL:
        sys.exit(f"The pictures are too large: {max(sizes)} and {sum(sizes)} bytes in all.")


if __name__ == "__main__":
    main()
