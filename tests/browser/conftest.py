"""A real Chromium against a real server on a free port, with the database of the test."""

import threading

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from portal import database
from tests import machine

FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run --disable-quic"
).split()

PATIENCE = 60_000  # milliseconds for what comes at once where the machine is not busy

# A browser without a window calls itself one, and clicks of such count as a robot's (R8).
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def today():
    return database.utcnow()


@pytest.fixture(scope="session")
def chromium():
    if "browser" in machine.skipped():
        pytest.skip("SKIP=browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server(app):
    """The address of the portal, served by threads until the test ends."""
    app.config["WTF_CSRF_ENABLED"] = True
    made = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()


@pytest.fixture
def open_page(chromium, server):
    """Open a browser of its own, signed in or not; what it says on its console is kept."""
    opened = []

    def page(person=None, width=1280, scheme="light"):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            base_url=server,
            user_agent=AGENT,
        )
        context.set_default_timeout(PATIENCE)
        made = context.new_page()
        made.said = []
        made.on("console", lambda message: made.said.append(message.text))
        made.on("pageerror", lambda error: made.said.append(str(error)))
        opened.append(context)
        if person:
            sign_in(made, person)
        return made

    yield page
    for context in opened:
        context.close()


def sign_in(page, name):
    """Sign in with the keyboard alone."""
    page.goto("/login")
    page.keyboard.press("Tab")
    page.focus("#username")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("four plain words here")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
