"""Reading only: the numbers and live tables that an affiliate sees, each in a few queries.

A table is read newest first by its key, never by counting rows away, so its hundredth page costs
what its first does. Every function is told whose rows it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import JOIN, Case, Expression, fn

from portal import months, rules
from portal.books import Customer, Entry, Order, Payment
from portal.models import Affiliate, Click, ClickDay, Link

PAGE, MOST_NEW, DAYS = 25, 99, 90
MAIN_LINK = "Main link"


@dataclass(frozen=True)
class Filter:
    """What a table shows: instants from and before, a link (0 is the main one), a label."""

    since: datetime | None = None
    before: datetime | None = None
    link: int | None = None
    sub_id: str = ""


@dataclass
class Rows:
    """Rows of a table; `older` is the key of the next page, `newer` counts what came since."""

    rows: list[Any]
    older: Any = None
    newest: Any = None
    newer: int = 0
    more: dict[int, Any] = field(default_factory=dict)


def total(amount: Any, *when: Expression) -> Any:
    """The sum of an amount over the rows that fulfil every condition, as a column."""
    return fn.COALESCE(fn.SUM(Case(None, [(_all(when), amount)], 0)), 0)


def _all(conditions: Iterable[Expression]) -> Any:
    found: Any = True
    for condition in conditions:
        found = condition if found is True else found & condition
    return found


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """The rows of a query as plain tuples."""
    return list(query.tuples())


# --- Figures -----------------------------------------------------------------------------------


def figures(affiliate: Affiliate, *, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """The numbers of the overview: this month's and this year's, and the balance."""
    month = months.month_of(now, zone)
    start, end = month.start(zone), month.end(zone)
    year = months.year_of(now, zone)
    earned = Entry.kind.in_(rules.EARNINGS)
    in_month = (Entry.happened_at >= start) & (Entry.happened_at < end)
    in_year = (Entry.paid_at >= months.year_start(year, zone)) & (
        Entry.paid_at < months.year_start(year + 1, zone)
    )
    second = Entry.rule == "R13"
    sums = Entry.select(
        fn.COALESCE(fn.SUM(Entry.amount), 0),
        total(Entry.amount, earned, in_month),
        total(1, earned, in_month),
        total(Entry.amount, earned, in_year),
        total(Entry.amount, second, in_month),
    ).where(Entry.affiliate == affiliate)
    names = ("balance", "month", "entries", "year", "second")
    found = {n: int(v) for n, v in zip(names, tuples(sums)[0], strict=True)}
    return found | _counts(affiliate, start, now, zone)


def due(affiliate: Affiliate, month_end: datetime) -> int:
    """What a run would find due to one affiliate, by the condition of ledger.sums_due (R18)."""
    counts = (Entry.amount < 0) | (Entry.kind == rules.PAYOUT_VOID)
    counts |= Entry.happened_at < month_end
    query = Entry.select(fn.COALESCE(fn.SUM(Entry.amount), 0))
    return int(query.where((Entry.affiliate == affiliate) & counts).scalar())


def _counts(affiliate: Affiliate, start: datetime, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    today = months.day_of(now, zone)
    midnight = datetime.combine(date.fromisoformat(today), datetime.min.time(), zone)
    day = total(ClickDay.clicks, ClickDay.day == today)
    clicks = ClickDay.select(fn.COALESCE(fn.SUM(ClickDay.clicks), 0), day).where(
        (ClickDay.affiliate_id == affiliate.id) & (ClickDay.day >= f"{today[:7]}-01")
    )
    orders = Order.select(fn.COUNT(Order.id), total(1, Order.ordered_at >= midnight)).where(
        (Order.credited_to == affiliate) & (Order.ordered_at >= start)
    )
    (click_sum, click_today), (order_sum, order_today) = tuples(clicks)[0], tuples(orders)[0]
    return {
        "clicks": int(click_sum),
        "clicks_today": int(click_today),
        "orders": int(order_sum),
        "orders_today": int(order_today),
        "referred": Affiliate.select().where(Affiliate.referrer == affiliate).count(),
    }


def last_days(affiliate: Affiliate, *, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Click-throughs and orders of each of the last 90 days, today the last."""
    today = date.fromisoformat(months.day_of(now, zone))
    first = today - timedelta(days=DAYS - 1)
    rows = ClickDay.select(ClickDay.day, ClickDay.clicks).where(
        (ClickDay.affiliate_id == affiliate.id) & (ClickDay.day >= first.isoformat())
    )
    clicks = dict(tuples(rows))
    begin = datetime.combine(first, datetime.min.time(), zone)
    times = Order.select(Order.ordered_at).where(
        (Order.credited_to == affiliate) & (Order.ordered_at >= begin)
    )
    orders = Counter(months.day_of(at, zone) for (at,) in tuples(times))
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return [
        {"day": d, "clicks": clicks.get(d.isoformat(), 0), "orders": orders[d.isoformat()]}
        for d in days
    ]


# --- Clicks ------------------------------------------------------------------------------------


def links(affiliate: Affiliate) -> dict[int, str]:
    """The names of an affiliate's links by key."""
    rows = Link.select(Link.id, Link.name).where(Link.affiliate == affiliate).order_by(Link.name)
    return dict(tuples(rows))


def _chosen(wanted: Filter, at: Any) -> list[Expression]:
    found = []
    if wanted.since:
        found.append(at >= wanted.since)
    if wanted.before:
        found.append(at < wanted.before)
    if wanted.link is not None:
        found.append(Click.link_id == wanted.link if wanted.link else Click.link_id.is_null())
    if wanted.sub_id:
        found.append(Click.sub_id == wanted.sub_id)
    return found


def clicks(
    affiliate: Affiliate,
    wanted: Filter,
    *,
    before: int | None = None,
    upto: int | None = None,
    limit: int | None = PAGE,
) -> Rows:
    """Click-throughs, newest first: before a key, and with `upto` how many came after it."""
    mine = (Click.affiliate_id == affiliate.id) & Click.mark.is_null()
    query = Click.select().where(_all([mine, *_chosen(wanted, Click.clicked_at)]))
    found = _cut(query, Click.id, before, upto, limit)
    ids = [click.id for click in found.rows]
    ordered = Order.select(Order.click_id, Order.order_id).where(
        Order.click_id.in_(ids), Order.credited_to == affiliate
    )
    found.more = dict(tuples(ordered))
    return found


def _cut(query: Any, key: Any, before: Any, upto: Any, limit: int | None) -> Rows:
    """One page of a query by its key, and how many rows came after `upto`."""
    newer = 0
    if upto is not None:
        newer = query.where(key > upto).limit(MOST_NEW).count()
        query = query.where(key <= upto)
    if before is not None:
        query = query.where(key < before)
    query = query.order_by(key.desc())
    rows = list(query.limit(limit + 1) if limit else query)
    name = key.name
    older = getattr(rows[limit - 1], name) if limit and len(rows) > limit else None
    newest = getattr(rows[0], name) if rows else upto
    return Rows(rows[:limit], older, newest, newer)


# --- Orders ------------------------------------------------------------------------------------


def orders(
    affiliate: Affiliate,
    wanted: Filter,
    *,
    before: int | None = None,
    upto: int | None = None,
    limit: int | None = PAGE,
) -> Rows:
    """Credited orders, newest recorded first, with what was paid and earned on each."""
    query = Order.select(Order, Customer, Click).join(Customer).switch(Order)
    query = query.join(Click, JOIN.LEFT_OUTER, on=(Order.click_id == Click.id), attr="click")
    query = query.where(_all([Order.credited_to == affiliate, *_chosen(wanted, Order.ordered_at)]))
    found = _cut(query, Order.id, before, upto, limit)
    found.more = _money([order.id for order in found.rows], affiliate)
    return found


def _money(ids: list[int], affiliate: Affiliate) -> dict[int, dict[str, int]]:
    paid = Payment.select(
        Payment.order,
        fn.COUNT(Payment.id),
        fn.SUM(Payment.amount),
        fn.SUM(Payment.refunded),
        total(1, Payment.commission_to == affiliate),
    ).where(Payment.order.in_(ids))
    earned = Entry.select(Payment.order, fn.SUM(Entry.amount)).join(Payment)
    earned = earned.where(Payment.order.in_(ids), Entry.affiliate == affiliate, Entry.rule == "R9")
    names = ("payments", "paid", "refunded", "earning")
    found: dict[int, dict[str, int]] = {i: dict.fromkeys((*names, "earned"), 0) for i in ids}
    for order, *sums in tuples(paid.group_by(Payment.order)):
        found[order].update(zip(names, map(int, sums), strict=True))
    for order, amount in tuples(earned.group_by(Payment.order)):
        found[order]["earned"] = int(amount)
    return found


def feed(affiliate: Affiliate, limit: int = 8) -> tuple[list[Click], list[Entry]]:
    """What happened last: the newest click-throughs and the newest earnings."""
    newest = clicks(affiliate, Filter(), limit=limit).rows
    earned = Entry.select(Entry, Payment, Order, Customer)
    earned = earned.join(Payment).join(Order).join(Customer)
    earned = earned.where((Entry.affiliate == affiliate) & Entry.kind.in_(rules.EARNINGS))
    return newest, list(earned.order_by(Entry.id.desc()).limit(limit))
