"""Signing in and out, the first login, a forgotten password (R1, R16)."""

from datetime import timedelta

import pytest

from portal import access, affiliates, mail
from portal.rules import SUSPENDED
from tests.answers import steady
from tests.makers import PASSWORD, make_affiliate

NEW = "another plain sentence"


def sign_in(client, name, password=PASSWORD):
    return client.post("/login", data={"username": name, "password": password})


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@example.com", " alice "])
def test_affiliates_sign_in_by_code_or_e_mail(client, alice, name):
    assert sign_in(client, name).location == "/home"
    assert client.get("/home").location == "/center/"
    assert client.get("/center/").status_code == 200


def test_admins_sign_in_on_the_same_form(client, admin):
    sign_in(client, admin.email)
    assert client.get("/home").location == "/admin/"


def test_a_wrong_password_says_how_many_tries_are_left(client, alice):
    answer = sign_in(client, "alice", "wrong")
    page = answer.text
    assert answer.status_code == 422
    assert "4 more tries" in page
    assert 'value="alice"' in page
    assert "wrong" not in page.replace("not right", "")


def said(answer, name):
    """A page without the name that was typed and without its token."""
    return steady(answer).replace(name, "")


def test_an_unknown_name_gets_the_same_answer(client, alice):
    known, unknown = sign_in(client, "alice", "wrong"), sign_in(client, "nobody", "wrong")
    assert said(known, "alice") == said(unknown, "nobody")


def test_too_many_tries_wait(client, alice):
    for _ in range(5):
        sign_in(client, "alice", "wrong")
    answer = sign_in(client, "alice")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_nothing_typed_is_asked_for(client, set_up):
    answer = client.post("/login", data={})
    assert answer.status_code == 422
    assert "2 things to fix" in answer.text


def test_signing_out_ends_it(client, alice):
    sign_in(client, "alice")
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").location == "/login"
    assert client.get("/center/").location == "/login"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client, alice):
    asked = client.get("/center/clicks?sub_id=a").location
    assert asked == "/login?next=/center/clicks?sub_id%3Da"
    answer = client.post(asked, data={"username": "alice", "password": PASSWORD})
    assert answer.location == "/center/clicks?sub_id=a"


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/center/", "/admin/", "/center/a\r\nX: y", ""],
)
def test_signing_in_leads_nowhere_else(client, alice, wanted):
    answer = client.post("/login", query_string={"next": wanted},
                         data={"username": "alice", "password": PASSWORD})  # fmt: skip
    assert answer.location == "/home"


def test_the_session_is_new_after_signing_in(client, alice):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    sign_in(client, "alice")
    with client.session_transaction() as session:
        assert "planted" not in session


def test_a_changed_password_ends_other_sessions(app, client, alice, today):
    sign_in(client, "alice")
    access.set_password(alice, NEW, now=today)
    assert client.get("/center/").location == "/login"


@pytest.mark.parametrize("age", [{"used_at": timedelta(hours=3)}, {"began_at": timedelta(days=15)}])
def test_sessions_end_by_rest_and_by_age(client, alice, today, age):
    sign_in(client, "alice")
    access.LoginSession.update({name: today - ago for name, ago in age.items()}).execute()
    assert client.get("/center/").location == "/login"


def test_polling_keeps_no_session_awake(client, alice, today, htmx):
    sign_in(client, "alice")
    used = today - timedelta(hours=1)
    access.LoginSession.update(used_at=used).execute()
    htmx("/center/", "feed")
    assert access.LoginSession.get().used_at == used
    client.get("/center/")
    assert access.LoginSession.get().used_at >= today


def test_a_cookie_from_before_signing_out_opens_nothing(app, client, alice):
    sign_in(client, "alice")
    kept = client.get_cookie("session").value
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie("session", kept)
    assert thief.get("/center/").location == "/login"


def test_a_session_id_that_we_did_not_make_is_none(client, alice):
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "made up elsewhere", True
    assert client.get("/center/").location == "/login"


def test_a_lost_session_sends_htmx_to_the_login_page(htmx, set_up):
    answer = htmx("/center/", "feed")
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


@pytest.mark.parametrize("shown", ["http://[bad", "http://a]b/", "//", "\xff", "http://x:9999999"])
def test_a_lost_session_on_a_page_without_a_right_address(client, set_up, shown):
    headers = {"HX-Request": "true", "HX-Current-URL": shown}
    answer = client.get("/center/clicks", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")


def test_a_lost_session_comes_back_to_the_page_that_was_shown(client, set_up):
    shown = "https://portal.example:8443/center/clicks?sub_id=a#clicks"
    headers = {"HX-Request": "true", "HX-Current-URL": shown}
    answer = client.get("/center/clicks", headers=headers)
    assert answer.headers["HX-Redirect"] == "/login?next=/center/clicks?sub_id%3Da"


def test_a_suspended_affiliate_still_reads(client, alice, today):
    affiliates.set_status(alice, SUSPENDED, by="test", now=today)
    sign_in(client, "alice")
    page = client.get("/center/").text
    assert "Good" in page


def test_the_first_login_opens_only_one_page(client, set_up, today):
    bob = make_affiliate("bob", today, password=None)
    once = access.one_time_password(bob, now=today)
    assert sign_in(client, "bob", once).location == "/login/first"
    assert client.get("/center/").location == "/login/first"
    assert client.post("/login/first", data={"new": "short", "again": "short"}).status_code == 422
    other = client.post("/login/first", data={"new": NEW, "again": NEW + "x"})
    assert "not the same" in other.text
    assert client.post("/login/first", data={"new": NEW, "again": NEW}).location == "/home"
    assert client.get("/center/").status_code == 200
    assert sign_in(client, "bob", once).status_code == 422


def test_forgotten_says_the_same_for_everyone(client, alice):
    names = ("alice", "nobody")
    known, unknown = (client.post("/password/forgotten", data={"username": n}) for n in names)
    assert said(known, "alice") == said(unknown, "nobody")
    assert mail.waiting().where(mail.Message.kind == "password_reset").count() == 1


def test_a_reset_link_works_once(client, alice, today):
    token = access.reset_token(alice, now=today)
    address = f"/password/new/{token}"
    assert client.get(address).status_code == 200
    assert client.post(address, data={"new": NEW, "again": "no"}).status_code == 422
    assert client.post(address, data={"new": NEW, "again": NEW}).location == "/login"
    assert client.get(address).status_code == 404
    assert sign_in(client, "alice", NEW).location == "/home"


def test_a_made_up_reset_link_is_no_link(client, set_up):
    assert client.get("/password/new/abc").status_code == 404
    assert client.post("/password/new/abc", data={"new": NEW, "again": NEW}).status_code == 404


def test_a_form_without_its_token_is_a_page_in_words(app, db):
    """As in a server: the thread of the request has no connection open yet."""
    app.config["WTF_CSRF_ENABLED"] = True
    db.close()
    answers = [app.test_client().post(path) for path in ("/login", "/apply", "/center/profile/tax")]
    db.connect()
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert "This form is too old" in answers[0].text


@pytest.mark.parametrize("body", ["[1, 2]", '{"username": {"a": 1}, "password": [1]}', "5"])
def test_a_page_takes_no_json_for_a_form(client, set_up, body):
    answer = client.post("/login", data=body, content_type="application/json")
    assert answer.status_code == 415
    assert "Not in this form" in answer.text


def test_a_form_whose_field_has_no_name_is_not_taken(app, set_up):
    app.config["WTF_CSRF_ENABLED"] = True
    body = "--a\r\nContent-Disposition: form-data\r\n\r\nz\r\n--a--"
    kind = "multipart/form-data; boundary=a"
    assert app.test_client().post("/login", data=body, content_type=kind).status_code == 415


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/api/v1/orders"])
def test_a_host_that_is_none_is_refused_in_words(client, set_up, path):
    answer = client.get(path, headers={"Host": "x" * 64})
    assert answer.status_code == 400
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/go/alice", headers={"Host": "x" * 64}).status_code == 302
