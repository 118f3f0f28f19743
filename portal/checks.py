"""The paper checks of payouts and their states (R21): printed, paid, cleared, void, reissued.

Every move is compare-and-set on one check, in one transaction with its entry and its audit row.
There is no undo: what was done by mistake is voided.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from peewee import fn

from portal import accounts, ledger, program, rules
from portal.books import PaperCheck, Payout, Run
from portal.database import transaction
from portal.models import Affiliate, Audit
from portal.months import day_of

Deed = Callable[[PaperCheck, Payout], None]


def last_check(payout: Payout) -> PaperCheck:
    """The check that tells the state of a payout: its first, or the latest reissue."""
    return PaperCheck.select().where(PaperCheck.payout == payout).order_by(-PaperCheck.part).get()


def next_number() -> int:
    """The lowest check number above every number used; numbers are never used again."""
    return (PaperCheck.select(fn.MAX(PaperCheck.number)).scalar() or 0) + 1


def print_checks(
    month: str,
    *,
    codes: list[str] | None = None,
    by: str,
    now: datetime,
    first: int | None = None,
    date: str | None = None,
) -> dict[str, Any]:
    """Number and date the issued checks of a run in the order of payees, from `first` up."""
    number = next_number() if first is None else first
    if number < next_number():
        said = f"The numbers up to {next_number() - 1} are used. The next free one comes after."
        raise rules.Refused(said, "first")
    day = _day(date, now)

    def deed(check: PaperCheck, payout: Payout) -> None:
        nonlocal number
        affiliate = payout.affiliate
        suspended = affiliate.status == rules.SUSPENDED
        about = {"suspended": suspended, "has_address": affiliate.has_address}
        to = rules.moved(check.status, "print", **about)
        lines = (affiliate.line1, affiliate.line2, _town(affiliate), affiliate.country)
        address = "\n".join(line for line in lines if line)
        paper = {"payee": affiliate.payee, "address": address}
        _move(check, to, now, number=number, check_date=day, **paper)
        number += 1

    return _each(month, codes, "print", deed, by, now)


def _town(affiliate: Affiliate) -> str:
    town = " ".join(part for part in (affiliate.state, affiliate.postal_code) if part)
    return ", ".join(part for part in (affiliate.city, town) if part)


def mark_paid(
    month: str,
    *,
    codes: list[str] | None = None,
    by: str,
    now: datetime,
    date: str | None = None,
) -> dict[str, Any]:
    """Mark printed checks as paid, with the date they were mailed."""
    day = _day(date, now)

    def deed(check: PaperCheck, payout: Payout) -> None:
        _move(check, rules.moved(check.status, "paid"), now, mailed_on=day)

    return _each(month, codes, "paid", deed, by, now)


def clear(month: str, *, codes: list[str] | None = None, by: str, now: datetime) -> dict[str, Any]:
    """Mark paid checks as cleared by the bank; nothing moves them after that."""

    def deed(check: PaperCheck, payout: Payout) -> None:
        _move(check, rules.moved(check.status, "clear"), now)

    return _each(month, codes, "clear", deed, by, now)


def void(
    month: str, *, codes: list[str] | None = None, by: str, now: datetime, reason: str
) -> dict[str, Any]:
    """Void checks with a reason and give the money back to the balance (R21)."""
    if not reason.strip():
        raise rules.Refused("A void needs a reason: not sent, lost, stopped, returned.", "reason")
    runs = Run.select().count()

    def deed(check: PaperCheck, payout: Payout) -> None:
        about = {"void_reason": reason.strip(), "runs_when_void": runs}
        _move(check, rules.moved(check.status, "void"), now, **about)
        ledger.post_void(payout, check.part, now=now)

    return _each(month, codes, "void", deed, by, now)


def reissue(
    month: str, *, codes: list[str] | None = None, by: str, now: datetime
) -> dict[str, Any]:
    """Take a void check's payout from the balance again, for a next check (R21)."""

    def deed(check: PaperCheck, payout: Payout) -> None:
        if check.status != rules.VOID:
            raise rules.Refused(f"Only a void check is reissued; this one is {check.status}.")
        if Run.select().count() > (check.runs_when_void or 0):
            raise rules.Refused("A run was made since. The amount was that run's to pay.")
        held = accounts.hold(payout.affiliate, now=now)
        if held:
            raise rules.Refused(f"The affiliate is on hold ({held}).")
        again = {"payout": payout, "part": check.part + 1, "status": rules.ISSUED}
        PaperCheck.create(**again, moved_at=now)
        ledger.post_reissue(payout, check.part + 1, now=now)

    return _each(month, codes, "reissue", deed, by, now)


def _day(text: str | None, now: datetime) -> str:
    if text is None:
        return day_of(now, program.load().zone)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise rules.Refused("A date is written YYYY-MM-DD, like 2026-12-01.", "date") from None


def _move(check: PaperCheck, to: str, now: datetime, **about: object) -> None:
    """Compare and set: only a check that is still in the state that was read moves."""
    same = (PaperCheck.id == check.id) & (PaperCheck.status == check.status)
    if not PaperCheck.update(status=to, moved_at=now, **about).where(same).execute():
        raise rules.Refused("Somebody else moved this check just now.")


def _each(
    month: str, codes: list[str] | None, did: str, deed: Deed, by: str, now: datetime
) -> dict[str, Any]:
    """Do a deed to the checks of a run: all that can move so, or those of the named affiliates."""
    if Run.get_or_none(month=month) is None:
        raise rules.Refused(f"There is no run of {month}.", "month")
    answer: dict[str, Any] = {"moved": [], "refused": []}
    with transaction():
        payouts = Payout.select(Payout, Affiliate).join(Affiliate).where(Payout.run == month)
        rows = list(payouts.order_by(Affiliate.payee, Affiliate.id))
        by_code = {payout.affiliate.code: payout for payout in rows}
        for code in codes or ():
            if code not in by_code:
                said = "There is no payout of this affiliate in this run."
                answer["refused"].append({"affiliate": code, "reason": said})
        for payout in rows:
            code = payout.affiliate.code
            if codes is not None and code not in codes:
                continue
            try:
                deed(last_check(payout), payout)
            except rules.Refused as problem:
                answer["refused"].append({"affiliate": code, "reason": str(problem)})
                continue
            check = last_check(payout)
            answer["moved"].append(_told(payout, check))
            Audit.note(by, did, f"{month} {code}", now, number=check.number)
    return answer


def _told(payout: Payout, check: PaperCheck) -> dict[str, Any]:
    return {
        "affiliate": payout.affiliate.code,
        "amount": payout.amount,
        "status": check.status,
        "check_number": check.number,
        "check_date": check.check_date,
    }
