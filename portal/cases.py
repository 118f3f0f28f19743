"""Cases: what affiliates ask the office, with the facts they ask about.

A case is opened and answered once however often its form is sent: each form has a key of its own.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from peewee import AutoField, CharField, ForeignKeyField, TextField

from portal import access, mail, rules
from portal.database import JsonField, Table, UtcField, transaction
from portal.models import Admin, Affiliate, Audit

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
ABOUT = {
    "question": "Something else",
    "missing": "Missing sale",
    "entry": "An entry",
    "order": "An order",
    "click": "A click",
    "payout": "A check",
}
PAGE = 50
LONGEST = 5_000  # characters of a note
Rows = list[tuple[str, str]]


class Case(Table):
    """A case; `facts` are what the affiliate sees of its subject, `evidence` what the office does.

    Both are rows of a label and a text. `key` names the case in its address.
    """

    id = AutoField()
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

    id = AutoField()
    case = ForeignKeyField(Case)
    by = CharField(32)
    text = TextField()
    at = UtcField()
    key = CharField(64, unique=True)


def ask(
    affiliate: Affiliate, subject: str, text: str, *, key: str, now: datetime,
    about: str = "question", facts: Rows | None = None, evidence: Rows | None = None,
) -> Case:  # fmt: skip
    """Open a case with its first note; the same form again is the same case."""
    with transaction():
        said = CaseNote.get_or_none(key=_key(affiliate, key))
        if said:
            return said.case
        case = Case.create(
            key=secrets.token_hex(13), affiliate=affiliate, about=about, subject=subject[:120],
            facts=facts or [], evidence=evidence or facts or [], opened_at=now, moved_at=now,
        )  # fmt: skip
        _say(case, affiliate, text, key, now)
        return case


def say(case: Case, affiliate: Affiliate, text: str, *, key: str, now: datetime) -> None:
    """Add what the affiliate says; the case waits for the office again."""
    with transaction():
        if CaseNote.get_or_none(key=_key(affiliate, key)) is None:
            _say(case, affiliate, text, key, now)
            _move(case, OPEN, now)


def answer(
    case: Case, text: str, *, by: Admin, key: str, now: datetime, close: bool = False
) -> None:
    """Answer as the office, and tell by mail (unless muted)."""
    with transaction():
        if CaseNote.get_or_none(key=_key(by, key)):
            return
        note = _say(case, by, text, key, now)
        _move(case, CLOSED if close else ANSWERED, now)
        Audit.note(by.email, "case answered", case.affiliate.code, now, case=case.id)
        about = {"subject": case.subject, "case": case.key}
        mail.queue("case_answered", to=case.affiliate, now=now, key=f"case:{note.id}", **about)


def close(case: Case, *, now: datetime) -> None:
    """End a case: it is settled. Whoever says more opens it again."""
    with transaction():
        _move(case, CLOSED, now)


def _key(who: Affiliate | Admin, key: str) -> str:
    """A form's key as it is kept: nobody's form can be taken for another's."""
    return f"{access.holder(who)}:{key}"[:64]


def _say(case: Case, who: Affiliate | Admin, text: str, key: str, now: datetime) -> CaseNote:
    if not text.strip():
        raise rules.Refused("Write a few words.", "text")
    row: dict[str, Any] = {"case": case, "by": access.holder(who), "key": _key(who, key)}
    return CaseNote.create(text=text.strip()[:LONGEST], at=now, **row)


def _move(case: Case, to: str, now: datetime) -> None:
    Case.update(state=to, moved_at=now).where(Case.id == case.id).execute()


# --- Reading -----------------------------------------------------------------------------------


def of(affiliate: Affiliate, limit: int = 20) -> list[Case]:
    """The cases of an affiliate, the latest first."""
    query = Case.select().where(Case.affiliate == affiliate)
    return list(query.order_by(Case.id.desc()).limit(limit))


def found(affiliate: Affiliate, key: str) -> Case | None:
    """A case of this affiliate by its key, or None."""
    return Case.get_or_none(Case.affiliate == affiliate, Case.key == key)


def notes(case: Case) -> list[CaseNote]:
    """What was said in a case, from the beginning."""
    return list(CaseNote.select().where(CaseNote.case == case).order_by(CaseNote.id))


def waiting() -> int:
    """How many cases wait for an answer."""
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
    first = [] if before else list(query.where(Case.state == OPEN).order_by(Case.id))
    return first + list(others.order_by(Case.id.desc()).limit(limit))
