"""Help: the questions, asking about a row of one's own, a missing sale, and one's cases."""

import re
from datetime import timedelta

import pytest

from portal import accounts, cases, missing, program
from portal.books import Entry, Order
from portal.months import month_of
from tests.answers import steady
from tests.makers import make_click, make_earnings, make_run, make_sale

ASK = {"subject": "My check", "text": "Where is it?", "key": "k"}
MISS = {"who": "Dana", "bought": "", "link": "", "more": "", "key": "k"}


@pytest.fixture
def center(login_as, alice):
    return login_as(alice)


@pytest.fixture
def missed(center, today):
    """Ask for a missing sale of today; returns the answer."""
    on = today.astimezone(program.load().zone).date().isoformat()
    return lambda **said: center.post("/center/missing-sale", data=MISS | {"day": on} | said)


@pytest.fixture
def earned(alice, today):
    """A sale of alice's: its click, and what the API answered."""
    click = make_click(alice, today)
    return click, make_sale(today, click_id=click)


# --- Questions and answers ---------------------------------------------------------------------


def test_help_answers_with_the_terms_in_force(center, today):
    program.change("month_amount", "2500", by="test", now=today)
    page = center.get("/center/help").text
    assert "$25.00 for each full payment" in page
    assert "$20.00" not in page
    assert "(R6)" in page


def test_help_is_linked_from_every_page(center):
    assert '<a href="/center/help"' in center.get("/center/").text


def test_every_link_of_the_answers_leads_somewhere(center):
    page = center.get("/center/help").text.partition('class="stack faq"')[2].partition("<aside")[0]
    links = set(re.findall(r'href="([^"]+)"', page))
    assert len(links) > 8
    for link in links:
        address, _, place = link.partition("#")
        answer = center.get(address)
        assert answer.status_code == 200, link
        assert not place or f'id="{place}"' in answer.text, link


def test_asking_opens_a_case_that_help_lists(center, alice):
    answer = center.post("/center/help", data=ASK)
    case = cases.Case.get()
    assert (answer.status_code, answer.location) == (303, f"/center/cases/{case.key}")
    assert case.affiliate == alice
    assert f"Case {case.id} is open" in center.get(answer.location).text
    page = center.get("/center/help").text
    assert f'<a href="{answer.location}">My check</a>' in page
    assert "With the office" in page


def test_asking_twice_opens_one_case(center):
    first, second = (center.post("/center/help", data=ASK).location for _ in range(2))
    assert first == second
    assert cases.Case.select().count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"subject": ""}, "Say what it is about."),
        ({"text": "  "}, "Write your question."),
        ({"text": "a\x00b"}, "cannot be printed"),
        ({"subject": "x" * 121}, "120"),
        ({"text": "x" * 5_001}, "5000"),
        ({"key": "x" * 41}, "40"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_question_is_said_and_nothing_is_stored(center, wrong, said):
    answer = center.post("/center/help", data=ASK | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert cases.Case.select().count() == 0


def test_too_many_questions_are_refused(center, monkeypatch):
    monkeypatch.setattr(cases, "A_DAY", 0)
    answer = center.post("/center/help", data=ASK)
    assert answer.status_code == 422
    assert "Write on in a case that is open" in answer.text


# --- About a row -------------------------------------------------------------------------------


def rows_of(alice, today):
    """Everything of alice's that can be asked about: address, and a fact that comes along."""
    zone = program.load().zone
    month = month_of(today, zone).plus(-1)
    make_earnings(alice, month.start(zone) + timedelta(days=4), sales=6)
    make_run(month, today)
    accounts.adjust(alice, -100, "A correction", by="test", now=today)
    order = Order.select().order_by(Order.id).first()
    click = make_click(alice, today, sub_id="poster", referrer="https://mail.example/")
    kinds = {"commission": "$20.00 × $97.00", "payout": "what was due", "adjustment": "correction"}
    for kind, fact in kinds.items():
        yield f"entry:{Entry.get(kind=kind).id}", fact
    yield f"order:{order.order_id}", "Your link was the last one"
    yield f"click:{click}", "poster"
    yield f"payout:{month}", "$120.00"


def test_asking_about_a_row_brings_its_facts_along(center, alice, today):
    for number, (about, fact) in enumerate(rows_of(alice, today)):
        address = f"/center/help?about={about}"
        assert fact in center.get(address).text, about
        answer = center.post(address, data=ASK | {"key": str(number)})
        page = center.get(answer.location).text
        assert fact in page, about
        assert "Dana" not in page, about
        case = cases.Case.select().order_by(cases.Case.id.desc()).first()
        assert case.about == about.partition(":")[0]


def test_the_office_sees_the_customers_name_where_the_affiliate_sees_initials(center, earned):
    _, sale = earned
    for about in (f"entry:{Entry.get().id}", f"order:{sale['order_id']}"):
        center.post(f"/center/help?about={about}", data=ASK | {"key": about})
        case = cases.Case.select().order_by(cases.Case.id.desc()).first()
        assert "Dana Kim" in str(case.evidence)
        assert "Dana" not in str(case.facts)
        assert "D. K." in str(case.facts)


def test_the_rows_of_the_tables_lead_there(center, earned):
    click, sale = earned
    assert f"about=entry:{Entry.get().id}#ask" in center.get("/center/payments").text
    assert f"about=order:{sale['order_id']}#ask" in center.get("/center/orders").text
    assert f"about=click:{click}#ask" in center.get("/center/clicks").text


def test_anothers_row_is_nowhere(login_as, alice, mallory, today):
    rows = [about for about, _ in rows_of(alice, today)]
    center = login_as(mallory)
    nowhere = center.get("/center/help?about=order:none")
    assert nowhere.status_code == 404
    for about in rows:
        answer = center.get(f"/center/help?about={about}")
        assert (answer.status_code, steady(answer)) == (404, steady(nowhere)), about
        assert center.post(f"/center/help?about={about}", data=ASK).status_code == 404


@pytest.mark.parametrize(
    "about",
    ["entry:", "entry:x", "entry:-1", "entry:²", "entry:" + "9" * 30, "order:%00", "click:zzz",
     "click:" + "a" * 26, "payout:2026-13", "payout:x", "person:1", "entry", ":", "order:%0A"],
)  # fmt: skip
def test_what_is_no_row_is_nowhere(center, earned, about):
    assert center.get(f"/center/help?about={about}").status_code == 404


def test_a_marked_click_is_nowhere(center, alice, today):
    click = make_click(alice, today, method="HEAD")
    assert center.get(f"/center/help?about=click:{click}").status_code == 404


# --- A missing sale ----------------------------------------------------------------------------


def test_the_form_names_ones_own_links(center):
    page = center.get("/center/missing-sale").text
    assert "By phone" in page
    assert "Main link" in page
    assert "Up to 10 questions a day" in page


def test_a_missing_sale_that_is_there_is_shown(center, missed, earned):
    answer = missed(who="dana kim")
    _, sale = earned
    assert answer.status_code == 200
    assert "It is credited to you" in answer.text
    address = f"/center/orders?upto={sale['order_id']}"
    assert f'href="{address}"' in answer.text
    assert sale["order_id"] in center.get(address).text
    assert cases.Case.select().count() == 0


def test_an_explained_sale_can_still_be_asked_about(center, missed, earned):
    assert missed().status_code == 200
    answer = missed(do="ask")
    case = cases.Case.get()
    assert answer.location == f"/center/cases/{case.key}"
    assert case.about == "missing"
    assert "Dana Kim" in str(case.evidence)
    assert "Dana Kim" not in center.get(answer.location).text


def test_what_nothing_of_ones_own_explains_opens_a_case_in_the_same_words(
    center, missed, mallory, today
):
    pages = []
    for who in ("dana@shop.example", "nobody@shop.example"):
        if who.startswith("dana"):
            make_sale(today, click_id=make_click(mallory, today), email=who)
        answer = missed(who=who, key=who)
        assert answer.status_code == 303
        page = center.get(answer.location).text.replace(who, "WHO").replace("today", "")
        assert "We found no order of those days that fits your clicks" in page
        pages.append(re.sub(r"<main.*?</form>", "", re.sub(r'value="[^"]*"', "", page)))
    known, unknown = (re.sub(r"[0-9a-f]{16,}|[Cc]ase \d+|\d+:\d\d:\d\d", "", page)
                      for page in pages)  # fmt: skip
    assert known == unknown


def test_the_same_question_twice_is_one_case(missed):
    assert missed().location == missed().location
    assert missed(who="Lea").location != missed().location
    assert cases.Case.select().count() == 2


def test_the_eleventh_question_of_a_day_is_refused(missed, monkeypatch):
    monkeypatch.setattr(missing, "A_DAY", 1)
    assert missed().status_code == 303
    answer = missed(who="Lea")
    assert answer.status_code == 422
    assert "Ask again tomorrow" in answer.text
    assert missed().status_code == 303
    assert cases.Case.select().count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day": ""}, "Say about when."),
        ({"day": "soon"}, "date"),
        ({"day": "0001-01-01"}, "Name a day since then."),
        ({"day": "9999-12-31"}, "has not come yet"),
        ({"who": " "}, "Say who, as far as you know."),
        ({"who": "a\x00"}, "cannot be printed"),
        ({"bought": "week"}, "Not a valid choice"),
        ({"link": "not-mine"}, "Not a valid choice"),
        ({"more": "x" * 5_001}, "5000"),
    ],
    ids=str,
)
def test_a_bad_claim_is_said_and_nothing_is_stored(missed, wrong, said):
    answer = missed(**wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert cases.Case.select().count() == 0


# --- A case ------------------------------------------------------------------------------------


@pytest.fixture
def case(alice, today):
    return cases.ask(alice, "My check", "Where is it?", key="first", now=today)


def test_a_case_shows_what_was_said_and_by_whom(center, case, admin, today):
    seen = cases.notes(case)[-1].id
    cases.answer(case, "On <its> way.", seen=seen, by=admin, key="a", now=today)
    page = center.get(f"/center/cases/{case.key}").text
    assert "Where is it?" in page
    assert "On &lt;its&gt; way." in page
    assert "The program office" in page
    assert "Answered" in page


def test_a_case_is_answered_once(center, case):
    for _ in range(2):
        answer = center.post(f"/center/cases/{case.key}", data={"text": "Still here", "key": "k"})
        assert (answer.status_code, answer.location) == (303, f"/center/cases/{case.key}")
    assert [note.text for note in cases.notes(case)] == ["Where is it?", "Still here"]


def test_a_case_is_closed_and_opens_again(center, case):
    address = f"/center/cases/{case.key}"
    assert center.post(address, data={"do": "close"}).status_code == 303
    page = center.get(address).text
    assert "Closed" in page
    assert "This is settled" not in page
    center.post(address, data={"text": "One more thing", "key": "k"})
    assert cases.Case.get().state == cases.OPEN


def test_an_empty_answer_is_refused(center, case):
    answer = center.post(f"/center/cases/{case.key}", data={"text": " ", "key": "k"})
    assert answer.status_code == 422
    assert "Write a few words." in answer.text
    assert len(cases.notes(case)) == 1


def test_what_is_said_is_live(center, htmx, case, admin, today):
    address = f"/center/cases/{case.key}"
    poll = center.get(address).text.partition('id="case"')[2].partition('hx-get="')[2]
    poll = poll.partition('"')[0].replace("&amp;", "&")
    assert htmx(poll, "case").status_code == 204
    cases.answer(case, "Mailed.", seen=cases.notes(case)[-1].id, by=admin, key="a", now=today)
    assert "Mailed." in htmx(poll, "case").text


def test_anothers_case_is_nowhere(login_as, case, mallory):
    center = login_as(mallory)
    nowhere = center.get("/center/cases/nothing")
    for method in ("GET", "POST"):
        answer = center.open(f"/center/cases/{case.key}", method=method, data={"do": "close"})
        assert answer.status_code == nowhere.status_code == 404
    assert steady(center.get(f"/center/cases/{case.key}")) == steady(nowhere)
    assert cases.Case.get().state == cases.OPEN


def test_wrong_method(center, case):
    for address in ("help", "missing-sale", f"cases/{case.key}"):
        assert center.delete(f"/center/{address}").status_code == 405
