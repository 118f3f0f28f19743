"""Reading only, for the program office: work to do, affiliates, runs and their checks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from peewee import Tuple, chunked, fn

from portal import ledger, months, rules
from portal.books import Entry, NotPaid, Order, PaperCheck, Payout, Run, Verification
from portal.formats import address_lines
from portal.models import Admin, Affiliate, Audit, ClickDay
from portal.pdf import unprintable
from portal.reports import EARNED, Query, total

PAGE = 50


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
        if not self.affiliate.has_address:
            return "no address yet"
        text = "\n".join((self.payee, *address_lines(self.affiliate)))
        return "name or address not printable" if unprintable(text) else ""


def _papers(query: Query) -> list[Paper]:
    return [Paper(check.payout.affiliate, check.payout, check) for check in query]


@dataclass(frozen=True)
class Pile:
    """Things of a kind that wait: how many, of which sum, and the first of them."""

    count: int
    amount: int
    first: Any


def work() -> dict[str, Any]:
    """What waits for somebody: applications, and piles of checks and of what is held."""
    review = Affiliate.select().where(Affiliate.status == rules.REVIEW)
    last = Run.select(fn.MAX(Run.month))
    held = NotPaid.select(NotPaid, Affiliate).join(Affiliate)
    held = held.where(NotPaid.run == last, NotPaid.reason == rules.HELD_TAX_ID)
    printed = PaperCheck.last(PaperCheck.status == rules.PRINTED)
    issued = _papers(PaperCheck.last(PaperCheck.status == rules.ISSUED).order_by(Payout.run))
    blocked = {paper.check.id: paper for paper in issued if paper.blocked}
    fine = [paper for paper in issued if paper.check.id not in blocked]
    return {
        "review": list(review.order_by(Affiliate.applied_at).limit(PAGE)),
        "reviews": review.count(),
        "to_print": _pile(fine),
        "blocked": _pile(blocked.values()),
        "to_pay": _summed(printed.order_by(Payout.run), PaperCheck.id, Payout.amount),
        "held": _summed(held, NotPaid.affiliate, NotPaid.amount),
        "verified": Verification.select().order_by(Verification.id.desc()).first(),
    }


def _pile(papers: Collection[Paper]) -> Pile:
    amount = sum(paper.payout.amount for paper in papers)
    return Pile(len(papers), amount, next(iter(papers), None))


def _summed(query: Query, each: Any, cents: Any) -> Pile:
    """A pile that may be high: counted and summed by the database, and its first row."""
    count, amount = query.order_by().select(fn.COUNT(each), total(cents)).tuples().get()
    return Pile(count, int(amount), query.first())


def month_figures(now: datetime, zone: ZoneInfo) -> dict[str, int]:
    month = months.month_of(now, zone)
    start = month.start(zone)
    orders = Order.select().where(Order.ordered_at >= start)
    sums = {
        "clicks": ClickDay.select(total(ClickDay.clicks)).where(ClickDay.day >= f"{month}-01"),
        "earned": Entry.select(total(Entry.amount)).where(EARNED & (Entry.happened_at >= start)),
        "owed": Entry.select(total(Entry.amount)),
    }
    return {
        "orders": orders.count(),
        "credited": orders.where(Order.credited_to.is_null(False)).count(),
        **{name: int(query.scalar()) for name, query in sums.items()},
    }


def names(holders: list[str]) -> dict[str, str]:
    """The code or e-mail of those whom "affiliate:17" and "admin:2" name."""
    found: dict[str, str] = {}
    for kind, field in (("affiliate", Affiliate.code), ("admin", Admin.email)):
        ids = [int(h.partition(":")[2]) for h in holders if h.startswith(f"{kind}:")]
        query: Query = field.model.select(field.model.id, field).where(field.model.id.in_(ids))
        found |= {f"{kind}:{key}": name for key, name in query.tuples()}
    return found


# --- Affiliates --------------------------------------------------------------------------------


def affiliates(
    q: str = "", state: str = "", after: str = "", limit: int | None = PAGE
) -> tuple[list[Any], str | None]:
    """Affiliates by code, and the code after which the next page begins."""
    query: Query = Affiliate.select().where(Affiliate.code > after)
    if q:
        some = q.lower()
        same = fn.LOWER(Affiliate.name).contains(some) | Affiliate.code.contains(some)
        same |= Affiliate.email_key.contains(some) | fn.LOWER(Affiliate.company).contains(some)
        query = query.where(same)
    if state:
        query = query.where(Affiliate.status == state)
    return _page(query.order_by(Affiliate.code), "code", limit)


def _page(query: Query, key: str, most: int | None = PAGE) -> tuple[list[Any], Any]:
    rows = list(query.limit(most + 1 if most else None))
    more = most is not None and len(rows) > most
    return rows[:most], getattr(rows[most - 1], key) if more and most else None


def sums(rows: list[Affiliate], *, now: datetime, zone: ZoneInfo) -> dict[int, dict[str, int]]:
    """Balance, and earnings of this year by the year of payment, of these affiliates."""
    this_year = Entry.paid_at >= months.year_start(months.year_of(now, zone), zone)
    query: Query = Entry.select(
        Entry.affiliate, total(Entry.amount), total(Entry.amount, EARNED & this_year)
    )
    found = {affiliate.id: {"balance": 0, "year": 0} for affiliate in rows}
    if len(found) <= PAGE:  # more are too many to name, and then most are asked for
        query = query.where(Entry.affiliate.in_(list(found)))
    for affiliate, balance, year in query.group_by(Entry.affiliate).tuples():
        found[affiliate] = {"balance": int(balance), "year": int(year)}
    return found


def states() -> dict[str, int]:
    query: Query = Affiliate.select(Affiliate.status, fn.COUNT(Affiliate.id))
    return dict(list(query.group_by(Affiliate.status).tuples()))


def ledger_of(affiliate: Affiliate, before: int | None = None) -> tuple[list[Entry], int | None]:
    """The entries of an affiliate, newest first, and the key of the older ones."""
    query = Entry.select().where(Entry.affiliate == affiliate).order_by(Entry.id.desc())
    return _page(query.where(Entry.id < before) if before else query, "id")


def log_of(affiliate: Affiliate) -> list[Audit]:
    """What was done to an affiliate, the latest first."""
    query = Audit.select().where(Audit.subject == affiliate.code)
    return list(query.order_by(Audit.id.desc()).limit(PAGE))


def settings_log(before: int | None = None) -> tuple[list[Audit], int | None]:
    """What was changed in the settings, the latest first, and the key of what came before."""
    query = Audit.select().where(Audit.did == "set").order_by(Audit.id.desc())
    return _page(query.where(Audit.id < before) if before else query, "id")


# --- Runs and checks ---------------------------------------------------------------------------


def runs(*where: Any) -> list[dict[str, Any]]:
    """Every run, newest first: how many checks of which sum, and how many in each state."""
    query = Run.select().where(*where) if where else Run.select()
    found: dict[str, dict[str, Any]] = {
        run.month: {"run": run, "count": 0, "amount": 0, "states": {}}
        for run in list[Any](query.order_by(Run.month.desc()))
    }
    counts = PaperCheck.last(Payout.run.in_(list(found))).select(
        Payout.run, PaperCheck.status, fn.COUNT(PaperCheck.id), fn.SUM(Payout.amount)
    )
    for month, status, count, amount in counts.group_by(Payout.run, PaperCheck.status).tuples():
        found[month]["count"] += count
        found[month]["amount"] += int(amount)
        found[month]["states"][status] = (count, int(amount))
    return list(found.values())


def last_run() -> dict[str, Any] | None:
    """The latest run, and how many it paid, carried and held for a tax ID, each with the sum."""
    run = Run.select().order_by(Run.month.desc()).first()
    if run is None:
        return None
    left = NotPaid.select(fn.COUNT(NotPaid.affiliate), total(NotPaid.amount))
    paid = Payout.select(fn.COUNT(Payout.id), total(Payout.amount)).where(Payout.run == run)
    left = left.where(NotPaid.run == run)
    lists: dict[str, Query] = {"paid": paid}
    for reason in (rules.CARRIED, rules.HELD_TAX_ID):
        lists[reason] = left.where(NotPaid.reason == reason, NotPaid.amount > 0)
    found = {name: query.tuples().get() for name, query in lists.items()}
    return {"run": run} | {name: (count, int(cents)) for name, (count, cents) in found.items()}


def checks(
    month: str, state: str = "", q: str = "", after: str = "", limit: int | None = PAGE
) -> tuple[list[Paper], str | None]:
    """The checks of a run by payee, and the affiliate's code after whom the next page begins."""
    payee = fn.LOWER(Affiliate.payee)
    query = PaperCheck.last(Payout.run == month)
    if state:
        query = query.where(PaperCheck.status == state)
    if q:
        same = payee.contains(q.lower()) | fn.LOWER(Affiliate.name).contains(q.lower())
        if q.isdecimal() and len(q) < 10:
            same |= PaperCheck.number == int(q)
        query = query.where(same)
    last = Affiliate.get_or_none(code=after) if after else None
    if last:
        query = query.where(Tuple(payee, Affiliate.id) > Tuple(fn.LOWER(last.payee), last.id))
    rows, more = _page(query.order_by(payee, Affiliate.id), "payout", limit)
    return _papers(rows), more.affiliate.code if more else None


def paper(month: str, code: str) -> Paper | None:
    return next(iter(_papers(PaperCheck.last(Payout.run == month, Affiliate.code == code))), None)


def sheets(month: str, first: int, last: int, most: int) -> list[tuple[int, int, int, int]]:
    """The printed checks of a run in piles of so many: first and last number, count, sum."""
    numbered = PaperCheck.last(Payout.run == month, PaperCheck.number.between(first, last))
    rows = numbered.select(PaperCheck.number, Payout.amount).order_by(PaperCheck.number).tuples()
    return [(p[0][0], p[-1][0], len(p), sum(cents for _, cents in p)) for p in chunked(rows, most)]


def printed(month: str, first: int, last: int) -> list[Paper]:
    """The checks of a run with numbers in a span, in the order of the paper."""
    numbered = PaperCheck.last(Payout.run == month, PaperCheck.number.between(first, last))
    return _papers(numbered.order_by(PaperCheck.number))


def voucher(payout: Payout, zone: ZoneInfo) -> tuple[list[Entry], int]:
    """What made a payout since the run before, and what that run had left of it (R18)."""
    run = payout.run
    before = Run.select(fn.MAX(Run.last_entry)).where(Run.month < run.month).scalar() or 0
    new = (Entry.id > before) & (Entry.id <= run.last_entry) & (Entry.kind != rules.PAYOUT)
    due = ledger.is_due(months.Month(run.month).end(zone))
    query = Entry.select().where((Entry.affiliate == payout.affiliate) & new & due)
    rows = list(query.order_by(Entry.id))
    return rows, payout.amount - sum(entry.amount for entry in rows)
