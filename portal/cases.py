"""Cases: what affiliates ask the office, with the facts they ask about.

A case is opened and answered once however often its form is sent: each form has a key of its own.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from peewee import CharField, ForeignKeyField, TextField

from portal import access, mail, rules, throttle
from portal.books import Entry, Order, PaperCheck, Payout
from portal.database import JsonField, Table, UtcField, transaction
from portal.explain import CHECKS, SEE, Trail, because, explain
from portal.formats import day, initials, month, plan, usd, when
from portal.models import Admin, Affiliate, Audit, Click
from portal.reports import MAIN_LINK, links

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
ABOUT = {
    "question": "Something else",
    "missing": "Missing sale",
    "entry": "An entry",
    "order": "An order",
    "click": "A click",
    "payout": "A check",
}
PAGE, MOST_OPEN = 50, 200
DAY, A_DAY = 86_400, 30  # cases that an affiliate may open in a day
LONGEST = 5_000  # characters of a note


class Case(Table):
    """A case; `facts` are what the affiliate sees of its subject, `evidence` what the office does.

    Both are rows of a label and a text. `key` names the case in its address.
    """

    key = CharField(26, unique=True)
    affiliate = ForeignKeyField(Affiliate)
    about = CharField(16)
    subject = CharField()
    facts = JsonField()
    evidence = JsonField()
    state = CharField(8, default=OPEN)
    opened_at = UtcField()
    moved_at = UtcField()

    class Meta:
        table_name = "office_case"
        indexes = ((("state", "id"), False),)


class CaseNote(Table):
    """What was said in a case, by its affiliate or an admin ("affiliate:17", "admin:2").

    `key` is the form's own, so that what is sent twice is said once.
    """

    case = ForeignKeyField(Case)
    by = CharField(32)
    text = TextField()
    at = UtcField()
    key = CharField(64, unique=True)


def ask(
    affiliate: Affiliate, subject: str, text: str, *, key: str, now: datetime,
    about: str = "question", facts: Trail | None = None, evidence: Trail | None = None,
) -> Case:  # fmt: skip
    """Open a case with its first note; the same form again is the same case. Raises Refused."""
    with transaction():
        said = CaseNote.get_or_none(key=_key(affiliate, key, text))
        if said:
            return said.case
        if throttle.count(f"case {affiliate.id}", DAY, now) > A_DAY:
            raise rules.Refused(f"You asked {A_DAY} times today. Write on in a case that is open.")
        case = Case.create(
            key=secrets.token_hex(13), affiliate=affiliate, about=about, subject=subject[:120],
            facts=facts or [], evidence=evidence or facts or [], opened_at=now, moved_at=now,
        )  # fmt: skip
        _say(case, affiliate, text, key, now)
        return case


def say(case: Case, affiliate: Affiliate, text: str, *, key: str, now: datetime) -> None:
    """Add what the affiliate says; the case waits for the office again. Raises Refused."""
    with transaction():
        if CaseNote.get_or_none(key=_key(affiliate, key, text)) is None:
            _say(case, affiliate, text, key, now)
            _move(case, OPEN, now)


def answer(
    case: Case, text: str, *, seen: int, by: Admin, key: str, now: datetime, close: bool = False
) -> None:
    """Answer as the office, and tell by mail (unless muted).

    `seen` is the last note that was read: with a later one it is refused, so that nothing that an
    affiliate added meanwhile passes for answered.
    """
    with transaction():
        if CaseNote.get_or_none(key=_key(by, key, text)):
            return
        if notes(case)[-1].id != seen:
            raise rules.Refused("Something was said here since. Read it, then send your answer.")
        note = _say(case, by, text, key, now)
        _move(case, CLOSED if close else ANSWERED, now)
        Audit.note(by.email, "case answered", case.affiliate.code, now, case=case.id)
        about = {"subject": case.subject, "case": case.key}
        mail.queue("case_answered", to=case.affiliate, now=now, key=f"case:{note.id}", **about)


def close(case: Case, *, now: datetime) -> None:
    """End a case: it is settled. Whoever says more opens it again. Raises Refused."""
    with transaction():
        _move(case, CLOSED, now)


def _key(who: Affiliate | Admin, key: str, text: str) -> str:
    """A form's key as it is kept: the same words sent again by the same form of the same person."""
    said = f"{access.holder(who)}:{key}:{text}"
    return hashlib.blake2b(said.encode(), digest_size=32).hexdigest()


def _say(case: Case, who: Affiliate | Admin, text: str, key: str, now: datetime) -> CaseNote:
    if not text.strip():
        raise rules.Refused("Write a few words.", "text")
    row: dict[str, Any] = {"case": case, "by": access.holder(who), "key": _key(who, key, text)}
    return CaseNote.create(text=text.strip()[:LONGEST], at=now, **row)


def _move(case: Case, to: str, now: datetime) -> None:
    as_read = (Case.id == case.id) & (Case.state == case.state)
    if not Case.update(state=to, moved_at=now).where(as_read).execute():
        raise rules.Refused("The case moved meanwhile. Read it, then send again.")


# --- Reading -----------------------------------------------------------------------------------


def of(affiliate: Affiliate, limit: int = 20) -> list[Case]:
    query = Case.select().where(Case.affiliate == affiliate)
    return list(query.order_by(Case.id.desc()).limit(limit))


def found(affiliate: Affiliate, key: str) -> Case | None:
    return Case.get_or_none(Case.affiliate == affiliate, Case.key == key)


def notes(case: Case) -> list[CaseNote]:
    return list(CaseNote.select().where(CaseNote.case == case).order_by(CaseNote.id))


def waiting() -> int:
    return Case.select().where(Case.state == OPEN).count()


def listed(
    state: str = "", about: str = "", q: str = "", before: int | None = None, limit: int = PAGE
) -> list[Case]:
    """Cases with their affiliates: those to answer first, oldest on top, then the latest others."""
    query: Any = Case.select(Case, Affiliate).join(Affiliate)
    if state:
        query = query.where(Case.state == state)
    if about:
        query = query.where(Case.about == about)
    if q.isdecimal():
        query = query.where(Case.id == int(q[:9]))
    elif q:
        query = query.where(Affiliate.name.contains(q) | Affiliate.code.contains(q.lower()))
    others = query.where(Case.state != OPEN, Case.id < (before or 2**31 - 1))
    first = query.where(Case.state == OPEN).order_by(Case.id).limit(MOST_OPEN)
    return ([] if before else list(first)) + list(others.order_by(Case.id.desc()).limit(limit))


# --- What a question is about ------------------------------------------------------------------


class Subject(NamedTuple):
    """What is asked about: its kind, a title, the facts for its affiliate and for the office."""

    about: str
    title: str
    facts: Trail
    evidence: Trail


def subject(affiliate: Affiliate, named: str, *, now: datetime, zone: ZoneInfo) -> Subject | None:
    """A row of this affiliate's, named as pages do: entry:17, click:<its id>, payout:2026-11.

    One of another affiliate is as nowhere.
    """
    kind, _, key = named.partition(":")
    find = {"entry": _entry, "order": _order, "click": _click, "payout": _payout}.get(kind)
    return find(affiliate, key, now, zone) if find and key and key.isprintable() else None


def _entry(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 18 else 0
    entry = Entry.get_or_none(Entry.id == number, Entry.affiliate == affiliate)
    if entry is None:
        return None
    mine, named = (
        explain([entry], zone=zone, now=now, names=names)[entry.id] for names in (False, True)
    )
    title = f"{mine.title}, {day(entry.happened_at, zone, now)}"
    return Subject("entry", title, mine.trail, named.trail)


def _order(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    order: Any = Order.get_or_none(Order.order_id == key, Order.credited_to == affiliate)
    if order is None:
        return None
    customer, what = order.customer, plan(order.interval, order.price, order.plan_name)
    rows = [("Order", f"{key}, {what}"), ("Ordered", when(order.ordered_at, zone, now))]
    rows.append(because(order))
    who = initials(customer.name, customer.email)
    named = f"{customer.customer_id}, {customer.name or customer.email}"
    evidence = [*rows, ("By", named), (SEE, urlencode({"q": key}))]
    return Subject("order", f"Order {key}", [*rows, ("By", who)], evidence)


def _click(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    click: Any = Click.find(key)
    if click is None or click.affiliate_id != affiliate.id or click.mark:
        return None
    at, name = when(click.clicked_at, zone, now), links(affiliate).get(click.link_id, MAIN_LINK)
    rows = [("Click", f"{name}, {at}"), ("Label", click.sub_id or "none")]
    rows.append(("Came from", click.referrer or "nowhere that is told"))
    return Subject("click", f"Click of {at}", rows, [*rows, ("Click id", key)])


def _payout(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    payout: Any = Payout.get_or_none(Payout.affiliate == affiliate, Payout.run == key)
    if payout is None:
        return None
    rows = [("For", month(key)), ("Amount", usd(payout.amount))]
    for check in PaperCheck.select().where(PaperCheck.payout == payout).order_by(PaperCheck.part):
        number = f"number {check.number}, " if check.number else ""
        rows.append(("Check", f"{number}{CHECKS[check.status]}"))
    return Subject("payout", f"Check for {month(key)}", rows, rows)
