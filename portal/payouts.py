"""The payout run of a month (R18 to R20): previewed, run once, and told again the same.

A run is one transaction. Its row is the lock: whoever comes second finds the run of the first. Who
is in which list, and the instant, are stored with the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from peewee import chunked, fn

from portal import accounts, backup, ledger, mail, months, program, rules, taxes
from portal.books import NotPaid, PaperCheck, Payout, Run, Verification
from portal.database import transaction
from portal.ledger import Due, Person
from portal.models import Affiliate, Audit, TaxIdOnFile, last_fact

ROWS = 500  # rows an insert statement; SQLite and PostgreSQL both limit the parameters


def _month(month: str) -> months.Month:
    try:
        return months.Month(month)
    except ValueError as problem:
        raise rules.Refused(str(problem), "month") from None


def _people(waived: set[int]) -> Iterator[Person]:
    on_file = {row for (row,) in TaxIdOnFile.select(TaxIdOnFile.affiliate_id).tuples()}
    rows = Affiliate.select(
        Affiliate.id, Affiliate.status, Affiliate.us_person, Affiliate.country
    ).order_by(Affiliate.id)
    for affiliate, status, said, country in rows.tuples():
        us_person = taxes.is_us_person(said, country)
        about = (status == rules.SUSPENDED, us_person, affiliate in on_file, affiliate in waived)
        yield Person(affiliate, *about)


def _lists(month: str, last: int) -> list[Due]:
    zone, terms = program.load().zone, program.terms_version().terms()
    people = _people(accounts.waived(month))
    return ledger.due_lists(_month(month), people, zone=zone, terms=terms, last=last)


def why_not(month: str, *, now: datetime) -> str | None:
    """Why the run of a month cannot be made now, or None (R19)."""
    if now < _month(month).end(program.load().zone):
        return f"{month} is not over. It can only be previewed."
    later = Run.select().where(Run.month > month).order_by(Run.month).first()
    if later:
        return f"The run of {later.month} has paid what was due for {month} too."
    if backup.unconfirmed():
        return backup.UNCONFIRMED
    check = Verification.select().order_by(Verification.id.desc()).first()
    if check and check.differences:
        return "The last ledger check found a difference. Nothing is paid until it is settled."
    return None


def preview(month: str, *, now: datetime) -> dict[str, Any]:
    """What a run of the month would do as things stand; a month that ran is told as it ran."""
    run = Run.get_or_none(month=_month(month))
    if run:
        return told(run)
    found = _lists(month, ledger.last_entry())
    codes = dict(Affiliate.select(Affiliate.id, Affiliate.code).tuples())
    return _shape(month, now, [(codes[d.affiliate], d.amount, d.list, rules.ISSUED) for d in found])


def run_month(month: str, *, now: datetime, by: str) -> dict[str, Any]:
    """Make the run of a month; one that was made is told again and nothing changes (R19).

    Raises Refused for a month that is not over, one that a later run made needless, and while the
    last ledger check found a difference.
    """
    with transaction():
        run = Run.get_or_none(month=_month(month))
        if run:
            return told(run)
        refusal = why_not(month, now=now)
        if refusal:
            raise rules.Refused(refusal, "month")
        last = ledger.last_entry()
        found = _lists(month, last)
        run = Run.create(
            month=month,
            ran_at=now,
            terms=program.terms_version(),
            last_entry=last,
            last_fact=last_fact(),
        )
        _keep(run, found, now)
        ledger.post_run(month, now=now)
        _tell(run, found, now)
        Audit.note(by, "run", month, now, payouts=sum(d.list == rules.IN_PAYOUTS for d in found))
        return told(run)


def _keep(run: Run, found: list[Due], now: datetime) -> None:
    paid = [d for d in found if d.list == rules.IN_PAYOUTS]
    for some in chunked(paid, ROWS):
        rows = [{"run": run.month, "affiliate": d.affiliate, "amount": d.amount} for d in some]
        Payout.insert_many(rows).execute()
    for some in chunked([d for d in found if d.list != rules.IN_PAYOUTS], ROWS):
        others = [(run.month, d.affiliate, d.amount, d.list) for d in some]
        fields = [NotPaid.run, NotPaid.affiliate, NotPaid.amount, NotPaid.reason]
        NotPaid.insert_many(others, fields).execute()
    ids = Payout.select(Payout.id).where(Payout.run == run.month).order_by(Payout.affiliate)
    for some in chunked((payout for (payout,) in ids.tuples()), ROWS):
        rows = [{"payout": p, "part": 1, "status": rules.ISSUED, "moved_at": now} for p in some]
        PaperCheck.insert_many(rows).execute()


def _tell(run: Run, found: list[Due], now: datetime) -> None:
    """Queue the mails of a run: a check on its way, or held for a tax ID (R20)."""
    kinds = {rules.IN_PAYOUTS: "payout", rules.HELD_TAX_ID: "tax_hold"}
    concerned = {d.affiliate: d for d in found if d.list in kinds}
    for some in chunked(concerned, ROWS):
        for affiliate in Affiliate.select().where(Affiliate.id.in_(some)):
            due = concerned[affiliate.id]
            kind = kinds[due.list]
            key = f"{kind}:{run.month}:{affiliate.id}"
            facts = {"month": run.month, "amount": due.amount}
            mail.queue(kind, to=affiliate, now=now, key=key, **facts)


def told(run: Run) -> dict[str, Any]:
    """A run as `portal payouts run --json` tells it; only the checks' status is of now."""
    last = PaperCheck.select(fn.MAX(PaperCheck.part)).where(PaperCheck.payout == Payout.id)
    paid = Payout.select(Affiliate.code, Payout.amount, PaperCheck.status).join(Affiliate)
    paid = paid.join(PaperCheck, on=(PaperCheck.payout == Payout.id) & (PaperCheck.part == last))
    paid = paid.where(Payout.run == run.month).order_by(Payout.affiliate)
    rows = [(code, amount, rules.IN_PAYOUTS, status) for code, amount, status in paid.tuples()]
    left = NotPaid.select(Affiliate.code, NotPaid.amount, NotPaid.reason).join(Affiliate)
    left = left.where(NotPaid.run == run.month).order_by(NotPaid.affiliate)
    rows += [(code, amount, reason, "") for code, amount, reason in left.tuples()]
    return _shape(run.month, run.ran_at, rows)


def _shape(month: str, at: datetime, rows: list[tuple[str, int, str, str]]) -> dict[str, Any]:
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for code, amount, name, status in rows:
        row = {"affiliate": code, "amount": amount}
        if name == rules.IN_PAYOUTS:
            parts["payouts"].append(row | {"status": status})
        elif name == rules.CARRIED:
            parts["carried"].append(row)
        else:
            parts["held"].append(row | {"reason": name})
    lists = {name: parts[name] for name in ("payouts", "held", "carried")}
    return {"month": str(month), "ran_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), **lists}
