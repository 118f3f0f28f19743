"""The API from outside: every sentence of contract.md's part on /api/v1."""

import json
from datetime import timedelta

import pytest
import time_machine

from portal import access, program, rules, traffic, visits
from portal.books import Payment, Refund
from portal.database import utcnow
from portal.feeds import written
from portal.models import Affiliate, Click, Fact

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}
API = "/api/v1"
ADA = {"email": "ada@lists.example", "name": "Ada", "code": "ada", "us_person": False}
BOB = {"email": "bob@lists.example", "name": "Bob", "code": "bob"}


class Merchant:
    """The merchant's program: it has a key and counts its events."""

    def __init__(self, client, clock, key):
        self.client, self.clock = client, clock
        self.headers = {"Authorization": f"Bearer {key}"}
        self.events = 0

    def call(self, method, path, body=None, **more):
        more = {"headers": self.headers, **({} if body is None else {"json": body}), **more}
        answer = self.client.open(API + path, method=method, **more)
        assert answer.is_json, answer.data
        if answer.status_code >= 400:
            assert set(answer.json) == {"error"}
            assert answer.json["error"]["code"]
            assert answer.json["error"]["message"]
        return answer

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def patch(self, path, body):
        return self.call("PATCH", path, body)

    def _event(self, kind, body):
        self.events += 1
        return self.post(f"/track/{kind}", {"event_id": f"{kind}-{self.events}", **body})

    def sale(self, **body):
        usual = {"customer_id": "c1", "email": "cy@shop.example", "amount": 9700}
        return self._event("sale", {**usual, **body})

    def lead(self, **body):
        return self._event("lead", {"customer_id": "c1", **body})

    def refund(self, sale, **body):
        return self._event("refund", {"sale_event_id": sale, **body})

    def balance(self, code):
        return self.get(f"/affiliates/{code}").json["balance"]

    def pages(self, path, name, limit):
        found, cursor, sep = [], None, "&" if "?" in path else "?"
        while True:
            more = f"&cursor={cursor}" if cursor else ""
            page = self.get(f"{path}{sep}limit={limit}{more}").json
            assert set(page) == {name, "next"}
            found += page[name]
            cursor = page["next"]
            if not cursor:
                return found


@pytest.fixture
def merchant(client, db, now):
    db.connect(reuse_if_open=True)
    program.initialize(now)
    key = access.create_key("shop", now=now)
    with time_machine.travel(now, tick=False) as clock:
        yield Merchant(client, clock, key)


@pytest.fixture
def ada(merchant):
    merchant.post("/affiliates", ADA)
    return Affiliate.get(code="ada")


def click(code="ada", headers=None, **more):
    seen = visits.read(code, headers=headers or BROWSER, now=utcnow(), **more)
    return traffic.record_click(seen).click_id


def said(answer):
    return answer.status_code, answer.json["error"].get("field")


# --- Who may, and what it is --------------------------------------------------------------------

POSTS = ("/track/lead", "/track/sale", "/track/refund", "/affiliates")
GETS = ("/orders", "/payouts", "/clicks", "/affiliates/ada", "/affiliates/ada/ledger")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer x", "Basic x", "Bearer é"]
)
def test_without_a_key_nothing_is_told(merchant, header):
    headers = {} if header is None else {"Authorization": header}
    for path in GETS:
        assert merchant.get(path, headers=headers).status_code == 401
    for path in POSTS:
        answer = merchant.post(path, {}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_is_none(merchant):
    access.ApiKey.update(revoked_at=utcnow()).execute()
    assert merchant.get("/orders").status_code == 401


def test_the_word_bearer_has_no_case_and_answers_are_not_kept(merchant):
    headers = {"Authorization": merchant.headers["Authorization"].replace("Bearer", "bearer")}
    answer = merchant.get("/orders", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", POSTS)
def test_bodies_that_are_no_json(merchant, path):
    for data in (b"", b"{", b"nope", b"\xff", b"[" * 50_000, b'{"amount": NaN}'):
        answer = merchant.post(path, data=data, content_type="application/json")
        assert answer.status_code == 400
    assert merchant.post(path, data=b"{}", content_type="text/plain").status_code == 415
    assert merchant.post(path, data={"a": "b"}).status_code == 415
    large = b'{"name": "' + b"x" * (256 * 1024) + b'"}'
    assert merchant.post(path, data=large, content_type="application/json").status_code == 413
    for value in ([], "text", 1, True):
        assert merchant.post(path, value).status_code == 422
    assert merchant.post(path, {}).status_code == 422
    assert merchant.post(path, {"nonsense": 1}).json["error"]["code"] == "unknown"


def test_a_body_of_256_kb_is_read(merchant):
    body = json.dumps({"event_id": "l", "customer_id": "c"}).encode()
    body += b" " * (256 * 1024 - len(body))
    answer = merchant.post("/track/lead", data=body, content_type="application/json")
    assert answer.status_code == 201


def test_a_charset_beside_the_type_is_fine(merchant):
    answer = merchant.post(
        "/track/lead",
        data=b'{"event_id": "l", "customer_id": "c"}',
        content_type="application/json; charset=utf-8",
    )
    assert answer.status_code == 201


def test_methods_and_addresses_that_are_none(merchant):
    for path in POSTS:
        assert merchant.get(path).status_code == 405
        assert merchant.call("DELETE", path).status_code == 405
    for path in GETS:
        assert merchant.post(path, {}).status_code == 405
    for path in ("", "/", "/nothing", "/track/nothing", "/affiliates/ada/nothing"):
        assert merchant.get(path).status_code == 404
    assert merchant.get("/nothing").json["error"]["message"] == "There is nothing at this address."
    told = merchant.get("/track/sale").json["error"]
    assert told["message"] == "This address does not take this method."


# --- Leads --------------------------------------------------------------------------------------


def test_a_lead_ties_a_browser(merchant, ada):
    clicked = click()
    answer = merchant.lead(click_id=clicked)
    assert answer.status_code == 201
    assert merchant.sale().json["credited_to"] == "ada"


def test_a_lead_again_answers_the_same(merchant):
    body = {"event_id": "l", "customer_id": "c", "email": "c@shop.example"}
    first, again = merchant.post("/track/lead", body), merchant.post("/track/lead", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data == again.data
    assert merchant.post("/track/lead", {**body, "name": "Cy"}).status_code == 409


# --- Sales --------------------------------------------------------------------------------------


def test_a_sale_tells_who_earned_what(merchant, ada):
    plan = {"interval": "month", "price": 9700}
    answer = merchant.sale(event_id="s", click_id=click(), plan=plan)
    assert answer.status_code == 201
    body = answer.json
    assert body.pop("reason")
    assert body == {
        "event_id": "s",
        "order_id": "s",
        "customer_id": "c1",
        "credited_to": "ada",
        "rule": "R7.4",
        "entries": [{"affiliate": "ada", "kind": "commission", "amount": 2000}],
        "notes": [],
    }
    assert merchant.balance("ada") == 2000


def test_a_sale_without_plan_is_a_one_off(merchant, ada):
    merchant.sale(click_id=click(), amount=1003)
    order = merchant.get("/orders").json["orders"][0]
    assert order["plan"] == {"interval": "once", "price": 1003}
    assert order["earned"] == 201


def test_a_sale_again_answers_the_same_for_ever(merchant, ada, now):
    body = {"event_id": "s", "customer_id": "c", "email": "c@shop.example", "amount": 5}
    first = merchant.post("/track/sale", body)
    merchant.clock.move_to(now + timedelta(days=400))
    again = merchant.post("/track/sale", {**body, "currency": "usd", "order_id": "s", "name": None})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data == again.data


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 6},
        {"customer_id": "d"},
        {"order_id": "o"},
        {"email": "d@shop.example"},
        {"name": "Cy"},
        {"click_id": "x"},
        {"plan": {"interval": "once", "price": 5}},
        {"occurred_at": "2026-03-15T12:00:00Z"},
    ],
)
def test_a_sale_with_other_content_is_a_conflict(merchant, change):
    body = {"event_id": "s", "customer_id": "c", "email": "c@shop.example", "amount": 5}
    merchant.post("/track/sale", body)
    facts = Fact.select().count()
    assert said(merchant.post("/track/sale", {**body, **change})) == (409, "event_id")
    assert Fact.select().count() == facts


def test_event_ids_are_one_space(merchant):
    lead = {"event_id": "e", "customer_id": "c"}
    assert merchant.post("/track/lead", lead).status_code == 201
    sale = {**lead, "email": "c@shop.example", "amount": 1}
    assert merchant.post("/track/sale", sale).status_code == 409
    refund = {"event_id": "e", "sale_event_id": "s"}
    assert merchant.post("/track/refund", refund).status_code == 409


def test_a_time_a_little_ahead_is_now_and_its_repeat_is_one(merchant, ada, now):
    ahead = written(now + timedelta(minutes=5))
    body = {"event_id": "s", "customer_id": "c", "email": "c@shop.example", "amount": 500}
    body |= {"occurred_at": ahead, "ordered_at": ahead}
    first = merchant.post("/track/sale", body)
    assert first.status_code == 201
    assert Payment.get().paid_at == now
    for moved in (timedelta(minutes=-30), timedelta(0), timedelta(days=1)):
        merchant.clock.move_to(now + moved)
        again = merchant.post("/track/sale", body)
        assert (again.status_code, again.data) == (200, first.data)
        assert merchant.post("/track/sale", {**body, "amount": 1}).status_code in (409, 422)
    late = {**body, "event_id": "t", "occurred_at": written(utcnow() + timedelta(seconds=301))}
    assert said(merchant.post("/track/sale", late)) == (422, "occurred_at")


@pytest.mark.parametrize("hint", ["nobody", "x" * 4000, "\x00", "\ud800", "a" * 26, "é"])
def test_a_bad_hint_loses_no_money_and_is_told(merchant, ada, hint):
    answer = merchant.sale(click_id=hint, referral_code=hint)
    assert answer.status_code == 201
    assert len(answer.json["notes"]) == 2
    assert answer.json["rule"] == "R7.5"


def test_marked_clicks_and_useless_codes_are_told(merchant, ada):
    merchant.post("/affiliates", BOB)
    click(headers={"user-agent": "Googlebot/2.1"})
    marked = merchant.sale(customer_id="m", click_id=Click.get().outside_id)
    assert (len(marked.json["notes"]), marked.json["credited_to"]) == (1, None)
    merchant.patch("/affiliates/bob", {"status": "suspended"})
    assert merchant.sale(referral_code="BOB").json["notes"]
    own = merchant.sale(customer_id="own", email="Ada+shop@lists.example", referral_code="ada")
    assert own.json["notes"]
    assert own.json["credited_to"] is None
    assert merchant.sale(customer_id="new", referral_code="ADA").json["rule"] == "R7.3"


def test_what_makes_a_sale_wrong(merchant, ada):
    assert said(merchant.sale(email=None)) == (422, "email")
    merchant.sale(order_id="o")
    assert said(merchant.sale(order_id="o", customer_id="other")) == (422, "order_id")
    assert said(merchant.sale(currency="eur")) == (422, "currency")
    free = {"interval": "month", "price": 0}
    assert said(merchant.sale(customer_id="p", plan=free)) == (422, "plan.price")
    before = written(utcnow() - timedelta(days=1))
    assert said(merchant.sale(ordered_at=written(utcnow()), occurred_at=before)) == (
        422,
        "ordered_at",
    )
    assert Payment.select().count() == 1
    assert merchant.sale(customer_id="p", amount=0, plan=free).status_code == 201


def test_credit_is_decided_once(merchant, ada):
    merchant.post("/affiliates", BOB)
    plan = {"interval": "month", "price": 9700}
    merchant.sale(order_id="o", click_id=click(), plan=plan)
    later = merchant.sale(order_id="o", click_id=click("bob"), referral_code="bob")
    assert (later.status_code, later.json["credited_to"]) == (201, "ada")
    assert later.json["entries"][0]["amount"] == 2000


# --- Refunds ------------------------------------------------------------------------------------


def test_a_refund_takes_back_what_was_earned(merchant, ada):
    merchant.sale(event_id="s", click_id=click(), amount=1000)
    answer = merchant.refund("s", event_id="r", amount=400)
    assert answer.status_code == 201
    assert answer.json == {
        "event_id": "r",
        "status": "applied",
        "entries": [{"affiliate": "ada", "kind": "reversal", "amount": -80}],
    }
    assert said(merchant.refund("s", amount=601)) == (422, "amount")
    assert merchant.refund("s").json["entries"][0]["amount"] == -120
    assert said(merchant.refund("s")) == (422, "amount")
    assert said(merchant.refund("s", amount=0))[0] == 422
    assert merchant.balance("ada") == 0


def test_a_refund_before_its_sale_waits(merchant, ada):
    first = merchant.post("/track/refund", {"event_id": "r", "sale_event_id": "s", "amount": 50})
    assert (first.status_code, first.json) == (202, {"event_id": "r", "status": "waiting"})
    again = merchant.post("/track/refund", {"event_id": "r", "sale_event_id": "s", "amount": 50})
    assert (again.status_code, again.json["status"]) == (200, "waiting")
    merchant.refund("s", event_id="much", amount=10**6)
    sale = merchant.sale(event_id="s", click_id=click(), amount=100)
    assert [entry["amount"] for entry in sale.json["entries"]] == [20, -10]
    body = {"event_id": "r", "sale_event_id": "s", "amount": 50}
    applied = merchant.post("/track/refund", body)
    assert applied.status_code == 200
    assert applied.json["status"] == "applied"
    assert applied.json["entries"] == [{"affiliate": "ada", "kind": "reversal", "amount": -10}]
    body = {"event_id": "much", "sale_event_id": "s", "amount": 10**6}
    refused = merchant.post("/track/refund", body).json
    assert refused["status"] == "refused"
    assert refused["reason"]


def test_a_won_chargeback_gives_back(merchant, ada):
    merchant.sale(event_id="s", click_id=click(), amount=1000)
    early = merchant.refund("s", event_id="won", kind="chargeback_reversed", amount=300)
    assert early.status_code == 202
    merchant.refund("s", kind="chargeback", amount=500)
    assert merchant.balance("ada") == 160
    assert said(merchant.refund("s", kind="chargeback_reversed", amount=201)) == (422, "amount")
    assert merchant.refund("s", kind="chargeback_reversed").json["entries"][0]["amount"] == 40
    assert merchant.refund("s", kind="chargeback_reversed").status_code == 202
    assert merchant.balance("ada") == 200


def test_refunds_of_nothing_and_of_no_sale(merchant, ada):
    merchant.sale(event_id="free", amount=0)
    assert merchant.refund("free").json["entries"] == []
    assert merchant.refund("free", amount=0).status_code == 201
    assert said(merchant.refund("free", amount=1)) == (422, "amount")
    merchant.lead(event_id="l")
    assert said(merchant.refund("l")) == (422, "sale_event_id")
    merchant.refund("never", event_id="r")
    assert said(merchant.refund("r")) == (422, "sale_event_id")
    assert said(merchant.refund("x", event_id="x")) == (422, "sale_event_id")
    assert said(merchant.refund("free", kind="gift")) == (422, "kind")
    assert Refund.select().count() == 3


# --- Affiliates ---------------------------------------------------------------------------------


def test_an_application_makes_an_account_once(merchant):
    first = merchant.post("/affiliates", ADA)
    assert first.status_code == 201
    assert first.json == {
        "code": "ada",
        "email": "ada@lists.example",
        "name": "Ada",
        "status": "active",
        "referrer": None,
        "us_person": False,
        "tax_id_on_file": False,
        "clicks": 0,
        "orders": 0,
        "earned": 0,
        "paid": 0,
        "balance": 0,
        "hold": None,
    }
    again = merchant.post("/affiliates", {"email": "ADA+x@lists.example", "name": "Other"})
    assert (again.status_code, again.json) == (200, first.json)
    assert said(merchant.post("/affiliates", {**BOB, "code": "ada"})) == (422, "code")
    assert said(merchant.post("/affiliates", {**BOB, "tax_id": "123456789"})) == (422, "tax_id")
    assert Affiliate.select().count() == 1


def test_an_application_with_everything(merchant):
    address = {"line1": "1 High St", "line2": "", "city": "Springfield", "state": "OR"}
    body = {**BOB, "company": "Bob Ltd", "address": {**address, "postal_code": "97477"}}
    body |= {"country": "US", "us_person": True, "tax_id": "12-3456788", "click_id": "none"}
    answer = merchant.post("/affiliates", body)
    assert answer.json["tax_id_on_file"] is True
    bob = Affiliate.get(code="bob")
    assert (bob.payee, bob.line1, bob.postal_code) == ("Bob Ltd", "1 High St", "97477")


def test_an_affiliate_by_code(merchant, ada):
    assert merchant.get("/affiliates/ADA").json["code"] == "ada"
    for code in ("bob", "a", "%00", "%ff", "ada%20", "a" * 500, "%E2%84%AA", "ad%C3%A0"):
        assert merchant.get(f"/affiliates/{code}").status_code == 404
        assert merchant.get(f"/affiliates/{code}/ledger").status_code == 404
        assert merchant.patch(f"/affiliates/{code}", {"status": "active"}).status_code == 404


def test_suspending_and_reinstating(merchant, ada):
    suspended = merchant.patch("/affiliates/ada", {"status": "suspended"})
    assert (suspended.status_code, suspended.json["hold"]) == (200, "suspended")
    assert merchant.patch("/affiliates/ada", {"status": "suspended"}).status_code == 200
    assert merchant.patch("/affiliates/Ada", {"status": "active"}).json["hold"] is None
    for status in ("declined", "review", "", None, 1):
        assert merchant.patch("/affiliates/ada", {"status": status}).status_code == 422


def test_what_a_check_needs(merchant, ada):
    address = {"line1": "1 High St", "city": "Springfield"}
    assert merchant.patch("/affiliates/ada", {"address": address}).status_code == 200
    assert merchant.patch("/affiliates/ada", {"payee": "Ada Ltd"}).status_code == 200
    assert Affiliate.get().has_address
    assert merchant.patch("/affiliates/ada", {"tax_id": "12-3456788"}).json["tax_id_on_file"]
    assert said(merchant.patch("/affiliates/ada", {"tax_id": "12"})) == (422, "tax_id")
    assert said(merchant.patch("/affiliates/ada", {"address": {}})) == (422, "address.line1")
    assert said(merchant.patch("/affiliates/ada", {"code": "eve"})) == (422, "code")
    assert merchant.patch("/affiliates/ada", {}).status_code == 422


def test_the_tax_hold_is_told(merchant, ada):
    merchant.patch("/affiliates/ada", {"payee": "Ada"})
    merchant.post("/affiliates", {**BOB, "us_person": True})
    merchant.sale(click_id=click("bob"), amount=300_000)
    assert merchant.get("/affiliates/bob").json["hold"] is None
    merchant.sale(customer_id="c2", click_id=click("bob"), amount=5)
    assert merchant.get("/affiliates/bob").json["earned"] == 60_001
    assert merchant.get("/affiliates/bob").json["hold"] == "tax_id"


def test_whoever_belonged_to_somebody_is_attached(merchant, ada):
    merchant.sale(click_id=click(), email=BOB["email"])
    assert merchant.post("/affiliates", BOB).json["referrer"] == "ada"


# --- Lists --------------------------------------------------------------------------------------


def test_the_ledger_of_an_affiliate(merchant, ada, now):
    merchant.sale(event_id="s", order_id="o", click_id=click(), amount=1000)
    happened = written(now - timedelta(days=3))
    merchant.refund("s", event_id="r", occurred_at=happened)
    entries = merchant.get("/affiliates/ADA/ledger").json["entries"]
    assert [entry.pop("id") for entry in entries] == [1, 2]
    same = {"recorded_at": written(now), "rule": "R9", "order_id": "o", "payout_id": None}
    first = {"kind": "commission", "amount": 200, "happened_at": written(now), "event_id": "s"}
    second = {"kind": "reversal", "amount": -200, "happened_at": happened, "event_id": "r"}
    assert entries == [first | same, second | same]


def test_orders_and_their_sums(merchant, ada, now):
    plan = {"interval": "year", "price": 97_000, "name": "Team"}
    merchant.sale(event_id="s", order_id="o", click_id=click(), amount=97_000, plan=plan)
    merchant.refund("s", amount=1000)
    merchant.refund("s", kind="chargeback", amount=500)
    merchant.refund("s", kind="chargeback_reversed")
    merchant.sale(customer_id="nobody", order_id="p", amount=7)
    first, second = merchant.get("/orders").json["orders"]
    assert first.pop("reason")
    assert first == {
        "order_id": "o",
        "customer_id": "c1",
        "ordered_at": written(now),
        "credited_to": "ada",
        "rule": "R7.4",
        "plan": plan,
        "paid": 97_000,
        "refunded": 1000,
        "earned": merchant.balance("ada"),
    }
    assert (second["credited_to"], second["rule"], second["earned"]) == (None, "R7.5", 0)


def test_clicks_of_everybody_and_of_one(merchant, ada, now):
    merchant.post("/affiliates", BOB)
    first = click(sub_id="mail", referrer="https://blog.example/a")
    click("bob")
    click(headers={"user-agent": "Googlebot/2.1"})
    clicks = merchant.get("/clicks?affiliate=ADA").json["clicks"]
    assert clicks[0] == {
        "click_id": first,
        "code": "ada",
        "slug": None,
        "sub_id": "mail",
        "clicked_at": written(now),
        "referrer": "https://blog.example/a",
        "marked": None,
    }
    assert clicks[1]["marked"] == "robot"
    assert len(merchant.get("/clicks").json["clicks"]) == Click.select().count() == 3
    assert merchant.get("/affiliates/ada").json["clicks"] == 1
    assert merchant.get("/clicks?affiliate=nobody").status_code == 404


def test_lists_are_walked_by_cursor_without_gap_or_repeat(merchant, ada):
    for number in range(7):
        merchant.sale(customer_id=f"c{number}", click_id=click(), amount=100)
    for path, name in (
        ("/orders", "orders"),
        ("/affiliates/ada/ledger", "entries"),
        ("/clicks?affiliate=ada", "clicks"),
    ):
        whole = merchant.pages(path, name, 200)
        assert len(whole) == 7
        for limit in (1, 3, 7):
            assert merchant.pages(path, name, limit) == whole
    assert merchant.get("/payouts").json == {"payouts": [], "next": None}


def test_limits_cursors_and_months_that_are_none(merchant, ada):
    for limit in ("0", "201", "-1", "x", "", "1.5", "%C2%B2", "9" * 30):
        assert said(merchant.get(f"/orders?limit={limit}")) == (422, "limit")
    foreign = merchant.pages
    merchant.sale(click_id=click(), amount=5)
    merchant.sale(amount=5)
    foreign = merchant.get("/orders?limit=1").json["next"]
    for cursor in ("x", "1", "é", "%00", "a" * 999, "b3JkZXJzOi0x", "b3JkZXJzOjE!"):
        assert said(merchant.get(f"/orders?cursor={cursor}")) == (422, "cursor")
    assert said(merchant.get(f"/clicks?cursor={foreign}")) == (422, "cursor")
    far = merchant.get(f"/clicks?cursor=clicks-{2**63 - 1}")  # the click of a clock that jumped
    assert (far.status_code, far.json) == (200, {"clicks": [], "next": None})
    assert said(merchant.get(f"/clicks?cursor=clicks-{2**63}")) == (422, "cursor")
    for month in ("2026", "2026-13", "x", "2026-1", "%00"):
        assert said(merchant.get(f"/payouts?month={month}")) == (422, "month")
    assert merchant.get("/payouts?month=2026-02").json["payouts"] == []


def test_what_is_wrong_stores_nothing(merchant, ada):
    facts = Fact.select().count()
    merchant.sale(amount=-1)
    merchant.sale(email="nope")
    merchant.lead(customer_id="")
    merchant.post("/affiliates", {**BOB, "country": "Utopia"})
    assert Fact.select().count() == facts
    assert Affiliate.get().status == rules.ACTIVE
