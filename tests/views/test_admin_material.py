"""Material in the office: added, changed, put in order, retired, counted; and the logo."""

import io
from datetime import timedelta

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal import pictures, program, traffic, visits
from portal.material import BANNER, EMAIL, TEXT, Creative, Image
from portal.models import Audit, Link
from tests.creatives import make_creative, png
from tests.makers import BROWSER
from tests.views.test_center_tables import counted

PRICING = "https://maestro.example/pricing"
SAID = {
    BANNER: {"name": "Leaderboard", "text": "Worth a look"},
    TEXT: {"name": "See it", "text": "See how it works"},
    EMAIL: {"name": "Short", "use": "A newsletter", "subject": "See", "text": "Hi\n\n{link}"},
}


def posted(client, address, data):
    """Send a form; a pair is a file's content and name. Encoded here, as no file is left open."""
    fields = {
        name: FileStorage(io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
        for name, value in data.items()
    }
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(address, data=body, content_type=kind)


PICTURE = (png(), "banner.png")


def rows():
    return [table.select().count() for table in (Creative, Image, Link)]


@pytest.fixture
def office(login_as, admin):
    return login_as(admin)


@pytest.fixture
def send(office):
    """Send the form of a new creative."""

    def post(kind, **said):
        data = SAID[kind] | ({"file": PICTURE} if kind == BANNER else {}) | said
        return posted(office, f"/admin/material/{kind}", data)

    return post


# --- Works --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [BANNER, TEXT, EMAIL])
def test_one_is_added_and_offered(office, send, admin, kind):
    assert office.get(f"/admin/material/{kind}").status_code == 200
    answer = send(kind)
    assert (answer.status_code, answer.location) == (303, "/admin/material")
    page = office.get("/admin/material").text
    assert f"{SAID[kind]['name']} is saved." in page
    assert "Offered" in page
    made = Creative.get()
    assert {name: getattr(made, name) for name in SAID[kind]} == SAID[kind]
    (note,) = Audit.select().where(Audit.did == f"{kind} added")
    assert note.by == admin.email


@pytest.mark.parametrize("kind", [BANNER, TEXT, EMAIL])
def test_one_is_changed(office, send, today, kind):
    program.change("landing_pages", f"Pricing = {PRICING}", by="test", now=today)
    send(kind, to=PRICING)
    made = Creative.get()
    address = f"/admin/material/{kind}/{made.id}"
    page = office.get(address).text
    assert f'<option selected value="{PRICING}">Pricing' in page
    assert 'value="1"' in page
    office.post(address, data=SAID[kind] | {"name": "New", "place": "7", "page": "/faq"})
    changed = Creative.get()
    assert (changed.name, changed.place) == ("New", 7)
    assert changed.link.landing == "https://maestro.example/faq"
    assert 'value="https://maestro.example/faq"' in office.get(address).text


def test_an_email_tells_what_was_taken_out(office, send):
    send(EMAIL, text="<p onclick=x>Hi</p><script>1</script>")
    assert "Short is saved. Taken out: onclick, script." in office.get("/admin/material").text
    assert Creative.get().text == "<p>Hi</p>"


def test_the_words_of_a_banner_stay_as_they_are(office, send):
    send(BANNER, text='5" <b>&')
    assert Creative.get().text == '5" <b>&'
    assert "Taken out" not in office.get("/admin/material").text


def test_a_preview_follows_what_is_typed_and_stores_nothing(office):
    address, data = "/admin/material/email?preview=on", SAID[EMAIL] | {"text": "Hi {affiliate}"}
    part = office.post(address, data=data, headers={"HX-Request": "true",
                                                    "HX-Target": "preview_email"})  # fmt: skip
    assert part.text.startswith('<section class="stack" id="preview_email"')
    assert "Hi Jordan Reyes" in part.text
    whole = office.post(address, data=data)
    assert (whole.status_code, "Hi Jordan Reyes" in whole.text) == (200, True)
    slip = office.post(address, data=data | {"text": "{lnik}"})
    assert "Did you mean {link}?" in slip.text
    gone = office.post(address, data=data | {"text": "<b>x</b><img src=y>"})
    assert "2 things will be taken out" in gone.text
    assert rows() == [0, 0, 0]


@pytest.mark.parametrize("kind", [BANNER, TEXT])
def test_what_is_no_email_has_no_preview(office, kind):
    for headers in ({}, {"HX-Request": "true", "HX-Target": "preview_email"}):
        address = f"/admin/material/{kind}?preview=on"
        assert office.get(address, headers=headers).status_code == 200
        assert office.post(address, data=SAID[kind], headers=headers).status_code == 200
    assert rows() == [0, 0, 0]


def test_one_is_retired_and_offered_again(office, send):
    send(TEXT)
    address = f"/admin/material/text/{Creative.get().id}/offer"
    for do, shown in (("retire", "Retired"), ("offer", "Offered")):
        for _ in range(2):
            assert office.post(address, data={"do": do}).location == "/admin/material"
        page = office.get("/admin/material").text
        assert f">{shown}" in page
        assert f"is {shown.lower()}" in page.partition('class="toasts"')[2]
    assert Audit.select().where(Audit.did.startswith("text ")).count() == 3


def test_offering_again_what_has_the_name_of_another_is_refused_in_words(office, send):
    send(TEXT)
    first = Creative.get()
    office.post(f"/admin/material/text/{first.id}/offer", data={"do": "retire"})
    send(TEXT)
    office.post(f"/admin/material/text/{first.id}/offer", data={"do": "offer"})
    assert "There is one of this name already." in office.get("/admin/material").text
    assert Creative.get_by_id(first.id).retired_at


def test_each_tells_its_clicks_of_the_last_ninety_days(office, alice, mallory, today):
    one, two = (make_creative(TEXT, name, today) for name in ("One", "Two"))
    three = make_creative(BANNER, "Three", today)
    for affiliate, creative, days in [
        (alice, one, 0), (mallory, one, 88), (alice, one, 91), (alice, two, 91), (alice, three, 1),
    ]:  # fmt: skip
        at = today - timedelta(days=days)
        traffic.record_click(visits.read(affiliate.code, creative.link.slug, headers=BROWSER,
                                         now=at))  # fmt: skip
    page = office.get("/admin/material").text
    assert "1 click</small>" in page

    def row(name):
        return page.partition(f"<b>{name}</b>")[2].partition("</tr>")[0]

    assert '<td class="num">2</td>' in row("One")
    assert '<td class="num">0</td>' in row("Two")


def test_fifty_cost_what_five_do(office, alice, today, monkeypatch):
    make_creative(BANNER, "First", today)
    office.get("/admin/material")
    with counted(monkeypatch) as few:
        office.get("/admin/material")
    for number in range(15):
        made = make_creative(BANNER, f"B{number}", today, color=(number, 1, 1))
        make_creative(EMAIL, f"E{number}", today)
        visit = visits.read(alice.code, made.link.slug, headers=BROWSER, now=today)
        traffic.record_click(visit)
    with counted(monkeypatch) as many:
        office.get("/admin/material")
    assert len(many) == len(few) < 15


# --- Bad input: said, and nothing is left behind ------------------------------------------------

BAD = [
    (BANNER, {"name": ""}, "Give it a name."),
    (BANNER, {"name": "x" * 81}, "80 characters at most"),
    (BANNER, {"name": "a\x00b"}, "cannot be printed"),
    (BANNER, {"text": ""}, "Say in words what it shows."),
    (BANNER, {"text": "x" * 251}, "250 characters at most"),
    (
        BANNER,
        {"file": (b"<svg/>", "banner.png")},
        "This is an SVG drawing under the name banner.png.",
    ),
    (BANNER, {"file": (b"<html>", "x<b>.png")}, "x&lt;b&gt;.png is not a picture"),
    (BANNER, {"file": (b"", "empty.png")}, "empty.png is not a picture that can be read."),
    (BANNER, {"file": (png() + b"\0" * pictures.LARGEST, "x.png")}, "At most 2 MB are taken."),
    (BANNER, {"file": (b"", "")}, "Choose an image: PNG, JPEG, GIF or WebP"),
    (BANNER, {"file": "words"}, "Choose an image: PNG, JPEG, GIF or WebP"),
    (BANNER, {"page": "https://evil.example/"}, "A link leads to a page of"),
    (TEXT, {"page": "javascript:alert(1)"}, "A link leads to a page of"),
    (TEXT, {"to": "https://evil.example/"}, "Not a valid choice"),
    (TEXT, {"text": ""}, "Write the words."),
    (EMAIL, {"text": "{lnik}"}, "There is no placeholder {lnik}. Did you mean {link}?"),
    (EMAIL, {"text": "x" * 20_001}, "20,000 characters at most"),
    (EMAIL, {"subject": ""}, "Write a subject."),
    (EMAIL, {"use": ""}, "Say when to send it."),
    (EMAIL, {"place": "0"}, "From 1 to 9,999."),
    (EMAIL, {"place": "x"}, "Not a valid integer value"),
]


@pytest.mark.parametrize(("kind", "wrong", "said"), BAD)
def test_what_is_wrong_is_said_and_nothing_is_left_behind(send, kind, wrong, said):
    answer = send(kind, **wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert rows() == [0, 0, 0]


def test_a_name_that_is_taken_is_said_and_no_picture_is_kept(send):
    send(BANNER)
    answer = send(BANNER, file=(png((1, 2, 3)), "other.png"))
    assert answer.status_code == 422
    assert "There is one of this name already." in answer.text
    assert rows() == [1, 1, 1]


def test_a_change_that_is_refused_changes_nothing(office, send):
    send(EMAIL)
    made = Creative.get()
    address = f"/admin/material/email/{made.id}"
    for wrong in ({"name": ""}, {"text": "{lnik}"}, {"page": "//evil.example"}):
        answer = office.post(address, data=SAID[EMAIL] | {"name": "New"} | wrong)
        assert answer.status_code == 422
    assert Creative.get().__data__ == made.__data__
    assert Link.get().landing == ""


def test_an_upload_over_the_limit_gets_a_page(office):
    large = {"file": (b"\0" * (3 * 2**20), "large.png")}
    for address in ("/admin/material/banner", "/admin/material/logo"):
        answer = posted(office, address, SAID[BANNER] | large)
        assert answer.status_code == 413
        assert "Too much at once" in answer.text
        assert "</footer>" in answer.text
    assert rows() == [0, 0, 0]


def test_other_forms_take_no_uploads(office, send):
    send(TEXT)
    large = {"file": (b"\0" * (300 * 1024), "large.png")}
    address = f"/admin/material/text/{Creative.get().id}"
    assert posted(office, address, SAID[TEXT] | large).status_code == 413


# --- The logo -----------------------------------------------------------------------------------


def test_a_logo_is_saved_and_removed(office, admin):
    answer = posted(office, "/admin/material/logo", {"file": PICTURE})
    assert answer.location == "/admin/material"
    assert "The logo is saved." in office.get("/admin/material").text
    key, _, kind = program.load().logo.partition(".")
    assert (len(key), kind) == (32, "png")
    office.post("/admin/material/logo", data={"do": "remove"})
    assert program.load().logo == ""
    assert Audit.select().where(Audit.by == admin.email).count() == 2


@pytest.mark.parametrize("data", [{}, {"file": (b"<svg/>", "logo.svg")}, {"file": (b"no", "x")}])
def test_what_is_no_logo_is_said_and_the_former_stays(office, data):
    posted(office, "/admin/material/logo", {"file": PICTURE})
    before = program.load().logo
    answer = posted(office, "/admin/material/logo", data)
    assert (answer.status_code, "1 thing to fix" in answer.text) == (422, True)
    assert (program.load().logo, Image.select().count()) == (before, 1)


# --- Wrong method, not yours, missing -----------------------------------------------------------


def test_wrong_method(office, send):
    send(TEXT)
    assert office.post("/admin/material").status_code == 405
    assert office.get("/admin/material/logo").status_code == 405
    assert office.get(f"/admin/material/text/{Creative.get().id}/offer").status_code == 405


@pytest.mark.parametrize(
    "address", ["", "/banner", "/text", "/email", "/text/1", "/text/1/offer", "/logo"]
)
def test_not_yours(client, login_as, alice, today, address):
    make_creative(TEXT, "Ours", today)
    for method in (client.get, client.post):
        assert method(f"/admin/material{address}").status_code in (303, 405)
    login_as(alice)
    for method in (client.get, client.post):
        assert method(f"/admin/material{address}").status_code in (403, 405)
    assert Creative.select().where(Creative.retired_at.is_null()).count() == 1


@pytest.mark.parametrize("place", ["video", "banner/1", "text/99", "text/999999999999", "text/x"])
def test_missing(office, today, place):
    make_creative(TEXT, "Ours", today)
    assert office.get(f"/admin/material/{place}").status_code == 404
    assert office.post(f"/admin/material/{place}/offer").status_code == 404
