"""Cases: said once however often it is sent, moved as it was read, bounded."""

from datetime import timedelta

import pytest

from portal import access, cases, mail, rules
from portal.models import Audit
from tests.makers import make_admin, make_affiliate, make_program

MINUTE = timedelta(minutes=1)


@pytest.fixture
def alice(db, now):
    make_program(now)
    return make_affiliate("alice", now)


@pytest.fixture
def admin(alice, now):
    return make_admin(now)


def ask(affiliate, now, text="Where is my check?", key="k", **about):
    return cases.ask(affiliate, "My check", text, key=key, now=now, **about)


def answer(case, admin, now, text="On its way.", **about):
    about = {"seen": cases.notes(case)[-1].id, "key": "k"} | about
    cases.answer(case, text, by=admin, now=now, **about)


def read(case):
    return cases.Case.get_by_id(case.id)


def said(case):
    return [(note.by.partition(":")[0], note.text) for note in cases.notes(case)]


def mails():
    kind = mail.Message.kind == "case_answered"
    return list(mail.Message.select().where(kind).order_by(mail.Message.id))


def test_a_question_waits_for_the_office(alice, now):
    case = ask(alice, now, about="entry", facts=[("A", "b")], evidence=[("A", "c")])
    assert read(case).state == cases.OPEN
    assert (read(case).facts, read(case).evidence) == ([["A", "b"]], [["A", "c"]])
    assert said(case) == [("affiliate", "Where is my check?")]
    assert cases.waiting() == 1


def test_the_same_form_again_is_the_same_case(alice, now):
    assert ask(alice, now) == ask(alice, now + MINUTE)
    assert said(ask(alice, now)) == [("affiliate", "Where is my check?")]


def test_other_words_by_the_same_form_are_another_case(alice, now):
    assert ask(alice, now) != ask(alice, now, text="And where is the one before?")


def test_nobodys_form_is_taken_for_anothers(alice, now):
    mallory = make_affiliate("mallory", now)
    assert ask(mallory, now).affiliate == mallory
    assert ask(alice, now).affiliate == alice


def test_an_answer_moves_the_case_tells_by_mail_and_is_kept_in_the_log(alice, admin, now):
    case = ask(alice, now)
    answer(case, admin, now + MINUTE)
    assert (read(case).state, read(case).moved_at) == (cases.ANSWERED, now + MINUTE)
    assert said(case)[1] == ("admin", "On its way.")
    assert [message.holder for message in mails()] == [access.holder(alice)]
    assert Audit.select().where(Audit.did == "case answered").count() == 1
    assert cases.waiting() == 0


def test_an_answer_sent_twice_is_said_and_mailed_once(alice, admin, now):
    case = ask(alice, now)
    seen = cases.notes(case)[-1].id
    answer(case, admin, now, seen=seen)
    answer(read(case), admin, now, seen=seen)
    assert len(said(case)) == 2
    assert len(mails()) == 1


def test_what_was_added_meanwhile_does_not_pass_for_answered(alice, admin, now):
    case = ask(alice, now)
    seen = cases.notes(case)[-1].id
    cases.say(case, alice, "And it was torn.", key="more", now=now)
    with pytest.raises(rules.Refused, match="Something was said here since"):
        answer(case, admin, now, seen=seen)
    assert read(case).state == cases.OPEN
    assert mails() == []


def test_a_case_closes_with_an_answer_and_opens_again_with_a_word(alice, admin, now):
    case = ask(alice, now)
    answer(case, admin, now, close=True)
    assert read(case).state == cases.CLOSED
    cases.say(read(case), alice, "It came empty.", key="again", now=now)
    assert read(case).state == cases.OPEN


def test_its_affiliate_can_close_it(alice, now):
    case = ask(alice, now)
    cases.close(case, now=now)
    assert read(case).state == cases.CLOSED


def test_a_case_that_moved_meanwhile_is_not_moved_over(alice, admin, now):
    case = ask(alice, now)
    answer(read(case), admin, now)
    with pytest.raises(rules.Refused, match="moved meanwhile"):
        cases.close(case, now=now)
    with pytest.raises(rules.Refused, match="moved meanwhile"):
        cases.say(case, alice, "Hello?", key="late", now=now)
    assert read(case).state == cases.ANSWERED
    assert len(said(case)) == 2


def test_a_word_sent_twice_is_said_once(alice, now):
    case = ask(alice, now)
    for _ in range(2):
        cases.say(case, alice, "Hello?", key="once", now=now)
    assert len(said(case)) == 2


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_saying_nothing_is_refused_and_nothing_is_stored(alice, now, text):
    with pytest.raises(rules.Refused, match="Write a few words"):
        ask(alice, now, text=text)
    assert cases.Case.select().count() == 0


def test_long_words_are_cut(alice, now):
    case = ask(alice, now, text="x" * 9_000)
    assert len(cases.notes(case)[0].text) == cases.LONGEST


def test_nobody_floods_the_office(alice, now, monkeypatch):
    monkeypatch.setattr(cases, "A_DAY", 2)
    for number in range(2):
        ask(alice, now, key=str(number))
    with pytest.raises(rules.Refused, match="2 times today"):
        ask(alice, now, key="third")
    assert ask(alice, now, key="0").id
    assert cases.Case.select().count() == 2
    assert ask(alice, now + timedelta(days=1), key="third").id


# --- The list of the office --------------------------------------------------------------------


@pytest.fixture
def four(alice, admin, now):
    """Cases 1 to 4 of alice: 1 and 3 to answer, 2 answered, 4 closed."""
    made = [ask(alice, now, key=str(n), about=about)
            for n, about in enumerate(("question", "missing", "question", "click"))]  # fmt: skip
    answer(made[1], admin, now, key="a")
    answer(made[3], admin, now, key="b", close=True)
    return [case.id for case in made]


def ids(rows):
    return [case.id for case in rows]


def test_those_to_answer_first_the_oldest_on_top(four):
    one, two, three, closed = four
    assert ids(cases.listed()) == [one, three, closed, two]


def test_the_list_is_filtered(four):
    one, two, three, _ = four
    assert ids(cases.listed(state=cases.ANSWERED)) == [two]
    assert ids(cases.listed(about="question")) == [one, three]
    assert ids(cases.listed(q=str(two))) == [two]
    assert ids(cases.listed(q="ALICE", state=cases.OPEN)) == [one, three]
    assert ids(cases.listed(q="nobody")) == []


def test_older_cases_by_number(four):
    _, two, _, closed = four
    assert ids(cases.listed(before=closed)) == [two]
    assert ids(cases.listed(before=two)) == []


def test_the_list_is_bounded(four, monkeypatch):
    monkeypatch.setattr(cases, "MOST_OPEN", 1)
    one, _, _, closed = four
    assert ids(cases.listed(limit=1)) == [one, closed]


def test_a_case_is_found_by_its_affiliate_alone(alice, now):
    case, mallory = ask(alice, now), make_affiliate("mallory", now)
    assert cases.found(alice, case.key) == case
    assert cases.found(mallory, case.key) is None
    assert cases.of(mallory) == []
