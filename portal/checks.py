"""The paper checks of payouts and their states (R21): printed, paid, cleared, void, reissued.

Every move is compare-and-set on one check, in one transaction with its entry and its audit row.
There is no undo: what was done by mistake is voided. A deed is done to the checks of a month's run:
to those of the affiliates in `codes`, or to all whose state allows it; `by` says who does it. It
answers what it moved, and what it refused and why.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from portal import accounts, backup, ledger, mail, program, rules
from portal.books import PaperCheck, Payout, Run, SpoiledSheet
from portal.database import transaction
from portal.formats import address_lines, long_date
from portal.models import Affiliate, Audit
from portal.months import day_of
from portal.pdf import printable
from portal.present import Now

Deed = Callable[[PaperCheck], PaperCheck]
STEP = 200  # checks that a deed to many moves at once, so that nobody waits long behind it


def next_number() -> int:
    """The lowest check number above every number used; numbers are never used again."""
    return backup.highest_number() + 1


def print_checks(
    month: str, *, now: datetime, first: int | None = None, date: str | None = None, **who: Any
) -> dict[str, Any]:
    """Number and date the issued checks of a run in the order of payees, from `first` up."""
    day, number = _day(date, now), 0

    def deed(check: PaperCheck) -> PaperCheck:
        nonlocal number
        affiliate = check.payout.affiliate
        _moved(check, "print")  # whose refusal comes before the font's
        address = "\n".join(address_lines(affiliate))
        payee, address = printable(affiliate.payee, "payee"), printable(address, "address")
        paper = {"payee": payee, "address": address}
        _move(check, "print", now, number=number, check_date=day, **paper)
        number += 1
        return check

    with transaction():  # no other deed can take a number
        if backup.unconfirmed():
            raise rules.Refused(backup.UNCONFIRMED)
        number = next_number() if first is None else first
        backup.need_near(number)
        if number < next_number():
            said = f"The numbers up to {next_number() - 1} are used. Take one above."
            raise rules.Refused(said, "first")
        return _each(month, "print", deed, now=now, **who)


def spoil(month: str, first: int, last: int, *, now: datetime, by: str) -> dict[str, Any]:
    """Sheets that the printer spoiled: their numbers are burned, their checks print anew (R21)."""

    def deed(check: PaperCheck) -> PaperCheck:
        number, about = check.number, {"check_date": check.check_date, "payee": check.payee}
        _move(check, "spoil", now, number=None, check_date=None, payee="", address="")
        SpoiledSheet.create(number=number, check=check, spoiled_at=now, **about)
        return check

    if last - first >= STEP:
        said = f"These are more than {STEP} sheets. Tell them pile by pile."
        raise rules.Refused(said, "last")
    with transaction():
        sheets = PaperCheck.last(Payout.run == month, PaperCheck.number.between(first, last))
        codes = [check.payout.affiliate.code for check in sheets]
        if not codes:
            raise rules.Refused("No check of this run has such a number.", "first")
        return _each(month, "spoil", deed, now=now, by=by, codes=codes)


def mark_paid(month: str, *, now: datetime, date: str | None = None, **who: Any) -> dict[str, Any]:
    """Mark printed checks as paid, with the date they were mailed."""
    day = _day(date, now)
    on = long_date(datetime.fromisoformat(day).date(), program.load().zone)

    def deed(check: PaperCheck) -> PaperCheck:
        _move(check, "paid", now, mailed_on=day)
        _tell("check_mailed", check, now, day=on)
        return check

    return _each(month, "paid", deed, now=now, **who)


def clear(month: str, *, now: datetime, **who: Any) -> dict[str, Any]:
    """Mark paid checks as cleared by the bank; nothing moves them after that."""
    return _each(month, "clear", partial(_move, did="clear", now=now), now=now, **who)


def void(
    month: str, *, now: datetime, reason: str, part: int | None = None, **who: Any
) -> dict[str, Any]:
    """Void checks, or only one that is still this part, and give the money back (R21)."""
    reason = reason.strip()
    if not reason:
        raise rules.Refused("A void needs a reason: not sent, lost, stopped, returned.", "reason")

    def deed(check: PaperCheck) -> PaperCheck:
        if part not in (None, check.part):
            raise rules.Refused("Another check took the place of this one meanwhile.")
        was_mailed = check.status == rules.CHECK_PAID
        _move(check, "void", now, void_reason=reason, runs_when_void=Run.select().count())
        ledger.post_void(check.payout, check.part, now=now)
        if was_mailed:
            _tell("check_void", check, now, why=reason.partition(":")[0])
        return check

    return _each(month, "void", deed, now=now, **who)


def reissue(month: str, *, now: datetime, **who: Any) -> dict[str, Any]:
    """Take a void check's payout from the balance again, for a next check (R21)."""

    def deed(check: PaperCheck) -> PaperCheck:
        payout, part = check.payout, check.part + 1
        if check.status != rules.VOID:
            raise rules.Refused(f"Only a void check is reissued; this one is {check.status}.")
        if Run.select().count() > (check.runs_when_void or 0):
            raise rules.Refused("A run was made since. The amount was that run's to pay.")
        held = accounts.hold(payout.affiliate, now=now)
        if held:
            raise rules.Refused(f"The affiliate is on hold ({held}).")
        ledger.post_reissue(payout, part, now=now)
        return PaperCheck.create(payout=payout, part=part, status=rules.ISSUED, moved_at=now)

    return _each(month, "reissue", deed, now=now, **who)


def ready(month: str, did: str, after: str = "") -> list[str]:
    """Whose checks a deed can move, by their state: codes in the order of payees, after one."""
    last = Affiliate.get_or_none(code=after) if after else None
    checks = PaperCheck.last(Payout.run == month, PaperCheck.status.in_(rules.BEFORE[did]))
    rows = checks.select(Affiliate.payee, Affiliate.id, Affiliate.code).tuples()
    places = sorted((_place(payee, key), code) for payee, key, code in rows)
    start = _place(last.payee, last.id) if last else ("", 0)
    return [code for place, code in places if place > start]


def _place(payee: str, affiliate: int) -> tuple[str, int]:
    """Where somebody stands in the order of payees."""
    return payee.casefold(), affiliate


def _day(text: str | None, now: datetime) -> str:
    if text is None:
        return day_of(now, program.load().zone)
    try:
        if date.fromisoformat(text).isoformat() == text and "2000" <= text < "3000":  # of tax years
            return text
    except ValueError:
        pass
    raise rules.Refused("A date is written YYYY-MM-DD, like 2026-12-01.", "date")


def _moved(check: PaperCheck, did: str) -> str:
    affiliate = check.payout.affiliate
    suspended = affiliate.status == rules.SUSPENDED
    return rules.moved(check.status, did, suspended=suspended, has_address=affiliate.has_address)


def _move(check: PaperCheck, did: str, now: datetime, **about: object) -> PaperCheck:
    """Compare and set: only a check that is still in the state that was read moves."""
    about |= {"status": _moved(check, did), "moved_at": now}
    same = (PaperCheck.id == check.id) & (PaperCheck.status == check.status)
    if not PaperCheck.update(**about).where(same).execute():
        raise rules.Refused("Somebody else moved this check just now.")
    for name, value in about.items():
        setattr(check, name, value)
    return check


def _tell(kind: str, check: PaperCheck, now: datetime, **more: str) -> None:
    payout = check.payout
    facts = {"number": check.number, "month": payout.run_id, "amount": payout.amount, **more}
    mail.queue(kind, to=payout.affiliate, now=now, key=f"{kind}:{check.id}", **facts)


def _each(
    month: str, did: str, deed: Deed, *, by: str, now: datetime, codes: list[str] | None = None
) -> dict[str, Any]:
    """Do a deed to the checks of a run: all whose state allows it, or those of the named."""
    if Run.get_or_none(month=month) is None:
        raise rules.Refused(f"There is no run of {month}.", "month")
    answer: dict[str, Any] = {"moved": [], "refused": []}
    with transaction():
        for check in _chosen(month, did, codes, answer["refused"]):
            code, amount, number = check.payout.affiliate.code, check.payout.amount, check.number
            try:
                check = deed(check)
            except rules.Refused as problem:
                answer["refused"].append({"affiliate": code, "reason": str(problem)})
                continue
            told = {"status": check.status, "check_number": check.number}
            told |= {"check_date": check.check_date}
            answer["moved"].append({"affiliate": code, "amount": amount} | told)
            Audit.note(by, did, f"{month} {code}", now, number=check.number or number)
    return answer


def _chosen(
    month: str, did: str, codes: list[str] | None, refused: list[dict[str, Any]]
) -> list[PaperCheck]:
    """The last checks a deed is done to, by payee; who is named and has none is refused."""
    if codes is None:
        wanted: Any = PaperCheck.status.in_(rules.BEFORE[did])
    else:
        who = {code: Now().named(code) for code in codes}
        wanted = Payout.affiliate.in_([key for key in who.values() if key])
    found = list(PaperCheck.last(Payout.run == month, wanted))
    if codes is not None:
        here = {check.payout.affiliate_id for check in found}
        said = "There is no payout of this affiliate in this run."
        refused += [{"affiliate": c, "reason": said} for c, key in who.items() if key not in here]
    found.sort(key=lambda c: _place(c.payout.affiliate.payee, c.payout.affiliate_id))
    return found
