"""The payout run of a month (R18 to R20): previewed, run once, and told again the same.

A run is one transaction. Its row is the lock: whoever comes second finds the run of the first. Who
is in which list, and the instant, are stored with the run.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from peewee import chunked, fn

from portal import accounts, backup, ledger, mail, months, program, rules, taxes
from portal.books import NotPaid, PaperCheck, Payout, Run, Verification
from portal.database import transaction
from portal.formats import month as named
from portal.ledger import Due, Person
from portal.models import Affiliate, Audit, TaxIdOnFile, last_fact

ROWS = 500  # rows an insert statement; SQLite and PostgreSQL both limit the parameters


class Stood(NamedTuple):
    """Where somebody stands in a run: the code, cents, the list, and the status of a check."""

    affiliate: str
    amount: int
    list: str
    status: str = ""


def _month(month: str) -> months.Month:
    try:
        return months.Month(month)
    except ValueError as problem:
        raise rules.Refused(str(problem), "month") from None


def _people(waived: set[int]) -> Iterator[Person]:
    on_file = {row for (row,) in TaxIdOnFile.select(TaxIdOnFile.affiliate_id).tuples()}
    told = (Affiliate.id, Affiliate.status, Affiliate.us_person, Affiliate.country)
    for affiliate, status, said, country in Affiliate.select(*told).order_by(Affiliate.id).tuples():
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
        return f"{named(month)} is not over. It can only be previewed."
    later = Run.select().where(Run.month > month).order_by(Run.month).first()
    if later:
        return f"The run of {named(later.month)} has paid what was due for {named(month)} too."
    if backup.unconfirmed():
        return backup.UNCONFIRMED
    check = Verification.select().order_by(Verification.id.desc()).first()
    if check and check.differences:
        return "The last ledger check found a difference. Nothing is paid until it is settled."
    return None


def preview(month: str, *, now: datetime) -> dict[str, Any]:
    """What a run of the month would do as things stand; a month that ran is told as it ran."""
    run = Run.get_or_none(month=_month(month))
    return told(run) if run else _shape(month, now, coming(month))


def coming(month: str) -> list[Stood]:
    """Where everybody would stand if the run of the month was made on the books as they are."""
    codes = dict(Affiliate.select(Affiliate.id, Affiliate.code).tuples())
    found = _lists(month, ledger.last_entry())
    return [Stood(codes[d.affiliate], d.amount, d.list, rules.ISSUED) for d in found]


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
        saw = {"terms": program.terms_version(), "last_entry": last, "last_fact": last_fact()}
        run = Run.create(month=month, ran_at=now, **saw)
        _keep(run, found, now)
        ledger.post_run(month, now=now)
        _tell(run, found, now)
        Audit.note(by, "run", month, now, payouts=sum(d.list == rules.IN_PAYOUTS for d in found))
        return told(run)


def _keep(run: Run, found: list[Due], now: datetime) -> None:
    paid = [(run.month, d.affiliate, d.amount) for d in found if d.list == rules.IN_PAYOUTS]
    left = [(run.month, *due) for due in found if due.list != rules.IN_PAYOUTS]
    _insert(Payout, "run affiliate amount", paid)
    _insert(NotPaid, "run affiliate amount reason", left)
    ids = Payout.select(Payout.id).where(Payout.run == run.month).order_by(Payout.affiliate)
    checks = ((payout, 1, rules.ISSUED, now) for (payout,) in ids.tuples())
    _insert(PaperCheck, "payout part status moved_at", checks)


def _insert(table: Any, columns: str, rows: Iterable[tuple]) -> None:
    for some in chunked(rows, ROWS):
        table.insert_many(some, columns.split()).execute()


def _tell(run: Run, found: list[Due], now: datetime) -> None:
    """Queue the mails of a run: what is held, and what to do about it (R20, R21)."""
    kinds = {rules.IN_PAYOUTS: "address_needed", rules.HELD_TAX_ID: "tax_hold"}
    concerned = {d.affiliate: d for d in found if d.list in kinds}
    for some in chunked(concerned, ROWS):
        for affiliate in Affiliate.select().where(Affiliate.id.in_(some)):
            due = concerned[affiliate.id]
            kind, facts = kinds[due.list], {"month": run.month, "amount": due.amount}
            if kind == "address_needed" and affiliate.has_address:
                continue  # told when the check is mailed
            key = f"{kind}:{run.month}:{affiliate.id}"
            mail.queue(kind, to=affiliate, now=now, key=key, **facts)


def told(run: Run) -> dict[str, Any]:
    """A run as `portal payouts run --json` tells it."""
    return _shape(run.month, run.ran_at, standing(run))


def standing(run: Run) -> list[Stood]:
    """Where everybody stood in a run; only the checks' status is of now."""
    last = PaperCheck.select(fn.MAX(PaperCheck.part)).where(PaperCheck.payout == Payout.id)
    paid = Payout.select(Affiliate.code, Payout.amount, PaperCheck.status).join(Affiliate)
    paid = paid.join(PaperCheck, on=(PaperCheck.payout == Payout.id) & (PaperCheck.part == last))
    paid = paid.where(Payout.run == run.month).order_by(Payout.affiliate)
    rows = [Stood(code, cents, rules.IN_PAYOUTS, status) for code, cents, status in paid.tuples()]
    left = NotPaid.select(Affiliate.code, NotPaid.amount, NotPaid.reason).join(Affiliate)
    left = left.where(NotPaid.run == run.month).order_by(NotPaid.affiliate)
    return rows + [Stood(*row) for row in left.tuples()]


def _shape(month: str, at: datetime, rows: list[Stood]) -> dict[str, Any]:
    lists: dict[str, list[dict[str, Any]]] = {"payouts": [], "held": [], "carried": []}
    for code, amount, name, status in rows:
        row = {"affiliate": code, "amount": amount}
        if name == rules.IN_PAYOUTS:
            lists["payouts"].append(row | {"status": status})
        elif name == rules.CARRIED:
            lists["carried"].append(row)
        else:
            lists["held"].append(row | {"reason": name})
    return {"month": str(month), "ran_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), **lists}


def before(month: str) -> tuple[str | None, dict[str, Stood]]:
    """The month of the run before, and where everybody stood in it, by code."""
    run = Run.select().where(Run.month < month).order_by(Run.month.desc()).first()
    if run is None:
        return None, {}
    return run.month, {row.affiliate: row for row in standing(run)}
