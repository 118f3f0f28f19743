"""Help: questions, cases of one's own, and asking about a row with its facts."""

import re

import pytest

from portal import cases
from portal.cases import Case, CaseNote
from tests.makers import make_click, make_sale

SAID = {"subject": "My check", "text": "Where is it?", "key": "form-1"}


def text(response):
    return response.get_data(as_text=True)


@pytest.fixture
def mine(login_as, alice):
    return login_as(alice)


@pytest.fixture
def case(alice, today):
    return cases.ask(alice, "My check", "Where is it?", key="k1", now=today)


def test_a_question_is_asked_once_and_read_on(mine):
    assert "Ask the office" in text(mine.get("/center/help"))
    first, second = (mine.post("/center/help", data=SAID) for _ in range(2))
    assert first.status_code == 303
    assert first.location == second.location == f"/center/cases/{Case.get().key}"
    assert Case.select().count() == CaseNote.select().count() == 1
    page = text(mine.get(first.location))
    assert "Where is it?" in page
    assert "With the office" in page
    assert "What came along" not in page
    assert "My check" in text(mine.get("/center/help"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"subject": ""}, "Say what it is about."),
        ({"subject": "x" * 121}, "120 characters at most"),
        ({"text": " "}, "Write your question."),
        ({"text": "x" * 5_001}, "5,000 characters at most"),
        ({"text": "a\x00"}, "cannot be printed"),
        ({"key": "x" * 41}, "to fix"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_opened(mine, wrong, said):
    answer = mine.post("/center/help", data=SAID | wrong)
    assert answer.status_code == 422
    assert said in text(answer)
    assert Case.select().count() == 0


def test_each_page_asks_about_its_rows_and_the_facts_come_along(mine, alice, today):
    make_sale(today, click_id=make_click(alice, today))
    for page, kind in (("payments", "entry"), ("orders", "order"), ("clicks", "click")):
        link = re.search(rf'/center/help\?about={kind}[^"#]*', text(mine.get(f"/center/{page}")))
        shown = text(mine.get(link.group()))
        assert "These facts come along with your question." in shown
        answer = mine.post(link.group(), data=SAID | {"key": kind})
        assert "What came along" in text(mine.get(answer.location))
        case = Case.get(Case.key == answer.location.rpartition("/")[2])
        assert case.about == kind
        if kind != "click":
            assert "Dana Kim" in str(case.evidence)
        assert "Dana" not in str(case.facts)
        assert "Dana" not in text(mine.get(answer.location))


def test_what_is_anothers_cannot_be_asked_about(login_as, alice, mallory, today):
    click = make_click(alice, today)
    order = make_sale(today, click_id=click)["order_id"]
    client, answers = login_as(mallory), set()
    named = ["entry:1", f"order:{order}", f"click:{click}", "payout:2026-01", "entry:9", "x", "%00"]
    for about in named:
        for method in (client.get, client.post):
            answer = method(f"/center/help?about={about}", data=SAID)
            answers.add((answer.status_code, answer.data))
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert Case.select().count() == 0


def test_a_case_is_answered_once_closed_and_opened_again(mine, case):
    address = f"/center/cases/{case.key}"
    for _ in range(2):
        answer = mine.post(address, data={"text": "More to say", "key": "n1"})
        assert (answer.status_code, answer.location) == (303, address)
    assert CaseNote.select().count() == 2
    mine.post(address, data={"do": "close"})
    page = text(mine.get(address))
    assert "Closed" in page
    assert "This is settled" not in page
    mine.post(address, data={"text": "Again", "key": "n2"})
    assert Case.get().state == cases.OPEN
    refused = mine.post(address, data={"text": "", "key": "n3"})
    assert (refused.status_code, "Write a few words." in text(refused)) == (422, True)


def test_what_the_office_says_comes_by_itself_and_without_its_name(mine, htmx, case, admin, today):
    page = text(mine.get(f"/center/cases/{case.key}"))
    poll = page.partition('id="case"')[2].partition('hx-get="')[2].partition('"')[0]
    poll = poll.replace("&amp;", "&")
    assert htmx(poll, "case").status_code == 204
    cases.answer(case, "On <b>Monday</b>", by=admin, key="a", now=today)
    part = text(htmx(poll, "case"))
    assert "On &lt;b&gt;Monday&lt;/b&gt;" in part
    assert "The program office" in part
    assert "Ana" not in part
    assert "office@" not in part


def test_the_case_of_another_is_nowhere(login_as, mallory, case):
    client = login_as(mallory)
    for method in (client.get, client.post):
        answers = [
            method(f"/center/cases/{key}", data={"text": "x", "key": "y", "do": "close"})
            for key in (case.key, "0" * 26, "%00", case.id, "%ff")
        ]
        assert {a.status_code for a in answers} == {404}
        assert len({a.data for a in answers}) == 1
    assert (Case.get().state, CaseNote.select().count()) == (cases.OPEN, 1)
    assert "My check" not in text(client.get("/center/help"))


def test_wrong_method_and_not_yours(client, login_as, admin, case):
    for address in ("/center/help", f"/center/cases/{case.key}"):
        assert client.get(address).status_code == 303
        assert client.put(address).status_code in (303, 405)
    login_as(admin)
    for address in ("/center/help", f"/center/cases/{case.key}"):
        assert client.get(address).status_code == 403
