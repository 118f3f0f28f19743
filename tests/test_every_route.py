"""Every address of the portal as everyone: nobody sees what is not theirs, and none fails.

A route that is added stands here by itself, through the map of addresses.
"""

import re
from datetime import timedelta

import pytest
import time_machine

from portal import cases, program
from portal.books import Entry, Order, Payout
from portal.months import month_of
from tests.makers import (
    ADDRESS,
    make_admin,
    make_affiliate,
    make_click,
    make_earnings,
    make_program,
    make_run,
)

OPEN = {
    "public",
    "login",
    "assets",
    "images",
}  # blueprints for everyone; each guards what it must itself
FOR_PROGRAMS = {"api", "track"}


@pytest.fixture
def cast(db, now):
    """Alice with a run of her own, mallory who must see nothing of it, and the office."""
    make_program(now - timedelta(days=100))
    month = month_of(now, program.load().zone).plus(-1)
    alice = make_affiliate("alice", now - timedelta(days=90), **ADDRESS)
    make_earnings(alice, month.start(program.load().zone) + timedelta(days=4), sales=6)
    with time_machine.travel(now, tick=False):
        yield {
            "alice": alice,
            "mallory": make_affiliate("mallory", now - timedelta(days=90)),
            "admin": make_admin(now - timedelta(days=90)),
            "month": month,
            "click": make_click(alice, now),
            "case": cases.ask(alice, "A check of alice's", "Where is it?", key="k", now=now),
        }


def routes(app, cast):
    """Every page of the people's blueprints as (blueprint, method, address)."""
    values = {"code": "alice", "month": cast["month"], "token": "x", "digest": "x", "name": "x"}
    values |= {"part": "checks", "year": cast["month"][:4]}
    values |= {
        "number": cast["case"].id,
        "key": cast["case"].key,
        "kind": "banner",
        "slug": "main",
        "form": "svg",
    }
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            blueprint = rule.endpoint.partition(".")[0]
            if blueprint in FOR_PROGRAMS or "." not in rule.endpoint:
                continue
            known = {name: values[name] for name in rule.arguments}
            address = app.url_map.bind("localhost").build(rule.endpoint, known)
            for method in rule.methods & {"GET", "POST"}:
                yield blueprint, method, address


def test_nobody_signed_in_sees_only_the_public_pages(app, cast):
    for blueprint, method, address in routes(app, cast):
        answer = app.test_client().open(address, method=method)
        if blueprint in OPEN:
            assert answer.status_code < 500, address
        else:
            login = answer.location.partition("?next=")[0]
            assert (answer.status_code, login) == (303, "/login"), address


def test_an_affiliate_never_enters_the_office(login_as, app, cast):
    client = login_as(cast["mallory"])
    for blueprint, method, address in routes(app, cast):
        if blueprint == "admin":
            for headers in ({}, {"HX-Request": "true"}):
                answer = client.open(address, method=method, headers=headers)
                assert answer.status_code == 403, address
        elif address != "/logout":
            answer = client.open(address, method=method)
            assert answer.status_code in (200, 303, 404, 422), address
            assert b"order-" not in answer.data, address
            assert b"alice" not in answer.data.lower(), address


def test_an_admin_has_no_resource_center(login_as, app, cast):
    client = login_as(cast["admin"])
    for blueprint, method, address in routes(app, cast):
        if blueprint == "center":
            assert client.open(address, method=method).status_code == 403, address
        elif blueprint == "admin":
            assert client.open(address, method=method).status_code in (200, 303, 404, 422), address


def test_what_belongs_to_others_is_nowhere(login_as, cast):
    client = login_as(cast["mallory"])
    foreign = client.get(f"/center/clicks?before={cast['click']}")
    missing = client.get("/center/clicks?before=" + "a" * 26)
    assert foreign.status_code == missing.status_code == 404
    without_tokens = [re.sub(rb'value="[\w.-]+"', b"", a.data) for a in (foreign, missing)]
    assert without_tokens[0] == without_tokens[1]


def test_what_alice_asked_and_could_ask_is_nowhere_for_mallory(login_as, cast, now):
    """Her case, and each kind of her rows; whatever answers, she is not named in it."""
    case = cases.ask(cast["alice"], "Mine", "Why?", key="k", now=now)
    order = Order.get(Order.credited_to == cast["alice"])
    make_run(cast["month"], now)
    payout = Payout.get(Payout.affiliate == cast["alice"])
    entry = Entry.select().where(Entry.affiliate == cast["alice"]).first()
    rows = [f"entry:{entry.id}", f"order:{order.order_id}", f"click:{cast['click']}"]
    rows.append(f"payout:{payout.run_id}")
    addresses = [f"/center/help?about={row}" for row in rows] + [f"/center/cases/{case.key}"]
    for person, status in (("alice", 200), ("mallory", 404)):
        client = login_as(cast[person])
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == status, address
            if person == "mallory":
                assert client.post(address, data={"do": "close"}).status_code == 404, address
                assert b"alice" not in answer.data.lower(), address
                assert b"order-" not in answer.data, address


def test_no_deed_without_its_token(login_as, app, cast):
    app.config["WTF_CSRF_ENABLED"] = True
    for person in ("alice", "admin"):
        client = login_as(cast[person])
        for _, method, address in routes(app, cast):
            if method == "POST":
                assert client.post(address).status_code in (400, 403), address


def test_every_answer_is_private_and_guarded(login_as, app, cast):
    client = login_as(cast["alice"])
    for blueprint, method, address in routes(app, cast):
        if method == "GET" and blueprint in ("center", "public"):
            headers = client.get(address).headers
            assert headers["Cache-Control"] == "no-store", address
            assert headers["X-Frame-Options"] == "DENY", address
            assert "default-src 'none'" in headers["Content-Security-Policy"], address


@pytest.mark.parametrize("probe", ["/.git/HEAD", "/.env", "/console", "/app.db", "/static/../x"])
def test_scanners_find_nothing(client, cast, probe):
    assert client.get(probe).status_code == 404
