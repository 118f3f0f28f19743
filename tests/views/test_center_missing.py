"""A sale is missing: answered at once, or a case; nobody learns who is a customer (R23)."""

import re

import pytest

from portal import missing
from portal.cases import Case, CaseNote
from tests.answers import steady
from tests.makers import make_click, make_sale

ADDRESS = "/center/missing-sale"


@pytest.fixture
def mine(login_as, alice):
    return login_as(alice)


@pytest.fixture
def ask(mine, today):
    """Send the form as alice; returns the answer."""

    def post(who="Dana Kim", **said):
        data = {"day": f"{today:%Y-%m-%d}", "who": who, "key": f"form-{who}"} | said
        return mine.post(ADDRESS, data=data)

    return post


def won_by(affiliate, at, **said):
    return make_sale(at, click_id=make_click(affiliate, at), **said)


def test_the_form_has_the_own_links_to_choose_from(mine):
    page = mine.get(ADDRESS).text
    for choice in ("I do not know", "By phone", "Main link", "A monthly plan"):
        assert choice in page


def test_a_sale_of_yours_is_found(ask, alice, today):
    order = won_by(alice, today)["order_id"]
    answer = ask()
    assert answer.status_code == 200
    page = answer.text
    assert "It is credited to you" in page
    assert order in page
    assert "D. K." in page
    assert "Dana Kim" in page.partition('name="who"')[2][:200] + page.partition("You said")[2][:99]
    assert Case.select().count() == 0


def test_one_that_a_later_click_won_is_explained(ask, alice, mallory, today):
    last = make_click(mallory, today, former=make_click(alice, today))
    order = make_sale(today, click_id=last)["order_id"]
    page = ask().text
    assert "A later click won" in page
    assert order not in page
    assert "mallory" not in page.lower()
    assert Case.select().count() == 0


def test_ask_all_the_same_opens_a_case(ask, alice, mallory, today):
    won_by(alice, today)
    assert ask(do="ask", more="She told me of a second order.").status_code == 303
    case = Case.get()
    assert (case.about, case.affiliate_id) == ("missing", alice.id)
    assert CaseNote.get().text == "She told me of a second order."


def test_what_nothing_explains_opens_one_case_however_often_it_is_sent(ask, mine):
    first, second = ask("Nobody"), ask("Nobody")
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert Case.select().count() == CaseNote.select().count() == 1
    page = mine.get(first.location).text
    assert "Who bought? Nobody" in page
    assert "What came along" in page
    ask("Nobody", key="another form")
    assert Case.select().count() == 2


def test_a_customer_without_a_click_of_mine_is_answered_as_nobody_is(
    ask, mine, alice, mallory, today
):
    """By e-mail, name, number of the customer and of the order; also one that came by itself."""
    won_by(mallory, today, email="dana@shop.example", order_id="order-a", customer_id="c-aaa")
    make_sale(today, email="lea@shop.example", order_id="order-b", customer="Lea Abel")
    won_by(alice, today, customer="Own One", email="own@shop.example")
    seen = set()
    for who in ("dana@shop.example", "lea@shop.example", "none@shop.example", "Dana Kim", "c-aaa",
                "order-a", "order-b", "Not Known"):  # fmt: skip
        answer = ask(who)
        page = steady(mine.get(answer.location))
        for known in (who, Case.select().order_by(Case.id.desc()).first().key):
            page = page.replace(known, "")
        page = re.sub(r"[Cc]ase \d+|name=\"key\"[^>]*|seen=\w+|<time.*?</time>", "", page)
        page = re.sub(r"\d+:\d\d [AP]M|\d+:\d\d:\d\d", "", page)
        seen.add((answer.status_code, page))
    assert len(seen) == 1


def test_ten_a_day_and_then_tomorrow(ask, alice, today):
    won_by(alice, today)
    for nth in range(missing.A_DAY):
        assert ask(key=f"form-{nth}").status_code == 200
    answer = ask(key="one too many")
    assert answer.status_code == 422
    assert "These were 10 questions today. Ask again tomorrow" in answer.text
    assert "It is credited to you" not in answer.text
    assert Case.select().count() == 0


def test_what_is_wrong_counts_as_no_question(ask, today):
    for _ in range(missing.A_DAY + 2):
        ask("")
    assert ask("Nobody").status_code == 303


BAD = [
    ({"who": ""}, "Say who, as far as you know."),
    ({"who": "x" * 201}, "200 characters at most"),
    ({"who": "a\x00b"}, "cannot be printed"),
    ({"day": ""}, "Say about when."),
    ({"day": "yesterday"}, "A date is written YYYY-MM-DD"),
    ({"day": "2026-13-01"}, "A date is written YYYY-MM-DD"),
    ({"day": "0001-01-01"}, "Name a day since then."),
    ({"day": "9999-12-31"}, "This day has not come yet."),
    ({"bought": "week"}, "Not a valid choice"),
    ({"link": "Nowhere"}, "Not a valid choice"),
    ({"more": "x" * 5_001}, "5,000 characters at most"),
    ({"key": "x" * 41}, "to fix"),
]


@pytest.mark.parametrize(("wrong", "said"), BAD)
def test_what_is_wrong_is_said_and_nothing_is_opened(ask, wrong, said):
    answer = ask(**wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert Case.select().count() == 0


def test_wrong_method_and_not_yours(client, login_as, admin, mine):
    assert mine.put(ADDRESS).status_code == 405
    assert login_as(admin).get(ADDRESS).status_code == 403
    assert login_as(admin).post(ADDRESS).status_code == 403
