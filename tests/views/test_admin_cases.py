"""Cases in the office: those to answer first, each with its facts, answered once."""

import pytest

from portal import cases
from portal.cases import Case, CaseNote
from portal.mail import Message
from tests.views.test_center_tables import counted


def text(response):
    return response.get_data(as_text=True)


@pytest.fixture
def office(login_as, admin):
    return login_as(admin)


@pytest.fixture
def case(alice, today):
    along = {"facts": [("By", "D. K.")], "evidence": [("By", "Dana Kim")], "about": "order"}
    return cases.ask(alice, "My <order>", "Why?", key="k1", now=today, **along)


def many(affiliate, today, count, state=cases.OPEN):
    for _ in range(count):
        number = Case.select().count()
        made = cases.ask(affiliate, f"Case-{number}", "Why?", key=f"m{number}", now=today)
        Case.update(state=state).where(Case.id == made.id).execute()


def mails():
    return Message.select().where(Message.kind == "case_answered").count()


def test_a_case_shows_what_was_said_with_the_facts_for_the_office(office, case):
    page = text(office.get(f"/admin/cases/{case.id}"))
    for words in ("My &lt;order&gt;", "Why?", "Dana Kim", "Alice Reyes", "An order", "To answer"):
        assert words in page
    assert "D. K." not in page


def test_an_answer_is_kept_and_mailed_once(office, case, admin):
    for _ in range(2):
        answer = office.post(f"/admin/cases/{case.id}", data={"text": "So.", "key": "n1"})
        assert (answer.status_code, answer.location) == (303, f"/admin/cases/{case.id}")
    assert CaseNote.select().count() == 2
    assert mails() == 1
    assert Case.get().state == cases.ANSWERED
    page = text(office.get(f"/admin/cases/{case.id}"))
    assert "Ana" in page
    assert "Answered" in page


def test_answering_and_closing_at_once(office, case):
    office.post(f"/admin/cases/{case.id}", data={"text": "Done.", "key": "n1", "do": "close"})
    assert (Case.get().state, mails()) == (cases.CLOSED, 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": ""}, "Write a few words."),
        ({"text": "x" * 5_001}, "5,000 characters at most"),
        ({"text": "\x00"}, "to fix"),
        ({"key": "x" * 41}, "to fix"),
    ],
)
@pytest.mark.parametrize("do", ["", "close"])
def test_what_is_wrong_is_said_and_nobody_is_told(office, case, wrong, said, do):
    data = {"text": "So.", "key": "n1", "do": do} | wrong
    answer = office.post(f"/admin/cases/{case.id}", data=data)
    assert answer.status_code == 422
    assert said in text(answer)
    assert (Case.get().state, CaseNote.select().count(), mails()) == (cases.OPEN, 1, 0)


def test_those_to_answer_stand_first_and_are_counted(office, case, alice, today):
    many(alice, today, 2, cases.CLOSED)
    page = text(office.get("/admin/cases"))
    assert "1 case to answer" in page
    assert page.index("My &lt;order&gt;") < page.index("Case-2") < page.index("Case-1")
    assert "<b>1</b><div>Cases to answer" in text(office.get("/admin/"))


def test_the_list_is_filtered(office, case, mallory, today):
    many(mallory, today, 1, cases.ANSWERED)
    for query, shown in [
        ("state=open", {"My"}), ("state=answered", {"Case-1"}), ("state=closed", set()),
        ("about=order", {"My"}), ("about=question", {"Case-1"}), ("q=MALLORY", {"Case-1"}),
        ("q=alice", {"My"}), (f"q={case.id}", {"My"}), ("q=%25", set()), ("q=_", set()),
        ("before=x", {"My", "Case-1"}), ("before=9" + "9" * 30, None),
        ("q=%D9%A3%D9%A3", set()),
    ]:  # fmt: skip
        answer = office.get(f"/admin/cases?{query}")
        assert answer.status_code == 200, query
        body = text(answer).partition('id="cases"')[2]
        found = {name for name in ("My", "Case-1") if f"<b>{name}" in body}
        assert shown is None or found == shown, query


@pytest.mark.parametrize("query", ["state=done", "about=nothing", "state=%00", "q=%00"])
def test_a_filter_that_is_none_is_nowhere(office, case, query):
    assert office.get(f"/admin/cases?{query}").status_code == 404


def test_older_ones_by_key(office, alice, today):
    many(alice, today, cases.PAGE + 3, cases.CLOSED)
    many(alice, today, 1)
    first = text(office.get("/admin/cases"))
    older = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = text(office.get(older.replace("&amp;", "&")))
    assert first.count('class="when">') == cases.PAGE + 2
    assert second.count('class="when">') == 3 + 1
    assert "Case-53<" not in second


def test_fifty_cost_what_five_do(office, alice, mallory, today, monkeypatch):
    many(alice, today, 5)
    office.get("/admin/cases")
    with counted(monkeypatch) as few:
        office.get("/admin/cases")
    many(mallory, today, 45)
    with counted(monkeypatch) as lots:
        office.get("/admin/cases")
    assert len(lots) == len(few) < 15


def test_the_list_moves_by_itself(office, htmx, alice, today):
    page = text(office.get("/admin/cases"))
    poll = page.partition('id="cases"')[2].partition('hx-get="')[2].partition('"')[0]
    poll = poll.replace("&amp;", "&")
    assert htmx(poll, "cases").status_code == 204
    many(alice, today, 1)
    assert "Case-0" in text(htmx(poll, "cases"))


def test_wrong_method_not_yours_missing(client, login_as, admin, alice, case):
    assert client.get("/admin/cases").status_code == 303
    assert login_as(alice).get(f"/admin/cases/{case.id}").status_code == 403
    assert client.post(f"/admin/cases/{case.id}", data={"text": "x"}).status_code == 403
    login_as(admin)
    assert client.post("/admin/cases").status_code == 405
    for number in (case.id + 1, "x", 99999999999):
        assert client.get(f"/admin/cases/{number}").status_code == 404
        assert client.post(f"/admin/cases/{number}").status_code == 404
