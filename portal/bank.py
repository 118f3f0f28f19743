"""What the bank is told of checks: numbered files of what was issued and what is void.

A file is the same for ever: it keeps what it says. Each check is told as issued once and as void
once, the number of a spoiled sheet as void; what is void before any file went out is told as void
alone.
"""

import heapq
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from peewee import CharField, CompositeKey, ForeignKeyField, IntegerField, Value, chunked, fn

from portal import program, rules
from portal.books import PaperCheck, Payout, SpoiledSheet
from portal.database import CentsField, Table, UtcField, transaction
from portal.models import Affiliate, Audit
from portal.months import day_of

ISSUE, VOID, SPOILED = "issue", "void", "spoiled"
KEPT = ("number", "check_date", "amount", "payee")  # what a file keeps of a sheet
STALE = timedelta(days=180)  # a bank need not pay a check older than six months
ROWS = 500


class BankFile(Table):
    number = IntegerField(primary_key=True)
    account = CharField(34)
    made_at = UtcField()


class BankLine(Table):
    """That a file tells a check number as issued or void, and what stood on the check."""

    file = ForeignKeyField(BankFile)
    number = IntegerField()
    check_date = CharField(10)
    amount = CentsField()
    payee = CharField()
    mark = CharField(5)

    class Meta:
        primary_key = CompositeKey("number", "mark")


class Sheet(NamedTuple):
    """A number that was used: what stood on the check, for whom, and what became of it."""

    number: int
    check_date: str
    amount: int
    payee: str
    status: str  # of a check (R21), or "spoiled"
    affiliate: str
    month: str
    mailed_on: str | None
    void_reason: str


def register(*where: Any) -> Iterator[Sheet]:
    """Every number that was used, or those of some payouts, in order."""
    return heapq.merge(_checks(*where), _spoiled(*where))


def _checks(*where: Any) -> Iterator[Sheet]:
    about: Any = PaperCheck.number, PaperCheck.check_date, Payout.amount, PaperCheck.payee
    about += PaperCheck.status, Affiliate.code, Payout.run, PaperCheck.mailed_on
    query = PaperCheck.select(*about, PaperCheck.void_reason).join(Payout).join(Affiliate)
    query = query.where(PaperCheck.number.is_null(False), *where).order_by(PaperCheck.number)
    return (Sheet(*row) for row in query.tuples().iterator())


def _spoiled(*where: Any) -> Iterator[Sheet]:
    sheet = SpoiledSheet
    about: Any = sheet.number, sheet.check_date, Payout.amount, sheet.payee, Value(SPOILED)
    query: Any = sheet.select(*about, Affiliate.code, Payout.run, Value(None), Value(""))
    query = query.join(PaperCheck).join(Payout).join(Affiliate).where(True, *where)
    return (Sheet(*row) for row in query.order_by(sheet.number).tuples().iterator())


def waiting() -> dict[str, list[Sheet]]:
    """What the next file tells, by the mark, in the order of numbers."""
    told = {m: BankLine.select(BankLine.number).where(BankLine.mark == m) for m in (ISSUE, VOID)}
    void = PaperCheck.status == rules.VOID
    return {
        ISSUE: list(_checks(~void, PaperCheck.number.not_in(told[ISSUE]))),
        VOID: sorted([
            *_checks(void, PaperCheck.number.not_in(told[VOID])),
            *_spoiled(SpoiledSheet.number.not_in(told[VOID])),
        ]),
    }  # fmt: skip


def make(*, by: str, now: datetime) -> int:
    """Make the next file and return its number. Raises Refused when there is nothing to tell."""
    account = program.load().bank_account
    if not account:
        raise rules.Refused("Set the account number first: the bank knows a check by both.")
    with transaction():
        told = waiting()
        if not any(told.values()):
            raise rules.Refused("The bank knows everything already.")
        number = (BankFile.select(fn.MAX(BankFile.number)).scalar() or 0) + 1
        BankFile.create(number=number, account=account, made_at=now)
        lines = [
            {"file": number, "mark": mark, **{name: getattr(sheet, name) for name in KEPT}}
            for mark, sheets in told.items()
            for sheet in sheets
        ]
        for some in chunked(lines, ROWS):
            BankLine.insert_many(some).execute()
        Audit.note(by, "bank file", str(number), now, **{m: len(c) for m, c in told.items()})
    return number


def forget(affiliate: Affiliate) -> None:
    """Blank the names that files told of somebody's checks."""
    mine = [sheet.number for sheet in register(Payout.affiliate == affiliate)]
    BankLine.update(payee="").where(BankLine.number.in_(mine)).execute()


def rows(number: int) -> list[BankLine]:
    """The lines of a file, in the order of numbers."""
    query: Any = BankLine.select(BankLine, BankFile).join(BankFile)
    return list(query.where(BankLine.file == number).order_by(BankLine.number, BankLine.mark))


def files(before: int | None = None, most: int = 50) -> list[dict[str, Any]]:
    """The files, the latest first, each with its control totals."""
    query = BankFile.select().order_by(BankFile.number.desc()).limit(most)
    made: list[BankFile] = list(query.where(BankFile.number < before) if before else query)
    found = {file.number: {"file": file, ISSUE: (0, 0), VOID: (0, 0)} for file in made}
    sums: Any = BankLine.select(
        BankLine.file, BankLine.mark, fn.COUNT(BankLine.number), fn.SUM(BankLine.amount)
    )
    grouped = sums.where(BankLine.file.in_(list(found))).group_by(BankLine.file, BankLine.mark)
    for number, mark, count, amount in grouped.tuples():
        found[number][mark] = (count, int(amount))
    return list(found.values())


def stale(now: datetime) -> Any:
    """The checks that are out and older than the bank need pay, the oldest first, as a query."""
    last = date.fromisoformat(day_of(now, program.load().zone)) - STALE
    out = PaperCheck.status.in_((rules.PRINTED, rules.CHECK_PAID))
    query = PaperCheck.select(PaperCheck, Payout, Affiliate).join(Payout).join(Affiliate)
    query = query.where(out, PaperCheck.check_date < last.isoformat())
    return query.order_by(PaperCheck.check_date, PaperCheck.id)
