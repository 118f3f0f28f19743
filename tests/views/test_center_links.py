"""Links: made, renamed, led elsewhere, never deleted; what each brought; QR codes (R4, R8, R23)."""

import re
from datetime import timedelta

import pytest

from portal import formats, links, program, traffic, visits
from portal.models import Audit, Link
from portal.reports import Filter, clicks
from tests.makers import (
    BROWSER,
    make_affiliate,
    make_click,
    make_earnings,
    make_refund,
    make_sale,
)
from tests.views.test_center_tables import counted

PRICING = "https://maestro.example/pricing"


@pytest.fixture
def pages(set_up, today):
    program.change("landing_pages", f"Pricing = {PRICING}", by="test", now=today)
    program.change("allowed_hosts", "shop.example", by="test", now=today)


@pytest.fixture
def mine(login_as, alice, pages):
    """Alice's browser."""
    return login_as(alice)


def banner(today, name="Banner 300 × 250"):
    return Link.create(slug="banner.1", name=name, landing=PRICING, created_at=today)


def on(affiliate, slug, at):
    """A click on the link with this slug."""
    visit = visits.read(affiliate.code, slug, headers=BROWSER, now=at)
    return traffic.record_click(visit).click_id


# --- Making ------------------------------------------------------------------------------------


def test_a_link_is_made_and_leads_there(mine, alice, today):
    answer = mine.post("/center/links", data={"name": "Winter webinar", "to": PRICING})
    assert (answer.status_code, answer.location) == (303, "/center/links/winter-webinar")
    page = mine.get(answer.location).text
    assert "http://localhost/go/alice/winter-webinar" in page
    assert "Leads to Pricing" in page
    followed = mine.get("/go/alice/winter-webinar", headers={"User-Agent": BROWSER["user-agent"]})
    assert followed.location.startswith(PRICING)
    (note,) = Audit.select().where(Audit.did == "link made")
    assert (note.by, note.subject, note.detail["landing"]) == ("alice", "winter-webinar", PRICING)


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [
        ("https://shop.example/trial?plan=1", "https://shop.example/trial?plan=1"),
        ("maestro.example/deep", "https://maestro.example/deep"),
        ("/faq", "https://maestro.example/faq"),
    ],
)
def test_a_link_may_lead_deep_into_the_programs_hosts(mine, page, leads_to):
    mine.post("/center/links", data={"name": "Deep", "to": PRICING, "page": page})
    assert Link.get().landing == leads_to


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/",
        "javascript:alert(1)",
        "//evil.example",
        "https://",
        "a b",
        "pricing",
    ],
)
def test_a_link_leads_nowhere_else_and_says_where_to(mine, page):
    answer = mine.post("/center/links", data={"name": "Deep", "page": page})
    assert answer.status_code == 422
    assert "maestro.example or shop.example. Begin with https:// or /." in answer.text
    assert 'value="Deep"' in answer.text
    assert not Link.select().exists()


BAD = [
    ({"to": ""}, "Give the link a name."),
    ({"name": " "}, "Give the link a name."),
    ({"name": "x" * 61}, "60 characters at most"),
    ({"name": "a\x00b"}, "cannot be printed"),
    ({"name": "main LINK"}, "There is a link with this name already."),
    ({"name": "Ok", "slug": "a.b"}, "An ending has 1 to 40 letters"),
    ({"name": "Ok", "slug": "a/b"}, "An ending has 1 to 40 letters"),
    ({"name": "Ok", "slug": "é"}, "An ending has 1 to 40 letters"),
    ({"name": "Ok", "slug": "main"}, "An ending has 1 to 40 letters"),
    ({"name": "Ok", "to": "https://evil.example/"}, "Not a valid choice"),
]


@pytest.mark.parametrize(("data", "said"), BAD)
def test_what_is_wrong_is_said_and_nothing_is_stored(mine, data, said):
    answer = mine.post("/center/links", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert not Link.select().exists()


def test_the_same_link_again_is_the_same_link(mine):
    data = {"name": "Spring", "to": PRICING}
    first, second = (mine.post("/center/links", data=data) for _ in range(2))
    assert first.location == second.location
    assert Link.select().count() == Audit.select().where(Audit.did == "link made").count() == 1
    assert "You have this link already." in mine.get(second.location).text


def test_another_link_of_the_same_name_is_refused(mine):
    mine.post("/center/links", data={"name": "Spring"})
    for data in ({"name": "spring", "to": PRICING}, {"name": "SPRING", "slug": "other"}):
        answer = mine.post("/center/links", data=data)
        assert "There is a link with this name already." in answer.text
    assert Link.select().count() == 1


def test_names_that_make_the_same_ending_are_numbered(mine):
    for name in ("Spring", "Spring!", "spring?", "Ünï-çödé", "日本", "main"):
        mine.post("/center/links", data={"name": name})
    slugs = [link.slug for link in Link.select().order_by(Link.id)]
    assert slugs == ["spring", "spring-2", "spring-3", "uni-code", "link", "main-2"]


def test_an_ending_of_choice_is_taken_once(mine):
    mine.post("/center/links", data={"name": "One", "slug": "Book"})
    answer = mine.post("/center/links", data={"name": "Two", "slug": "book"})
    assert "Your link &#39;One&#39; ends so already." in answer.text
    assert [link.slug for link in Link.select()] == ["book"]


def test_another_affiliate_may_use_the_same_ending(alice, mallory, today):
    for affiliate in (alice, mallory):
        assert links.make(affiliate, "Spring", "", now=today)[1]
    assert Link.select().where(Link.slug == "spring").count() == 2


def test_so_many_links_and_no_more(alice, today, monkeypatch):
    monkeypatch.setattr(links, "MOST", 2)
    for name in ("One", "Two"):
        links.make(alice, name, "", now=today)
    with pytest.raises(links.Refused, match="You have 2 links, which is all there are"):
        links.make(alice, "Three", "", now=today)
    assert links.make(alice, "Two", "", now=today)[1] is False


@pytest.mark.parametrize(
    ("name", "slug"), [("Łukasz Şahin", "lukasz-sahin"), ("  --A & b!! ", "a-b"), ("日本", "")]
)
def test_a_name_as_part_of_an_address(name, slug):
    assert formats.slug(name) == slug


# --- Changing ----------------------------------------------------------------------------------


def test_a_pasted_link_goes_on_working_when_it_is_changed(mine, alice, today):
    links.make(alice, "Spring", "", now=today)
    data = {"name": "Summer", "to": PRICING}
    assert mine.post("/center/links/spring", data=data).location == "/center/links/spring"
    link = Link.get()
    assert (link.name, link.slug, link.landing) == ("Summer", "spring", PRICING)
    followed = mine.get("/go/alice/spring", headers={"User-Agent": BROWSER["user-agent"]})
    assert followed.location.startswith(PRICING)
    mine.post("/center/links/spring", data=data)
    assert Audit.select().where(Audit.did == "link changed").count() == 1


def test_a_change_keeps_names_apart_and_stays_within_the_hosts(mine, alice, today):
    for name in ("Spring", "Summer"):
        links.make(alice, name, "", now=today)
    for data, said in (
        ({"name": "SUMMER"}, "There is a link with this name already."),
        ({"name": "Spring", "page": "https://evil.example/"}, "A link leads to a page of"),
        ({"name": ""}, "Give the link a name."),
    ):
        answer = mine.post("/center/links/spring", data=data)
        assert answer.status_code == 422
        assert said in answer.text
    kept = [(link.name, link.landing) for link in Link.select().order_by(Link.id)]
    assert kept == [("Spring", ""), ("Summer", "")]


# --- Not yours ---------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["spring", "nowhere", "%00", "a%2Fb", "%ff", "x" * 3000])
def test_the_link_of_another_is_nowhere(login_as, alice, mallory, today, slug):
    links.make(alice, "Spring", "", now=today)
    client = login_as(mallory)
    for address in (slug, f"{slug}/qr.svg", f"{slug}/qr.png"):
        assert client.get(f"/center/links/{address}").status_code == 404
    assert client.post(f"/center/links/{slug}", data={"name": "Mine"}).status_code == 404
    assert "Spring" not in client.get("/center/links").text
    assert Link.get().name == "Spring"


def test_a_link_of_the_program_is_shown_and_not_changed(mine, today):
    banner(today)
    page = mine.get("/center/links/banner.1").text
    assert "http://localhost/go/alice/banner.1" in page
    assert "Save link" not in page
    for slug in ("banner.1", "main"):
        assert mine.post(f"/center/links/{slug}", data={"name": "Mine"}).status_code == 404


@pytest.mark.parametrize("address", ["/center/links/main/qr.svg", "/center/links/main/qr.gif"])
def test_wrong_method(mine, address):
    assert mine.post(address).status_code in (404, 405)


# --- What each brought -------------------------------------------------------------------------


def figures(page):
    """Clicks, orders and earnings of each row of the table by name, the foot last."""
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page, re.DOTALL)
    cells = [re.sub(r"<small.*?</small>|<(?!td).*?>", "", row).split("<td") for row in rows]
    return {row[0].strip(): tuple(c.partition(">")[2].strip() for c in row[1:4]) for row in cells}


def test_each_link_with_what_it_brought_and_the_sum(mine, alice, today):
    links.make(alice, "Spring", PRICING, now=today)
    banner(today)
    make_sale(today, click_id=on(alice, "spring", today))
    sale = make_sale(today, click_id=on(alice, "spring", today))
    make_refund(sale["event_id"], today, amount=4_850)
    make_sale(today, click_id=on(alice, "banner.1", today), customer_id="c1", email="c1@x.example")
    make_sale(today, customer_id="c1", email="c1@x.example")  # R7.1: by no click of its own
    for _ in range(3):
        make_click(alice, today)
    assert figures(mine.get("/center/links").text) == {
        "Main link": ("3", "0", "$0.00"),
        "Spring": ("2", "2", "$30.00"),
        "Banner 300 × 250": ("1", "1", "$20.00"),
        "All links": ("6", "3", "$50.00"),
    }


def test_clicks_are_those_of_90_days(mine, alice, today):
    for days in (0, 89, 90):
        make_click(alice, today - timedelta(days=days))
    assert figures(mine.get("/center/links").text)["All links"][0] == "2"


def test_a_link_of_the_program_shows_once_it_brought_somebody(mine, alice, mallory, today):
    banner(today)
    on(mallory, "banner.1", today)
    assert "Banner 300 × 250" not in mine.get("/center/links").text
    on(alice, "banner.1", today)
    assert "Banner 300 × 250" in mine.get("/center/links").text


def test_its_clicks_are_one_link_away(mine, alice, today):
    links.make(alice, "Spring & more", PRICING, now=today)
    banner(today)
    for slug in ("", "spring-more", "banner.1"):
        on(alice, slug, today)
    page = mine.get("/center/links").text.partition('id="links"')[2]
    addresses = re.findall(r'href="(/center/clicks[^"]*)"', page)
    assert len(addresses) == 3
    for address, name in zip(addresses, ["Main link", "Spring &amp; more", "Banner 300 × 250"],
                             strict=True):  # fmt: skip
        rows = mine.get(address.replace("&amp;", "&")).text.partition("<tbody>")[2]
        assert re.findall(r'<th scope="row">(.*?)<small', rows) == [name]


def test_the_names_of_the_programs_links_show_with_clicks(mine, alice, today):
    banner(today)
    on(alice, "banner.1", today)
    assert "Click on Banner 300 × 250" in mine.get("/center/").text
    assert "Banner 300 × 250" in mine.get("/center/clicks").text
    assert len(clicks(alice, Filter()).rows) == 1


def test_the_table_is_live(mine, htmx, alice, today):
    page = mine.get("/center/links").text
    poll = page.partition('id="links" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert htmx(poll, "links").status_code == 204
    make_earnings(alice, today, sales=1)
    part = htmx(poll, "links").text
    assert figures(part)["All links"] == ("1", "1", "$20.00")
    assert "<html" not in part


def test_fifty_links_cost_what_five_do(mine, alice, today, monkeypatch):
    def fill(count):
        for n in range(count):
            links.make(alice, f"Link {Link.select().count()}", PRICING, now=today)
            make_sale(today, click_id=on(alice, f"link-{n}", today))

    fill(5)
    mine.get("/center/links")
    with counted(monkeypatch) as few:
        mine.get("/center/links")
    fill(45)
    with counted(monkeypatch) as many:
        mine.get("/center/links")
    assert len(many) == len(few) < 15


# --- QR codes and labels -----------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["main", "spring", "banner.1"])
def test_qr_codes_are_images(mine, alice, today, slug):
    links.make(alice, "Spring", "", now=today)
    banner(today)
    svg, png = (mine.get(f"/center/links/{slug}/qr.{kind}") for kind in ("svg", "png"))
    assert (svg.mimetype, png.mimetype) == ("image/svg+xml", "image/png")
    assert 'xmlns="http://www.w3.org/2000/svg"' in svg.text
    assert png.data.startswith(b"\x89PNG")
    assert f'filename="alice-{slug}.svg"' in svg.headers["Content-Disposition"]


def test_a_label_goes_on_the_link_and_its_qr_code(mine):
    page = mine.get("/center/links/main?sub_id=ch-4.b_2").text
    assert "<code>http://localhost/go/alice?sub_id=ch-4.b_2</code>" in page
    plain, labelled = "/center/links/main/qr.svg", "/center/links/main/qr.svg?sub_id=ch-4.b_2"
    assert f'src="{labelled}"' in page
    assert mine.get(plain).text != mine.get(labelled).text


@pytest.mark.parametrize("label", ["a b", "é", "x" * 65, "a/b", "%00", "&#"])
def test_a_label_that_a_click_would_lose_is_refused(mine, label):
    answer = mine.get("/center/links/main", query_string={"sub_id": label})
    assert answer.status_code == 422
    assert re.search("A label has 1 to 64 letters|64 characters at most|printed", answer.text)
    assert "<code>http://localhost/go/alice</code>" in answer.text
    assert mine.get("/center/links/main/qr.svg", query_string={"sub_id": label}).status_code == 404


def test_no_label_is_the_plain_link(mine):
    assert "<code>http://localhost/go/alice</code>" in mine.get("/center/links/main?sub_id=").text


def test_the_words_that_the_law_asks_for_are_the_offices(mine, today):
    program.change("short_disclosure", "#anzeige", by="test", now=today)
    page = mine.get("/center/links").text
    assert "I earn a commission if you buy through this link." in page
    assert "#anzeige" in page


def test_a_program_without_a_page_says_so(db, login_as, set_up, alice):
    db.execute_sql("DELETE FROM setting WHERE name = 'product_url'")
    answer = login_as(alice).post("/center/links", data={"name": "Deep", "page": "/x"})
    assert "a page of the program, which has not named any." in answer.text


def test_a_page_that_the_hosts_do_not_allow_is_not_offered(mine, today):
    pages = f"Pricing = {PRICING}\nGone = https://evil.example/"
    program.change("landing_pages", pages, by="test", now=today)
    page = mine.get("/center/links").text
    assert "Pricing</option>" in page
    assert "Gone" not in page


def test_links_made_for_one_are_not_anothers(alice, today):
    bob = make_affiliate("bob", today)
    links.make(bob, "Spring", "", now=today)
    assert links.find(alice, "spring") is None
    assert [row.link.name for row in links.table(alice, now=today, zone=program.load().zone)] == [
        "Main link"
    ]
