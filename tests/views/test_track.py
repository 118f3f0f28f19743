"""The merchant's snippet and what it tells: /track.js and /track/click; and /healthz."""

import json
from pathlib import Path

import pytest
from peewee import OperationalError

from portal.models import Click
from tests.visiting import BROWSER, locked, make_affiliate, make_program, stored


@pytest.fixture
def browser(client, now):
    make_program(now)
    make_affiliate("alice", now)
    client.application.config["WTF_CSRF_ENABLED"] = True
    client.environ_base["HTTP_USER_AGENT"] = BROWSER
    return client


def tell(browser, told, kind="application/json", **headers):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return browser.post("/track/click", data=body, content_type=kind, headers=headers)


def content(answer):
    return answer.get_json()


def test_a_click_through_is_stored_and_its_id_told(browser):
    told = {"code": "Alice", "slug": "x", "sub_id": "m1", "page": "https://shop.example/"}
    answer = tell(browser, told | {"referrer": "https://blog.example/a?b"})
    (click,) = stored()
    assert (answer.status_code, content(answer)) == (200, {"click_id": click.outside_id})
    assert (click.sub_id, click.referrer) == ("m1", "https://blog.example/a")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_the_former_click_tells_the_visitor(browser):
    first = content(tell(browser, {"code": "alice", "click_id": None}))["click_id"]
    tell(browser, {"code": "alice", "click_id": first}, kind="text/plain;charset=UTF-8")
    one, two = stored()
    assert two.visitor == one.id == one.visitor


@pytest.mark.parametrize("said", [{"User-Agent": "Googlebot/2.1"}, {"Sec-Purpose": "prefetch"}])
def test_a_marked_one_answers_null(browser, said):
    assert content(tell(browser, {"code": "alice"}, **said)) == {"click_id": None}
    assert stored()[0].mark


def test_an_unknown_code_answers_null(browser):
    assert content(tell(browser, {"code": "nobody"})) == {"click_id": None}
    assert stored() == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"[1]", 422, None),
        (b"\xff", 400, None),
        (b"[" * 50_000, 400, None),
        ({}, 422, "code"),
        ({"code": ""}, 422, "code"),
        ({"code": 1}, 422, "code"),
        ({"code": "alice", "page": []}, 422, "page"),
        ({"code": "alice", "amount": 1}, 422, "amount"),
        (b'{"code": NaN}', 400, None),
        (b" " * 100_000, 413, None),
    ],
)
def test_what_is_no_click_is_refused_in_words(browser, body, status, field):
    answer = tell(browser, body)
    error = content(answer)["error"]
    assert (answer.status_code, error.get("field")) == (status, field)
    assert status != 413 or error["message"] == "A body has 64 kB at most."
    assert error["code"]
    assert error["message"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert Click.select().count() == 0


def test_other_kinds_of_body_and_other_methods_are_refused(browser):
    assert tell(browser, {"code": "alice"}, kind="application/xml").status_code == 415
    answer = browser.get("/track/click")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}


def test_browsers_may_ask_first(browser):
    answer = browser.options("/track/click")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "Content-Type"


def test_hostile_text_is_dropped_or_cut(browser):
    told = {"code": "alice", "sub_id": "\x00", "referrer": "https://b.example/\ud800\x00"}
    assert content(tell(browser, told | {"slug": "\x00", "click_id": "\x00\ud800"}))["click_id"]
    assert (stored()[0].sub_id, stored()[0].referrer) == (None, "https://b.example/")


@pytest.mark.sqlite_only
def test_a_locked_store_is_told_and_to_be_tried_again(browser, db):
    db.execute_sql("PRAGMA busy_timeout = 50")
    with locked(db.database):
        answer = tell(browser, {"code": "alice"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_the_snippet_is_small_fresh_and_open_to_other_sites(browser):
    answer = browser.get("/track.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.data == Path("static/track.js").read_bytes()
    assert len(answer.data) < 2048
    again = browser.get("/track.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert browser.post("/track.js").status_code == 405


def test_healthz_answers_when_the_database_does(browser, db, monkeypatch):
    answer = browser.get("/healthz")
    assert (answer.status_code, answer.data) == (200, b"ok\n")

    def gone(*_):
        raise OperationalError("the server has gone away")

    monkeypatch.setattr(db.obj, "execute_sql", gone)
    assert browser.get("/healthz").status_code == 503
