"""Creatives in a browser: pasted into a foreign page they show and count; e-mails are previewed."""

import io
import threading
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from portal import database, program, starter
from portal.models import Click, Link
from tests import makers
from tests.browser.conftest import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


@pytest.fixture
def foreign():
    """Somebody's own site, of another host name than the portal's: its pages by path."""
    pages = {"/shop": "<title>The shop</title>"}

    @Request.application
    def site(request):
        return Response(pages.get(request.path, ""), mimetype="text/html")

    made = make_server("127.0.0.1", 0, site, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    pages["address"] = f"http://localhost:{made.server_port}"
    yield pages
    made.shutdown()
    thread.join()


@pytest.fixture
def alice(app, server, foreign):
    """Alice, in a program with the starter set that sells on the foreign site."""
    app.config["PORTAL"] = replace(app.config["PORTAL"], url=server)
    now = database.utcnow()
    makers.make_program(now, product_url=f"{foreign['address']}/shop")
    starter.offer(now=now)
    makers.make_admin(now)
    return makers.make_affiliate("alice", now)


def block(page, name):
    """What is taken away of a creative: the text of its block, as one selects and copies it."""
    page.goto("/center/banners")
    return page.locator(f"[aria-label='Copy the HTML of {name}']").locator("..").locator(
        "pre, code"
    ).inner_text()  # fmt: skip


def paste(foreign, page, *blocks):
    foreign["/guide"] = f"<title>A guide</title><h1>Calls</h1>{' '.join(blocks)}"
    page.goto(f"{foreign['address']}/guide")


def test_a_pasted_banner_shows_in_a_foreign_page_and_its_click_counts(
    open_page, foreign, alice, server
):
    reader = open_page()
    paste(foreign, reader, block(open_page("alice"), "Rectangle"))
    picture = reader.locator("img")
    picture.evaluate("(image) => image.decode()")
    assert picture.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [300, 250]
    assert picture.get_attribute("src").startswith(f"{server}/images/")
    assert reader.context.cookies() == []
    picture.click()
    reader.wait_for_url("**/shop?**")
    assert reader.title() == "The shop"
    click = Click.get()
    rectangle = Link.get(Link.name == "Rectangle, 300 × 250")
    assert (click.affiliate_id, click.mark, click.link_id) == (alice.id, None, rectangle.id)
    assert click.referrer.startswith(foreign["address"])
    assert reader.said == []


def test_a_text_link_and_the_main_link_inside_a_banner_count_as_such(open_page, foreign, alice):
    mine, reader = open_page("alice"), open_page()
    text = block(mine, "See how it works")
    mine.goto("/center/banners")
    mine.select_option("#link", label="Main link")
    mine.fill("#sub_id", "footer")
    mine.get_by_role("button", name="Apply").click()
    mine.wait_for_url("**/banners?**")
    phone = mine.locator("pre", has_text='width="320"').inner_text()
    paste(foreign, reader, text, phone)
    reader.get_by_role("link", name="See how it works").click()
    reader.wait_for_url("**/shop?**")
    reader.goto(f"{foreign['address']}/guide")
    reader.locator("img").click()
    reader.wait_for_url("**/shop?**")
    by_link = [(click.link_id, click.sub_id) for click in Click.select().order_by(Click.id)]
    assert by_link == [(Link.get(Link.name == "See how it works").id, None), (None, "footer")]


def test_copying_takes_the_block_as_it_is_shown(open_page, alice):
    page = open_page("alice")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = block(page, "Square")
    page.get_by_role("button", name="Copy the HTML of Square").click()
    page.get_by_text("Copied", exact=True).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown
    tags = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, _: tags.append(tag)
    reader.feed(copied)
    assert tags == ["a", "img"]


def test_the_preview_follows_what_is_typed(open_page, alice):
    page = open_page("office@example.com")
    page.goto("/admin/material/email")
    page.locator("#text").press_sequentially("Hello from {affiliate}")
    page.locator("#preview_email", has_text="Hello from Jordan Reyes").wait_for()
    page.locator("#text").press_sequentially(" <script>alert(1)</script><b>now</b>")
    notice = page.locator("#preview_email [role=status]")
    notice.get_by_text("1 thing will be taken out").wait_for()
    page.locator("#text").press_sequentially(" {afiliate}")
    page.get_by_text("Did you mean {affiliate}?").wait_for()
    assert page.evaluate("document.activeElement.id") == "text"
    assert page.url.endswith("/admin/material/email")
    assert [words for words in page.said if "422" not in words] == []


def test_the_office_offers_a_banner_and_previews_without_script(chromium, server, alice):
    context = chromium.new_context(java_script_enabled=False, base_url=server)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/login")
    page.fill("#username", "office@example.com")
    page.fill("#password", makers.PASSWORD)
    page.click("main button")
    page.goto("/admin/material/banner")
    drawn = io.BytesIO()
    Image.new("RGB", (120, 60), "#0b4d3b").save(drawn, "PNG")
    file = {"name": "spring.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    page.set_input_files("#file", file)
    page.fill("#name", "Spring")
    page.fill("#text", "Spring is here")
    page.get_by_role("button", name="Save banner").click()
    page.get_by_role("heading", name="Spring").wait_for()
    page.goto("/admin/material/email")
    page.fill("#text", "Hello from {affiliate}")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Hello from Jordan Reyes").first.wait_for()
    assert page.locator("#text").input_value() == "Hello from {affiliate}"
    context.close()


def test_a_logo_stands_on_every_page_and_fits_a_phone(open_page, alice):
    page = open_page("office@example.com", 320)
    page.goto("/admin/material")
    drawn = io.BytesIO()
    Image.new("RGB", (2_000, 100), "#0b4d3b").save(drawn, "PNG")
    page.set_input_files(
        "#file", {"name": "logo.png", "mimeType": "image/png", "buffer": drawn.getvalue()}
    )
    page.get_by_role("button", name="Save logo").click()
    page.get_by_role("button", name="Remove logo").wait_for()
    assert program.load().logo.endswith(".png")
    for address in ("/", "/login", "/admin/"):
        page.goto(address)
        logo = page.get_by_role("img", name="Maestro")
        logo.evaluate("(image) => image.decode()")
        assert logo.bounding_box()["height"] <= 40
        assert page.evaluate("document.documentElement.scrollWidth") == 320
