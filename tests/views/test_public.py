"""The program page and the application: open to all, and saying nothing about others (R1 to R3)."""

import pytest

from portal import program
from portal.models import Affiliate

pytestmark = pytest.mark.usefixtures("set_up")

FORM = {"name": "Jo Reyes", "email": "jo@example.com", "terms": "y"}


def test_program_tells_the_rules_that_hold(client, today):
    page = client.get("/").text
    assert "$20.00 for each full monthly payment" in page
    assert "$200.00 a year" in page
    assert "You refer new customers to us" in page
    program.change("month_amount", "2500", by="test", now=today)
    program.change("minimum_payout", "5000", by="test", now=today)
    page = client.get("/").text
    assert "$25.00 for each full monthly payment" in page
    assert "$50.00" in page


def test_estimate_is_what_the_rules_make(client):
    assert "$600.00" in client.get("/?customers=3&plan=year").text
    assert "$29.10" in client.get("/?customers=3&plan=small").text


@pytest.mark.parametrize("query", ["via=alice&click_id=x", "utm_source=letter", "live=on"])
def test_what_others_put_into_the_address_asks_for_no_estimate(client, query):
    answer = client.get(f"/?{query}")
    assert answer.status_code == 200
    assert "to fix" not in answer.text


@pytest.mark.parametrize("query", ["customers=x&plan=year", "customers=0", "plan=gold&customers=1"])
def test_estimate_says_what_is_wrong(client, query):
    answer = client.get(f"/?{query}")
    assert answer.status_code == 422
    assert "to fix" in answer.text


def test_what_to_fix_reads_as_sentences(client):
    page = client.post("/apply", data={name: FORM[name] for name in FORM if name != "terms"}).text
    assert "on my own purchases: Tick this to apply." in page


def test_apply_makes_an_account(client):
    answer = client.post("/apply", data=FORM | {"country": "US", "tax_id": "000-00-0000"})
    assert answer.status_code == 200
    assert "Check your e-mail" in answer.text
    assert Affiliate.get(email="jo@example.com").status == "active"


def test_apply_says_the_same_for_a_known_e_mail(client):
    first = client.post("/apply", data=FORM)
    again = client.post("/apply", data=FORM)
    assert first.text == again.text
    assert Affiliate.select().count() == 1


def test_apply_keeps_what_was_typed(client):
    bad = FORM | {"email": "jo@", "company": "A & B", "tax_id": "12-345678", "country": "US"}
    answer = client.post("/apply", data=bad | {"postal_code": "9721"})
    page = answer.text
    assert answer.status_code == 422
    assert "3 things to fix" in page
    order = ("email", "postal_code", "tax_id")  # as the form asks for them
    places = [page.index(f'<a href="#{name}"') for name in order]
    assert places == sorted(places)
    assert 'value="A &amp; B"' in page
    assert "This one has 8." in page
    assert not Affiliate.select().exists()


def test_apply_refuses_the_sixth_of_an_hour(client):
    for number in range(5):
        client.post("/apply", data=FORM | {"email": f"jo{number}@example.com"})
    answer = client.post("/apply", data=FORM)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\x00", "'; DROP TABLE x; --"])
def test_apply_takes_no_harm(client, hostile):
    answer = client.post("/apply", data=FORM | {"name": hostile, "email": "no"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def test_wrong_method_and_nowhere(client):
    assert client.post("/").status_code == 405
    assert client.put("/apply").status_code == 405
    assert client.get("/nothing/here").status_code == 404


def test_headers_keep_the_page_to_itself(client):
    headers = client.get("/").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_assets_have_addresses_of_their_content(client):
    page = client.get("/").text
    address = page.partition('<script src="')[2].partition('"')[0]
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert client.get(address.replace("htmx.js", "app.js")).status_code == 404
    assert page.count("integrity=") == 3


def test_a_form_without_its_token_is_refused(app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/apply", data=FORM)
    assert answer.status_code == 400
    assert "too old" in answer.text
    assert not Affiliate.select().exists()


def test_a_tax_id_is_never_shown_again(client, set_up):
    page = client.post("/apply", data={"tax_id": "12-3456780", "name": "Ada"})
    assert page.status_code == 422
    assert 'value="Ada"' in page.text
    assert "3456780" not in page.text


def test_what_is_nowhere_is_told_in_words(client):
    page = client.get("/nowhere").text
    assert "Not found" in page
    assert "not_found" not in page
