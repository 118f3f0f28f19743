"""Reading only, for the program office: work to do, affiliates, runs and their checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from peewee import Tuple, fn

from portal import months, rules
from portal.books import Entry, NotPaid, Order, PaperCheck, Payout, Run, Verification
from portal.models import Admin, Affiliate, Audit, ClickDay
from portal.reports import tuples

PAGE, SHEETS = 50, 500


class Paper(NamedTuple):
    """A payout with its last check and whom it is for."""

    affiliate: Affiliate
    payout: Payout
    check: PaperCheck

    @property
    def payee(self) -> str:
        """The name printed, or the one that would be."""
        return self.check.payee or self.affiliate.payee or self.affiliate.name

    @property
    def blocked(self) -> str:
        """Why an issued check cannot be printed, if so (R21)."""
        if self.check.status != rules.ISSUED:
            return ""
        if self.affiliate.status == rules.SUSPENDED:
            return "suspended"
        return "" if self.affiliate.has_address else "no address yet"


def _papers(*where: Any) -> Any:
    later = PaperCheck.alias()
    last = later.select(fn.MAX(later.part)).where(later.payout == Payout.id)
    query = PaperCheck.select(PaperCheck, Payout, Affiliate).join(Payout).join(Affiliate)
    query = query.where(PaperCheck.part == last)
    return query.where(*where) if where else query


def _told(query: Any) -> list[Paper]:
    return [Paper(c.payout.affiliate, c.payout, c) for c in query]


def work(now: datetime) -> dict[str, Any]:
    """What waits for somebody, each as its rows or its count."""
    review = Affiliate.select().where(Affiliate.status == rules.REVIEW)
    issued = _told(_papers(PaperCheck.status == rules.ISSUED).order_by(PaperCheck.id))
    printed = _told(_papers(PaperCheck.status == rules.PRINTED).order_by(PaperCheck.id))
    last = Run.select(fn.MAX(Run.month))
    held = NotPaid.select(NotPaid, Affiliate).join(Affiliate)
    return {
        "review": list(review.order_by(Affiliate.applied_at).limit(PAGE)),
        "reviews": review.count(),
        "to_print": [p for p in issued if not p.blocked],
        "blocked": [p for p in issued if p.blocked],
        "to_pay": printed,
        "held": list(held.where(NotPaid.run == last, NotPaid.reason == rules.HELD_TAX_ID)),
        "verified": Verification.select().order_by(Verification.id.desc()).first(),
    }


def month_figures(now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """The whole program's current month."""
    month = months.month_of(now, zone)
    start = month.start(zone)
    clicks = ClickDay.select(fn.COALESCE(fn.SUM(ClickDay.clicks), 0))
    earned = Entry.select(fn.COALESCE(fn.SUM(Entry.amount), 0))
    recent = Order.ordered_at >= start
    return {
        "clicks": int(clicks.where(ClickDay.day >= f"{month}-01").scalar()),
        "orders": Order.select().where(recent).count(),
        "credited": Order.select().where(recent & Order.credited_to.is_null(False)).count(),
        "earned": int(
            earned.where(Entry.kind.in_(rules.EARNINGS), Entry.happened_at >= start).scalar()
        ),
        "owed": int(Entry.select(fn.COALESCE(fn.SUM(Entry.amount), 0)).scalar()),
    }


def names(holders: list[str]) -> dict[str, str]:
    """The code or e-mail of those whom "affiliate:17" and "admin:2" name."""
    found = {}
    for kind, table in (("affiliate", Affiliate), ("admin", Admin)):
        ids = [int(h.partition(":")[2]) for h in holders if h.startswith(f"{kind}:")]
        for row in table.select().where(table.id.in_(ids)):
            found[f"{kind}:{row.id}"] = getattr(row, "code", row.email)
    return found


# --- Affiliates --------------------------------------------------------------------------------


def affiliates(q: str = "", state: str = "", after: str = "") -> tuple[list[Any], str | None]:
    """Affiliates by code with their sums, and the code after which the next page begins."""
    query = Affiliate.select()
    if q:
        same = fn.LOWER(Affiliate.name).contains(q.lower()) | Affiliate.code.contains(q.lower())
        query = query.where(
            same | Affiliate.email_key.contains(q.lower()) | fn.LOWER(Affiliate.company).contains(q)
        )
    if state:
        query = query.where(Affiliate.status == state)
    if after:
        query = query.where(Affiliate.code > after)
    rows = list(query.order_by(Affiliate.code).limit(PAGE + 1))
    return rows[:PAGE], rows[PAGE - 1].code if len(rows) > PAGE else None


def sums(rows: list[Affiliate], *, now: datetime, zone: ZoneInfo) -> dict[int, dict[str, int]]:
    """Balance, and earnings of this year by the year of payment, of these affiliates."""
    start = months.year_start(months.year_of(now, zone), zone)
    earned = fn.SUM(Entry.amount).filter(Entry.kind.in_(rules.EARNINGS) & (Entry.paid_at >= start))
    query = Entry.select(Entry.affiliate, fn.SUM(Entry.amount), earned)
    query = query.where(Entry.affiliate.in_([a.id for a in rows])).group_by(Entry.affiliate)
    found = {a.id: {"balance": 0, "year": 0} for a in rows}
    for affiliate, balance, year in tuples(query):
        found[affiliate] = {"balance": int(balance), "year": int(year or 0)}
    return found


def states() -> dict[str, int]:
    """How many affiliates there are of each status."""
    query = Affiliate.select(Affiliate.status, fn.COUNT(Affiliate.id))
    return dict(tuples(query.group_by(Affiliate.status)))


def ledger_of(affiliate: Affiliate, before: int | None = None) -> tuple[list[Entry], int | None]:
    """The entries of an affiliate, newest first, and the key of the older ones."""
    query = Entry.select().where(Entry.affiliate == affiliate)
    if before:
        query = query.where(Entry.id < before)
    rows = list(query.order_by(Entry.id.desc()).limit(PAGE + 1))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def log_of(affiliate: Affiliate) -> list[Audit]:
    """What was done to an affiliate, the latest first."""
    query = Audit.select().where(Audit.subject == affiliate.code)
    return list(query.order_by(Audit.id.desc()).limit(PAGE))


# --- Runs and checks ---------------------------------------------------------------------------


def runs() -> list[dict[str, Any]]:
    """Every run, newest first: how many checks of which sum, and how many in each state."""
    found: dict[str, dict[str, Any]] = {}
    for run in Run.select().order_by(Run.month.desc()):
        found[run.month] = {"run": run, "count": 0, "amount": 0, "states": {}}
    query = _papers().select(
        Payout.run, PaperCheck.status, fn.COUNT(PaperCheck.id), fn.SUM(Payout.amount)
    )
    for month, status, count, amount in tuples(query.group_by(Payout.run, PaperCheck.status)):
        found[month]["count"] += count
        found[month]["amount"] += int(amount)
        found[month]["states"][status] = (count, int(amount))
    return list(found.values())


def checks(
    month: str, *, state: str = "", q: str = "", after: str = "", limit: int | None = PAGE
) -> tuple[list[Paper], str | None]:
    """The checks of a run by payee, and the affiliate's code after whom the next page begins."""
    payee = fn.LOWER(Affiliate.payee)
    query = _papers(Payout.run == month)
    if state:
        query = query.where(PaperCheck.status == state)
    if q:
        by_number = PaperCheck.number == int(q) if q.isdecimal() and len(q) < 10 else None
        same = payee.contains(q.lower()) | fn.LOWER(Affiliate.name).contains(q.lower())
        query = query.where(same | by_number if by_number is not None else same)
    last = Affiliate.get_or_none(code=after) if after else None
    if last:
        query = query.where(Tuple(payee, Affiliate.id) > Tuple(last.payee.lower(), last.id))
    query = query.order_by(payee, Affiliate.id)
    rows = _told(query.limit(limit + 1) if limit else query)
    more = limit is not None and len(rows) > limit
    return rows[:limit], rows[limit - 1].affiliate.code if more and limit else None


def paper(month: str, code: str) -> Paper | None:
    """The payout of an affiliate in a run, with its last check."""
    return next(iter(_told(_papers(Payout.run == month, Affiliate.code == code))), None)


def printed(month: str, first: int, last: int) -> list[Paper]:
    """The checks of a run with numbers in a span, in the order of the paper."""
    numbered = PaperCheck.number.between(first, last)
    return _told(_papers(Payout.run == month, numbered).order_by(PaperCheck.number).limit(SHEETS))


def voucher(payout: Payout, zone: ZoneInfo) -> tuple[list[Entry], int]:
    """What made a payout since the run before, and what that run had left of it (R18)."""
    run = payout.run
    before = Run.select(fn.MAX(Run.last_entry)).where(Run.month < run.month).scalar() or 0
    new = (Entry.id > before) & (Entry.id <= run.last_entry)
    due = (Entry.amount < 0) | (Entry.kind == rules.PAYOUT_VOID)
    due |= Entry.happened_at < months.Month(run.month).end(zone)
    query = Entry.select().where((Entry.affiliate == payout.affiliate) & new & due)
    rows = list(query.where(Entry.kind != rules.PAYOUT).order_by(Entry.id))
    return rows, payout.amount - sum(entry.amount for entry in rows)
