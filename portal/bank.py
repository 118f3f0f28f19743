"""What the bank is told of checks: numbered files of what was issued and what is void.

A file is the same for ever: which check it names is kept, and what stands on a printed check never
changes. Each check is told as issued once and as void once; one that is void before any file went
out is told as void alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from peewee import CharField, CompositeKey, ForeignKeyField, IntegerField, chunked, fn

from portal import program, rules
from portal.books import PaperCheck, Payout
from portal.database import Table, UtcField, transaction
from portal.models import Affiliate, Audit
from portal.months import day_of

ISSUE, VOID = "issue", "void"
STALE = timedelta(days=180)  # a bank need not pay a check older than six months
ROWS = 500
Row = tuple[str, int, str, int, str, str]


class BankFile(Table):
    """One file that was made for the bank."""

    number = IntegerField(primary_key=True)
    account = CharField(34)
    made_at = UtcField()


class BankLine(Table):
    """That a file tells a check as issued or void."""

    file = ForeignKeyField(BankFile)
    check = ForeignKeyField(PaperCheck)
    mark = CharField(5)

    class Meta:
        primary_key = CompositeKey("check", "mark")


def waiting() -> dict[str, list[int]]:
    """The checks that the next file tells, by what it tells of them, in the order of numbers."""
    found = {}
    for mark in (ISSUE, VOID):
        told = BankLine.select(BankLine.check).where(BankLine.mark == mark)
        void = PaperCheck.status == rules.VOID
        query = PaperCheck.select(PaperCheck.id).where(
            PaperCheck.number.is_null(False), void if mark == VOID else ~void
        )
        rows = query.where(PaperCheck.id.not_in(told)).order_by(PaperCheck.number)
        found[mark] = [check for (check,) in rows.tuples()]
    return found


def make(*, by: str, now: datetime) -> int:
    """Make the next file and return its number. Raises Refused when there is nothing to tell."""
    account = program.load().bank_account
    if not account:
        raise rules.Refused("Set bank_account first: the bank knows a check by account and number.")
    with transaction():
        told = waiting()
        if not any(told.values()):
            raise rules.Refused("The bank knows everything already.")
        number = (BankFile.select(fn.MAX(BankFile.number)).scalar() or 0) + 1
        BankFile.create(number=number, account=account, made_at=now)
        lines = [
            {"file": number, "check": check, "mark": mark}
            for mark, checks in told.items()
            for check in checks
        ]
        for some in chunked(lines, ROWS):
            BankLine.insert_many(some).execute()
        Audit.note(by, "bank file", str(number), now, **{m: len(c) for m, c in told.items()})
    return number


def rows(number: int) -> list[Row]:
    """The lines of a file: account, check number, date, cents, payee, issue or void."""
    query: Any = BankLine.select(
        BankFile.account, PaperCheck.number, PaperCheck.check_date, Payout.amount,
        PaperCheck.payee, BankLine.mark,
    ).join(BankFile).switch(BankLine).join(PaperCheck).join(Payout)  # fmt: skip
    return list(query.where(BankFile.number == number).order_by(PaperCheck.number).tuples())


def files(before: int | None = None, most: int = 50) -> list[dict[str, Any]]:
    """The files, the latest first, each with its control totals."""
    query = BankFile.select().order_by(BankFile.number.desc()).limit(most)
    made: list[BankFile] = list(query.where(BankFile.number < before) if before else query)
    found = {file.number: {"file": file, ISSUE: (0, 0), VOID: (0, 0)} for file in made}
    sums: Any = BankLine.select(
        BankLine.file, BankLine.mark, fn.COUNT(BankLine.check), fn.SUM(Payout.amount)
    ).join(PaperCheck).join(Payout)  # fmt: skip
    grouped = sums.where(BankLine.file.in_(list(found))).group_by(BankLine.file, BankLine.mark)
    for number, mark, count, amount in grouped.tuples():
        found[number][mark] = (count, int(amount))
    return list(found.values())


def register() -> Iterator[PaperCheck]:
    """Every check that has a number, in the order of numbers, with whom and what it was for."""
    query = PaperCheck.select(PaperCheck, Payout, Affiliate).join(Payout).join(Affiliate)
    return query.where(PaperCheck.number.is_null(False)).order_by(PaperCheck.number).iterator()


def stale(now: datetime, most: int) -> tuple[list[PaperCheck], int]:
    """The oldest checks that are out and older than the bank need pay, and how many there are."""
    last = date.fromisoformat(day_of(now, program.load().zone)) - STALE
    out = PaperCheck.status.in_((rules.PRINTED, rules.CHECK_PAID))
    query = PaperCheck.select(PaperCheck, Payout, Affiliate).join(Payout).join(Affiliate)
    query = query.where(out, PaperCheck.check_date < last.isoformat())
    return list(query.order_by(PaperCheck.check_date, PaperCheck.id).limit(most)), query.count()
