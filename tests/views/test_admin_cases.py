"""The office's cases: those to answer first, the facts beside the answer."""

from datetime import timedelta

import pytest

from portal import cases, mail
from portal.models import Audit
from tests.views.test_center_tables import counted


@pytest.fixture
def office(login_as, admin):
    return login_as(admin)


@pytest.fixture
def ask(alice, today):
    """Open a case of alice's, by its subject."""

    def opened(subject, **about):
        said = (subject, f"Words of {subject}.")
        return cases.ask(alice, *said, key=subject, now=today - timedelta(hours=1), **about)

    return opened


@pytest.fixture
def send(office):
    """Answer a case as its page does; returns the answer."""

    def sent(case, words="On its way.", **more):
        seen = cases.notes(case)[-1].id
        form = {"text": words, "key": "k", "seen": seen} | more
        return office.post(f"/admin/cases/{case.id}", data=form)

    return sent


def test_the_oldest_to_answer_is_on_top(office, ask, send):
    answered, first, second = ask("Answered one"), ask("First one"), ask("Second one")
    send(answered)
    page = office.get("/admin/cases").text
    places = [page.index(case.subject) for case in (first, second, answered)]
    assert places == sorted(places)
    assert "2 cases to answer" in page


def test_the_overview_says_that_cases_wait(office, ask, send):
    assert "Cases to answer" not in office.get("/admin/").text
    case = ask("My check")
    assert "<li><b>1</b><div>Cases to answer" in office.get("/admin/").text
    send(case)
    assert "Cases to answer" not in office.get("/admin/").text


def test_the_list_is_filtered_by_its_address(office, ask, send):
    missing, entry = ask("Of a sale", about="missing"), ask("Of an entry", about="entry")
    send(entry)
    for query in ("state=open", "about=missing", f"q={missing.id}"):
        page = office.get(f"/admin/cases?{query}").text
        assert "Of a sale" in page, query
        assert "Of an entry" not in page, query
    assert "Of a sale" in office.get("/admin/cases?q=Alice").text
    assert "No cases here" in office.get("/admin/cases?q=nobody").text


@pytest.mark.parametrize("query", ["state=x", "about=x", "q=%00"])
def test_a_filter_that_is_none_is_nowhere(office, query):
    assert office.get(f"/admin/cases?{query}").status_code == 404


@pytest.mark.parametrize("query", ["before=x", "before=²", "before=" + "9" * 30, "q=²"])
def test_odd_addresses_fail_nobody(office, ask, query):
    ask("My check")
    assert office.get(f"/admin/cases?{query}").status_code == 200


def test_older_cases_by_number(office, ask, send, monkeypatch):
    monkeypatch.setattr(cases, "PAGE", 2)
    monkeypatch.setattr(cases.listed, "__defaults__", ("", "", "", None, 2))
    for number in range(3):
        send(ask(f"Number {number}"), key=str(number))
    page = office.get("/admin/cases").text
    assert "Number 0" not in page
    older = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert "Number 0" in office.get(older).text


def test_the_list_is_live(office, htmx, ask):
    page = office.get("/admin/cases").text
    poll = page.partition('id="cases" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert htmx(poll, "cases").status_code == 204
    ask("Just now")
    assert "Just now" in htmx(poll, "cases").text


def test_fifty_cases_cost_what_five_do(office, ask, monkeypatch):
    monkeypatch.setattr(cases, "A_DAY", 99)
    for number in range(5):
        ask(f"Number {number}")
    office.get("/admin/cases")
    with counted(monkeypatch) as few:
        office.get("/admin/cases")
    for number in range(5, 50):
        ask(f"Number {number}")
    with counted(monkeypatch) as many:
        office.get("/admin/cases")
    assert len(many) == len(few) < 12


# --- One case ----------------------------------------------------------------------------------


def test_a_case_shows_facts_words_and_the_way_to_the_file(office, ask):
    case = ask("My check", facts=[("By", "D. K.")], evidence=[("By", "Dana Kim")])
    page = office.get(f"/admin/cases/{case.id}").text
    assert "Dana Kim" in page
    assert "Words of My check." in page
    assert 'href="/admin/affiliates/alice"' in page
    assert 'href="/admin/affiliates/alice#adj"' in page
    assert 'id="adj"' in office.get("/admin/affiliates/alice").text


def test_an_answer_is_said_mailed_and_logged_once(office, ask, send):
    case = ask("My check")
    seen = cases.notes(case)[-1].id
    for _ in range(2):
        answer = send(case, seen=seen)
        assert (answer.status_code, answer.location) == (303, f"/admin/cases/{case.id}")
    assert cases.Case.get().state == cases.ANSWERED
    assert [note.text for note in cases.notes(case)] == ["Words of My check.", "On its way."]
    assert mail.Message.select().where(mail.Message.kind == "case_answered").count() == 1
    assert Audit.select().where(Audit.did == "case answered").count() == 1
    assert "Ana" in office.get(f"/admin/cases/{case.id}").text


def test_send_and_close(ask, send):
    send(ask("My check"), do="close")
    assert cases.Case.get().state == cases.CLOSED


def test_an_answer_to_what_was_not_read_is_kept_and_not_sent(office, ask, send, alice, today):
    case = ask("My check")
    seen = cases.notes(case)[-1].id
    cases.say(case, alice, "It is torn.", key="more", now=today)
    answer = send(case, "I will send another.", seen=seen)
    page = answer.text
    assert answer.status_code == 422
    assert "Something was said here since" in page
    assert "It is torn." in page
    assert "I will send another." in page
    assert f'name="seen" type="hidden" value="{cases.notes(case)[-1].id}"' in page
    assert cases.Case.get().state == cases.OPEN


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"text": " "}, "Write a few words."), ({"text": "x" * 5_001}, "5000"),
     ({"text": "a\x00"}, "cannot be printed"), ({"seen": "x"}, "Not a valid integer"),
     ({"seen": ""}, "Something was said here since")],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_a_bad_answer_is_said_and_not_sent(office, ask, wrong, said):
    case = ask("My check")
    form = {"text": "On its way.", "key": "k", "seen": "1"} | wrong
    answer = office.post(f"/admin/cases/{case.id}", data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert len(cases.notes(case)) == 1


@pytest.mark.parametrize("number", ["0", "7", "999999999", "9999999999", "x"])
def test_what_is_no_case_is_nowhere(office, ask, number):
    ask("My check")
    assert office.get(f"/admin/cases/{number}").status_code == 404


def test_wrong_method(office, ask):
    assert office.post("/admin/cases").status_code == 405
    assert office.delete(f"/admin/cases/{ask('My check').id}").status_code == 405


def test_an_affiliate_never_gets_in(login_as, ask, alice):
    case = ask("My check", evidence=[("By", "Dana Kim")])
    office = login_as(alice)
    for method in ("GET", "POST"):
        assert office.open(f"/admin/cases/{case.id}", method=method).status_code == 403
