"""Reading only: the numbers and live tables that an affiliate sees, each in a few queries.

A table is read newest first by its key, never by counting rows away, so its hundredth page costs
what its first does. Every function is told whose rows it reads.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import JOIN, fn

from portal import ledger, months, rules
from portal.books import Customer, Entry, Order, Payment
from portal.models import Affiliate, Click, ClickDay, Link
from portal.months import Month

PAGE, MOST_NEW, DAYS = 25, 99, 90
LABELLED, FEW = 1_000, 12  # clicks looked at for their labels, labels to choose from
MAIN_LINK = "Main link"
EARNED = Entry.kind.in_(rules.EARNINGS)
Query = Any  # what a select yields depends on .tuples(), which types do not follow


@dataclass(frozen=True)
class Filter:
    """What a table shows: instants from and before, a link (0 is the main one), label, click."""

    since: datetime | None = None
    before: datetime | None = None
    link: int | None = None
    sub_id: str = ""
    click: int | None = None

    def where(self, at: Any) -> list[Any]:
        """The conditions of what it lets through, of a query that has clicks in it."""
        found = [at >= self.since] if self.since else []
        if self.before:
            found.append(at < self.before)
        if self.link is not None:
            found.append(Click.link_id == self.link if self.link else Click.link_id.is_null())
        if self.click is not None:
            found.append(Click.id == self.click)
        return [*found, Click.sub_id == self.sub_id] if self.sub_id else found


@dataclass
class Rows:
    """Rows of a table; `newer` counts what came since, `more` says more of a row by its id."""

    rows: list[Any]
    has_older: bool = False
    newer: int = 0
    more: dict[int, Any] = field(default_factory=dict)


def total(amount: Any, when: Any = None) -> Any:
    """The sum of an amount over the rows that fulfil a condition, as a column."""
    added = fn.SUM(amount)
    return fn.COALESCE(added if when is None else added.filter(when), 0)


# --- Figures -----------------------------------------------------------------------------------


def figures(affiliate: Affiliate, *, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """The numbers of the overview: this month's and this year's, and the balance."""
    month, year = months.month_of(now, zone), months.year_of(now, zone)
    in_month = EARNED & Entry.happened_at.between(month.start(zone), month.end(zone) - _SECOND)
    year_end = months.year_start(year + 1, zone) - _SECOND
    in_year = EARNED & Entry.paid_at.between(months.year_start(year, zone), year_end)
    today = months.day_of(now, zone)
    entries = Entry.select(
        total(Entry.amount).alias("balance"),
        total(Entry.amount, in_month).alias("month"),
        fn.COUNT(Entry.id).filter(in_month).alias("entries"),
        total(Entry.amount, in_year).alias("year"),
        total(Entry.amount, in_month & (Entry.rule == "R13")).alias("second"),
    ).where(Entry.affiliate == affiliate)
    clicks = ClickDay.select(
        total(ClickDay.clicks).alias("clicks"),
        total(ClickDay.clicks, ClickDay.day == today).alias("clicks_today"),
    ).where(ClickDay.affiliate_id == affiliate.id, ClickDay.day >= f"{month}-01")
    since_midnight = Order.ordered_at >= _midnight(date.fromisoformat(today), zone)
    orders = Order.select(
        fn.COUNT(Order.id).alias("orders"),
        fn.COUNT(Order.id).filter(since_midnight).alias("orders_today"),
    ).where(Order.credited_to == affiliate, Order.ordered_at >= month.start(zone))
    found: dict[str, Any] = {}
    for query in (entries, clicks, orders):
        found |= next(iter(query.dicts()))
    found["referred"] = Affiliate.select().where(Affiliate.referrer == affiliate).count()
    return {name: int(value) for name, value in found.items()}


_SECOND = timedelta(seconds=1)  # instants are kept in whole seconds


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)


def due(affiliate: Affiliate, month_end: datetime) -> int:
    """What a run would find due to one affiliate (R18)."""
    found = ledger.sums_due(month_end, last=ledger.last_entry(), only=affiliate.id)
    return found.get(affiliate.id, 0)


def kept(affiliate: Affiliate, month_start: datetime) -> int:
    """What of a balance was earned before a month, less what was paid of it since."""
    early = Entry.kind.in_((rules.PAYOUT, rules.PAYOUT_VOID)) | (Entry.happened_at < month_start)
    return int(
        Entry.select(total(Entry.amount)).where(early, Entry.affiliate == affiliate).scalar()
    )


def first_day(now: datetime, zone: ZoneInfo) -> date:
    """The first of the last 90 days, today the last."""
    return date.fromisoformat(months.day_of(now, zone)) - timedelta(days=DAYS - 1)


def last_days(affiliate: Affiliate, *, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Click-throughs and orders of each of the last 90 days, today the last."""
    first = first_day(now, zone)
    counts = ClickDay.select(ClickDay.day, fn.SUM(ClickDay.clicks)).where(
        (ClickDay.affiliate_id == affiliate.id) & (ClickDay.day >= first.isoformat())
    )
    times = Order.select(Order.ordered_at).where(
        (Order.credited_to == affiliate) & (Order.ordered_at >= _midnight(first, zone))
    )
    clicks = {day: int(count) for day, count in counts.group_by(ClickDay.day).tuples()}
    orders = Counter(months.day_of(at, zone) for (at,) in times.tuples())
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return [
        {"day": d, "clicks": clicks.get(d.isoformat(), 0), "orders": orders[d.isoformat()]}
        for d in days
    ]


# --- Clicks and orders -------------------------------------------------------------------------


def links(affiliate: Affiliate) -> dict[int | None, str]:
    """The names of an affiliate's links by key, the program's among them; the main one has none."""
    rows = Link.select(Link.id, Link.name).where(Link.of(affiliate)).order_by(Link.name)
    return {None: MAIN_LINK, **dict(list(rows.tuples()))}


def labels(affiliate: Affiliate) -> list[str]:
    """The labels of the newest clicks in order, where they are few enough to choose from."""
    newest: Query = Click.select(Click.sub_id).where(Click.affiliate_id == affiliate.id)
    newest = newest.order_by(Click.id.desc()).limit(LABELLED).alias("newest")
    rows: Query = Click.select(newest.c.sub_id).from_(newest).distinct().limit(FEW + 2)
    found = sorted(text for (text,) in rows.tuples() if text)
    return found if len(found) <= FEW else []


def clicks(affiliate: Affiliate, wanted: Filter, **cut: Any) -> Rows:
    """Click-throughs, newest first, and by click the orders that it won."""
    mine = (Click.affiliate_id == affiliate.id) & Click.mark.is_null()
    found = _cut(Click.select().where(mine, *wanted.where(Click.clicked_at)), Click.id, **cut)
    ordered = Order.select(Order.click_id, Order.order_id).where(
        Order.click_id.in_([click.id for click in found.rows]), Order.credited_to == affiliate
    )
    for click, order in ordered.order_by(Order.id).tuples():
        found.more.setdefault(click, []).append(order)
    return found


def orders(affiliate: Affiliate | None, wanted: Filter, *where: Any, **cut: Any) -> Rows:
    """Orders credited to an affiliate, or all, newest recorded first, with their sums."""
    query: Query = Order.select(Order, Customer, Click).join(Customer).switch(Order)
    query = query.join(Click, JOIN.LEFT_OUTER, on=(Order.click_id == Click.id), attr="click")
    mine = [Order.credited_to == affiliate] if affiliate else []
    conditions = [*mine, *wanted.where(Order.ordered_at), *where]
    found = _cut(query.where(*conditions) if conditions else query, Order.id, **cut)
    found.more = sums([order.id for order in found.rows], affiliate)
    return found


def _cut(
    query: Query,
    key: Any,
    *,
    before: int | None = None,
    upto: int | None = None,
    limit: int | None = PAGE,
) -> Rows:
    """One page of a query by its key: before one, and with `upto` how many rows came after it."""
    newer = 0
    if upto is not None:
        newer = query.where(key > upto).limit(MOST_NEW).count()
        query = query.where(key <= upto)
    if before is not None:
        query = query.where(key < before)
    rows = list(query.order_by(key.desc()).limit(limit + 1 if limit else None))
    return Rows(rows[:limit], limit is not None and len(rows) > limit, newer)


def sums(ids: list[int], affiliate: Affiliate | None) -> dict[int, dict[str, Any]]:
    """By order, what was paid, refunded (disputed included), and earned on it: by an affiliate as
    its commission, or by all in both tiers."""
    paid = Payment.select(
        Payment.order.alias("key"),
        fn.COUNT(Payment.id).alias("payments"),
        fn.SUM(Payment.amount).alias("paid"),
        fn.SUM(Payment.refunded).alias("refunded"),
        fn.SUM(Payment.disputed).alias("disputed"),
    )
    earned = Entry.select(Payment.order.alias("key"), fn.SUM(Entry.amount).alias("earned"))
    mine = (Entry.affiliate == affiliate) & (Entry.rule == "R9") if affiliate else EARNED
    earned = earned.join(Payment).where(mine)
    names = ("payments", "paid", "refunded", "disputed", "earned")
    found: dict[int, dict[str, Any]] = {key: dict.fromkeys(names, 0) for key in ids}
    for query in (paid, earned):
        for row in query.where(Payment.order.in_(ids)).group_by(Payment.order).dicts():
            key = row.pop("key")
            found[key].update({name: int(value) for name, value in row.items()})
    return found


def newest_earnings(affiliate: Affiliate, limit: int) -> list[Entry]:
    """The latest commissions, overrides and what was taken back of them."""
    query = Entry.select().where((Entry.affiliate == affiliate) & EARNED)
    return list(query.order_by(Entry.id.desc()).limit(limit))


# --- The payment ledger ------------------------------------------------------------------------


def statement(
    affiliate: Affiliate, since: datetime, before: datetime, *, after: int, limit: int | None
) -> tuple[int, list[tuple[Entry, int]], int | None]:
    """Entries recorded in a span, oldest first: brought forward, (entry, balance), next key.

    Goes by recording (R17), so that a statement never changes once it is read.
    """
    mine = Entry.affiliate == affiliate
    inside = (Entry.recorded_at >= since) & (Entry.recorded_at < before) & (Entry.id > after)
    query = Entry.select().where(mine & inside).order_by(Entry.id)
    rows = list(query.limit(limit + 1 if limit else None))
    cut = rows[:limit]
    earlier = Entry.id < cut[0].id if cut else Entry.recorded_at < before
    brought = balance = int(Entry.select(total(Entry.amount)).where(mine & earlier).scalar())
    told = [(entry, balance := balance + entry.amount) for entry in cut]
    return brought, told, cut[-1].id if len(rows) > len(cut) else None


def earned_by_month(affiliate: Affiliate, last: Month, zone: ZoneInfo) -> dict[Month, int]:
    """What was earned in each of twelve months, newest first."""
    spans = [last.plus(-n) for n in range(12)]
    inside = [
        EARNED & (Entry.happened_at >= m.start(zone)) & (Entry.happened_at < m.end(zone))
        for m in spans
    ]
    sums = Entry.select(*(total(Entry.amount, span) for span in inside))
    earned = next(iter(sums.where(Entry.affiliate == affiliate).tuples()))
    return {m: int(cents) for m, cents in zip(spans, earned, strict=True)}
