"""Cases: opened, answered and closed once however often a form is sent, with the facts along."""

from datetime import timedelta

import pytest

from portal import cases, mail, subjects
from portal.cases import Case, CaseNote
from portal.mail import Message
from portal.models import Audit
from portal.program import load
from portal.rules import Refused
from tests import mailserver
from tests.makers import (
    ADDRESS,
    make_admin,
    make_affiliate,
    make_click,
    make_earnings,
    make_program,
    make_run,
    make_sale,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def alice(db, now):
    make_program(now - timedelta(days=100))
    made = make_affiliate("alice", now - timedelta(days=90), password=None, **ADDRESS)
    Message.delete().execute()  # of joining
    return made


@pytest.fixture
def bob(alice, now):
    return make_affiliate("bob", now - timedelta(days=90), password=None)


@pytest.fixture
def ana(alice, now):
    return make_admin(now)


def ask(affiliate, now, key="k1", **said):
    return cases.ask(affiliate, "A question", "Why?", key=key, now=now, **said)


def said(case):
    return [(note.by.partition(":")[0], note.text) for note in cases.notes(case)]


def test_what_is_asked_twice_is_one_case(alice, now):
    first = ask(alice, now)
    again = cases.ask(alice, "Other", "Other", key="k1", now=now + HOUR)
    assert (again.id, again.subject) == (first.id, "A question")
    assert Case.select().count() == CaseNote.select().count() == 1
    assert ask(alice, now, key="k2").id != first.id


def test_the_same_key_of_another_is_another_form(alice, bob, ana, now):
    mine, theirs = ask(alice, now), ask(bob, now)
    assert mine.id != theirs.id
    cases.answer(mine, "Because.", by=ana, key="k1", now=now)
    assert said(mine) == [("affiliate", "Why?"), ("admin", "Because.")]
    assert said(theirs) == [("affiliate", "Why?")]


def test_notes_are_kept_once_and_in_their_order(alice, ana, now):
    case = ask(alice, now)
    for _ in range(2):
        cases.answer(case, "Because.", by=ana, key="k2", now=now)
        cases.say(case, alice, "Thank you.", key="k3", now=now)
    assert [text for _, text in said(case)] == ["Why?", "Because.", "Thank you."]
    assert Audit.select().where(Audit.did == "case answered").count() == 1


def test_a_case_moves_with_what_is_said(alice, ana, now):
    case = ask(alice, now)

    def state():
        return Case.get_by_id(case.id).state

    assert (state(), cases.waiting()) == (cases.OPEN, 1)
    cases.answer(case, "Because.", by=ana, key="a", now=now + HOUR)
    assert (state(), cases.waiting()) == (cases.ANSWERED, 0)
    cases.say(case, alice, "And?", key="b", now=now + 2 * HOUR)
    assert state() == cases.OPEN
    cases.answer(case, "So.", by=ana, key="c", now=now + 3 * HOUR, close=True)
    assert state() == cases.CLOSED
    cases.say(case, alice, "Again?", key="d", now=now + 4 * HOUR)
    assert state() == cases.OPEN
    cases.close(case, now=now + 5 * HOUR)
    assert state() == cases.CLOSED
    assert Case.get_by_id(case.id).moved_at == now + 5 * HOUR
    cases.say(case, alice, "Again?", key="d", now=now + 6 * HOUR)  # the form of before
    assert state() == cases.CLOSED


@pytest.mark.parametrize("text", ["", "  ", "\r\n\t"])
def test_saying_nothing_is_refused_and_leaves_nothing(alice, ana, now, text):
    case = ask(alice, now)
    for deed in (
        lambda: cases.ask(alice, "x", text, key="n", now=now),
        lambda: cases.say(case, alice, text, key="n", now=now),
        lambda: cases.answer(case, text, by=ana, key="n", now=now, close=True),
    ):
        with pytest.raises(Refused) as caught:
            deed()
        assert caught.value.field == "text"
    assert Case.select().count() == CaseNote.select().count() == 1
    assert (Case.get().state, Message.select().count()) == (cases.OPEN, 0)


def test_an_answer_is_told_once_by_a_real_mail(alice, ana, now):
    case = cases.ask(alice, "Where is\nmy <check>", "Why?", key="k1", now=now)
    for _ in range(2):
        cases.answer(case, "It was mailed to 1418 Alder Court.", by=ana, key="a", now=now)
    assert Message.select().count() == 1
    with mailserver.Running() as smtp:
        mail.deliver(smtp.address, "https://partners.example", clock=lambda: now)
        (received,) = smtp.mailbox.mails
    assert received["To"] == "alice@example.com"
    assert received["Subject"].startswith("The office answered: Where is")
    words = mailserver.text(received)
    assert f"https://partners.example/center/cases/{case.key}" in words
    assert "Alder Court" not in words  # what is said is read behind the login
    html = received.get_body(("html",)).get_content()
    assert "my &lt;check&gt;" in html
    cases.say(case, alice, "Thanks", key="b", now=now)
    cases.close(case, now=now)
    assert Message.select().count() == 1


def test_a_key_is_not_to_be_guessed_and_only_for_its_own(alice, bob, now):
    case, other = ask(alice, now), ask(alice, now, key="k2")
    assert len(case.key) == 26
    assert case.key != other.key
    assert cases.found(alice, case.key) == case
    assert cases.found(bob, case.key) is None
    assert cases.of(bob) == []
    assert [c.id for c in cases.of(alice)] == [other.id, case.id]


def test_the_office_reads_what_waits_first_and_the_oldest_of_it_on_top(alice, bob, ana, now):
    made = [ask(who, now, key=f"k{n}") for n, who in enumerate([alice, bob, alice, bob])]
    cases.answer(made[0], "x", by=ana, key="a", now=now)
    cases.answer(made[2], "x", by=ana, key="b", now=now, close=True)
    one, two, three, four = (case.id for case in made)
    assert [c.id for c in cases.listed()] == [two, four, three, one]
    assert [c.id for c in cases.listed(state=cases.CLOSED)] == [three]
    assert [c.id for c in cases.listed(q="BOB")] == [two, four]
    assert [c.id for c in cases.listed(q="reyes", state=cases.ANSWERED)] == [one]
    assert [c.id for c in cases.listed(q=str(four))] == [four]
    assert cases.listed(q="%") == cases.listed(q="9" * 40) == cases.listed(about="missing") == []


# --- About a row --------------------------------------------------------------------------------


def of(affiliate, named, now):
    return subjects.of(affiliate, named, now=now, zone=load().zone)


@pytest.fixture
def rows(alice, now):
    """A row of each kind of alice's, named as pages name them."""
    made = make_earnings(alice, now - timedelta(days=28), sales=6)
    run = make_run("2026-02", now)
    assert run
    click = make_click(alice, now, sub_id="poster", referrer="https://blog.example/a")
    return {"entry": "entry:1", "order": f"order:{made[0]['order_id']}", "click": f"click:{click}",
            "payout": "payout:2026-02"}  # fmt: skip


@pytest.mark.parametrize("kind", ["entry", "order", "click", "payout"])
def test_a_row_of_ones_own_comes_with_its_facts_and_anothers_is_nowhere(
    alice, bob, now, rows, kind
):
    subject = of(alice, rows[kind], now)
    assert subject.about == kind
    assert subject.facts
    assert all(label and text for label, text in subject.facts)
    assert of(bob, rows[kind], now) is None


def test_the_office_reads_who_the_customer_is_and_the_affiliate_never(alice, now, rows):
    for kind in ("entry", "order"):
        subject = of(alice, rows[kind], now)
        assert "Dana Kim" in str(subject.evidence)
        assert "Dana" not in str(subject.facts) + subject.title
        assert "D. K." in str(subject.facts)
    click = of(alice, rows["click"], now)
    assert dict(click.facts)["Label"] == "poster"
    assert dict(click.facts)["Came from"] == "https://blog.example/a"


@pytest.mark.parametrize(
    "named",
    ["", "entry", "entry:", "entry:0", "entry:-1", "entry:1.0", "entry:٣", "entry:" + "9" * 20,
     "order:", "order:none", "order:\0", "click:\0", "click:x", "click:" + "a" * 26, "payout:x",
     "payout:2026-99", "payout:\0", "case:1", "affiliate:1", ":", "entry:entry:1"],
)  # fmt: skip
def test_what_names_nothing_is_nothing(alice, rows, now, named):
    assert of(alice, named, now) is None


def test_a_marked_click_is_nothing_to_ask_about(alice, now):
    hidden = make_click(alice, now, method="HEAD")
    assert hidden == "" or of(alice, f"click:{hidden}", now) is None


def test_a_payout_tells_its_checks(alice, now, rows):
    facts = of(alice, rows["payout"], now).facts
    assert facts == [("For", "February 2026"), ("Amount", "$120.00"),
                     ("Check", "waits to be printed")]  # fmt: skip


def test_an_order_of_nobody_is_nobodys(alice, now):
    order = make_sale(now)["order_id"]
    assert of(alice, f"order:{order}", now) is None
