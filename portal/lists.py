"""The lists that the API and the CSV files show, in the order of recording. Reading only.

A list is read page by page after a key that only grows, so what is recorded meanwhile comes at the
end and nothing is shown twice. A cursor is opaque; that of one list is none of another.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, Expression, Field, fn

from portal import program, rules
from portal.books import Customer, Entry, Order, PaperCheck, Payment, Payout, Run
from portal.models import Affiliate, Click, Fact, ImportedClick, Link, click_id
from portal.months import Month
from portal.paper import CheckPage

LONGEST = 200
Row = dict[str, Any]
Query = Any  # what a select yields depends on .dicts() and .tuples(), which types do not follow


@dataclass(frozen=True)
class List:
    """A list: its query, the growing key of its rows, and what a batch of rows tells."""

    name: str
    query: Callable[[], Query]
    key: Field
    tell: Callable[[list[Row]], list[Row]]

    def page(self, cursor: str, limit: int, *where: Expression) -> tuple[list[Row], str | None]:
        """The rows after a cursor, and the cursor of the next page or None.

        Raises ValueError for a cursor that is not this list's.
        """
        query = self.query().where(self.key > self._position(cursor), *where)
        rows = list(query.order_by(self.key).limit(limit + 1).dicts())
        more = len(rows) > limit
        rows = rows[:limit]
        return self.tell(rows), self._cursor(rows[-1]["key"]) if more else None

    def all(self, *where: Expression) -> Iterator[Row]:
        """Every row, read in pages."""
        cursor: str | None = ""
        while cursor is not None:
            rows, cursor = self.page(cursor, LONGEST, *where)
            yield from rows

    def _cursor(self, key: int) -> str:
        return base64.urlsafe_b64encode(f"{self.name}:{key}".encode()).decode().rstrip("=")

    def _position(self, cursor: str) -> int:
        if not cursor:
            return -1
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            text = ""
        found = re.fullmatch(rf"{self.name}:([0-9]{{1,18}})", text)
        if not found:
            raise ValueError("This is not a cursor of this list.")
        return int(found[1])


def written(at: datetime | None) -> str | None:
    """An instant as RFC 3339 text in UTC."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _only(rows: list[Row], times: tuple[str, ...]) -> list[Row]:
    told = [{name: value for name, value in row.items() if name != "key"} for row in rows]
    return [row | {name: written(row[name]) for name in times} for row in told]


# --- Ledger ------------------------------------------------------------------------------------


def _entries() -> Query:
    columns = (
        Entry.id.alias("key"),
        Affiliate.code.alias("affiliate"),
        Entry.id,
        Entry.kind,
        Entry.amount,
        Entry.happened_at,
        Entry.recorded_at,
        Entry.rule,
        Fact.event_id,
        Order.order_id,
        Entry.payout.alias("payout_id"),
    )
    query = Entry.select(*columns).join(Affiliate).switch(Entry)
    query = query.join(Fact, JOIN.LEFT_OUTER, on=(Fact.id == Entry.fact_id)).switch(Entry)
    return query.join(Payment, JOIN.LEFT_OUTER).join(Order, JOIN.LEFT_OUTER)


ENTRIES = List(
    "entries", _entries, Entry.id, lambda rows: _only(rows, ("happened_at", "recorded_at"))
)


# --- Orders ------------------------------------------------------------------------------------


def _orders() -> Query:
    columns = (
        Order.id.alias("key"),
        Order.order_id,
        Customer.customer_id,
        Order.ordered_at,
        Affiliate.code.alias("credited_to"),
        Order.rule,
        Order.reason,
        Order.interval,
        Order.price,
        Order.plan_name,
    )
    query = Order.select(*columns).join(Customer).switch(Order)
    return query.join(Affiliate, JOIN.LEFT_OUTER, on=(Order.credited_to == Affiliate.id))


def _sums(query: Query) -> dict[int, tuple[int, ...]]:
    return {row[0]: tuple(int(cents or 0) for cents in row[1:]) for row in query.tuples()}


def _tell_orders(rows: list[Row]) -> list[Row]:
    keys = [row["key"] for row in rows]
    paid = Payment.select(Payment.order, fn.SUM(Payment.amount), fn.SUM(Payment.refunded))
    money = _sums(paid.where(Payment.order.in_(keys)).group_by(Payment.order))
    earned = Entry.select(Payment.order, fn.SUM(Entry.amount)).join(Payment).join(Order)
    earned = earned.where(Order.id.in_(keys), Entry.affiliate == Order.credited_to)
    commission = _sums(earned.group_by(Payment.order))
    for row in rows:
        plan = {"interval": row.pop("interval"), "price": row.pop("price")}
        name = row.pop("plan_name")
        row["plan"] = plan | ({"name": name} if name else {})
        row["paid"], row["refunded"] = money.get(row["key"], (0, 0))
        row["earned"] = commission.get(row["key"], (0,))[0]
    return _only(rows, ("ordered_at",))


ORDERS = List("orders", _orders, Order.id, _tell_orders)


# --- Payouts -----------------------------------------------------------------------------------


def _payouts() -> Query:
    last = PaperCheck.alias()
    newest = last.select(fn.MAX(last.id)).where(last.payout == Payout.id)
    columns = (
        Payout.id.alias("key"),
        Payout.id.alias("payout_id"),
        Affiliate.code.alias("affiliate"),
        Payout.run.alias("month"),
        Payout.amount,
        PaperCheck.status,
        PaperCheck.number.alias("check_number"),
        PaperCheck.check_date,
    )
    query = Payout.select(*columns).join(Affiliate).switch(Payout)
    return query.join(PaperCheck, on=(PaperCheck.id == newest))


PAYOUTS = List("payouts", _payouts, Payout.id, lambda rows: _only(rows, ()))


def of_month(month: str) -> Expression:
    """The payouts of one month's run."""
    return Payout.run == month


# --- Clicks ------------------------------------------------------------------------------------


def _clicks() -> Query:
    columns = (
        Click.id.alias("key"),
        Click.tag,
        ImportedClick.outside_id.alias("click_id"),
        Affiliate.code,
        Link.slug,
        Click.sub_id,
        Click.clicked_at,
        Click.referrer,
        Click.mark.alias("marked"),
        Click.visitor,
    )
    query = Click.select(*columns).join(Affiliate, on=(Affiliate.id == Click.affiliate_id))
    query = query.switch(Click).join(Link, JOIN.LEFT_OUTER, on=(Link.id == Click.link_id))
    same = ImportedClick.click_id == Click.id
    return query.switch(Click).join(ImportedClick, JOIN.LEFT_OUTER, on=same)


def _tell_clicks(rows: list[Row]) -> list[Row]:
    for row in rows:
        tag = row.pop("tag")
        row["click_id"] = row["click_id"] or click_id(row["key"], tag)
        row["slug"] = row["slug"] or None
    return _only(rows, ("clicked_at",))


CLICKS = List("clicks", _clicks, Click.id, _tell_clicks)


# --- Whose -------------------------------------------------------------------------------------


def entries_of(affiliate_id: int) -> Expression:
    """The ledger entries of one affiliate."""
    return Entry.affiliate == affiliate_id


def clicks_of(affiliate_id: int) -> Expression:
    """The clicks of one affiliate."""
    return Click.affiliate_id == affiliate_id


# --- Checks to print ---------------------------------------------------------------------------

_KINDS = {
    rules.COMMISSION: "Commissions",
    rules.OVERRIDE: "From affiliates you referred",
    rules.REVERSAL: "Refunds and chargebacks",
    rules.ADJUSTMENT: "Adjustments",
    rules.PAYOUT_VOID: "Checks given back",
}


def check_pages(numbers: list[int]) -> list[CheckPage]:
    """What is printed on the checks of these numbers, in their order."""
    query: Query = PaperCheck.select(PaperCheck, Payout, Run, Affiliate.code).join(Payout).join(Run)
    query = query.switch(Payout).join(Affiliate).where(PaperCheck.number.in_(numbers))
    name = program.load().program_name
    return [
        CheckPage(
            number=check.number,
            day=check.check_date,
            payee=check.payee,
            address=check.address,
            amount=check.payout.amount,
            affiliate=check.payout.affiliate.code,
            month=check.payout.run.month,
            program=name,
            lines=tuple(_voucher(check.payout)),
        )
        for check in query.order_by(PaperCheck.number)
    ]


def _voucher(payout: Payout) -> Iterator[tuple[str, int]]:
    """What came since the run before, by kind, and what was carried into it."""
    run = payout.run
    before = Run.select(fn.MAX(Run.last_entry)).where(Run.month < run.month).scalar() or 0
    month_end = Month(run.month).end(program.load().zone)
    due = (Entry.amount < 0) | (Entry.kind == rules.PAYOUT_VOID) | (Entry.happened_at < month_end)
    new = (Entry.id > before) & (Entry.id <= run.last_entry)
    sums: Query = Entry.select(Entry.kind, fn.SUM(Entry.amount)).group_by(Entry.kind)
    by_kind = dict(sums.where((Entry.affiliate == payout.affiliate) & due & new).tuples())
    lines = [(text, int(by_kind[kind])) for kind, text in _KINDS.items() if kind in by_kind]
    carried = payout.amount - sum(cents for _, cents in lines)
    yield from lines
    if carried:
        yield "Carried from before", carried
