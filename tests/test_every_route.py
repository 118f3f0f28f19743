"""Every address of the portal as everyone: nobody sees what is not theirs, and none fails.

A route that is added stands here by itself, through the map of addresses.
"""

from datetime import timedelta

import pytest

from portal import cases, database, program
from portal.books import Entry, Order
from portal.months import month_of
from tests.makers import (
    ADDRESS,
    make_admin,
    make_affiliate,
    make_click,
    make_earnings,
    make_program,
)

OPEN = {
    "public",
    "login",
    "assets",
    "images",
}  # blueprints for everyone; each guards what it must itself
FOR_PROGRAMS = {"api", "track"}


@pytest.fixture
def cast(db):
    """Alice with a run of her own, mallory who must see nothing of it, and the office."""
    today = database.utcnow()
    make_program(today - timedelta(days=100))
    month = month_of(today, program.load().zone).plus(-1)
    alice = make_affiliate("alice", today - timedelta(days=90), **ADDRESS)
    make_earnings(alice, month.start(program.load().zone) + timedelta(days=4), sales=6)
    return {
        "alice": alice,
        "mallory": make_affiliate("mallory", today - timedelta(days=90)),
        "admin": make_admin(today - timedelta(days=90)),
        "month": month,
        "click": make_click(alice, today),
        "case": cases.ask(alice, "A check of alice's", "Where is it?", key="k", now=today),
    }


def routes(app, cast):
    """Every page of the people's blueprints as (blueprint, method, address)."""
    values = {"code": "alice", "month": cast["month"], "token": "x", "digest": "x", "name": "x"}
    values["part"] = "checks"
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
            assert (answer.status_code, answer.location) == (303, "/login"), address


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
    click, case, entry = cast["click"], cast["case"].key, Entry.get().id
    for foreign, missing in (
        (f"clicks?before={click}", "clicks?before=" + "a" * 26),
        (f"help?about=click:{click}", "help?about=click:" + "a" * 26),
        (f"help?about=entry:{entry}", f"help?about=entry:{entry + 1_000}"),
        (f"help?about=order:{Order.get().order_id}", "help?about=order:none"),
        (f"cases/{case}", "cases/" + "a" * 26),
    ):
        answers = [client.get(f"/center/{address}") for address in (foreign, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], foreign
        assert answers[0].data == answers[1].data, foreign


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
