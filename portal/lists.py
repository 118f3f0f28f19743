"""The lists that the API and the CSV files show, in the order of recording. Reading only.

A list is read page by page after a key that only grows, so what is recorded meanwhile comes at the
end and nothing is shown twice. A cursor is opaque; that of one list is none of another.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, Expression, Field, fn

from portal.books import Customer, Entry, Order, PaperCheck, Payment, Payout
from portal.clickids import click_id
from portal.feeds import written
from portal.models import Affiliate, Click, Fact, ImportedClick, Link

LONGEST = 200
Row = dict[str, Any]
Query = Any  # what a select yields depends on .dicts() and .tuples(), which types do not follow


@dataclass(frozen=True)
class List:
    """A list: its query, the growing key of its rows (told as `key`), and what a row tells."""

    name: str
    query: Query
    key: Field
    tell: Callable[[Row], Row] = dict

    def page(self, cursor: str, limit: int, *where: Expression) -> tuple[list[Row], str | None]:
        """The rows after a cursor, and the cursor of the next page or None.

        Raises ValueError for a cursor that is not this list's.
        """
        after = re.fullmatch(rf"{self.name}-([0-9]{{1,19}})", cursor or f"{self.name}-0")
        if not after or int(after[1]) >= 2**63:  # above every key
            raise ValueError("This is not a cursor of this list.")
        query = self.query.where(self.key > int(after[1]), *where).order_by(self.key)
        rows = list(query.limit(limit + 1).dicts())
        following = f"{self.name}-{rows[limit - 1]['key']}" if len(rows) > limit else None
        return [self._told(row) for row in rows[:limit]], following

    def all(self) -> Iterator[Row]:
        """Every row, read in pages."""
        cursor: str | None = ""
        while cursor is not None:
            rows, cursor = self.page(cursor, LONGEST)
            yield from rows

    def _told(self, row: Row) -> Row:
        told = self.tell(row)
        del told["key"]
        return {n: written(v) if isinstance(v, datetime) else v for n, v in told.items()}


def _of(model: Any, names: str) -> list[Field]:
    return [getattr(model, name) for name in names.split()]


def _beside(query: Query, table: Any, other: Any, on: Any = None) -> Query:
    """A query with the rows of another table, where there are any."""
    return query.join_from(table, other, JOIN.LEFT_OUTER, on)


# --- The lists ---------------------------------------------------------------------------------

_ENTRIES: Query = Entry.select(
    *(Entry.id.alias("key"), Affiliate.code.alias("affiliate")),
    *_of(Entry, "id kind amount happened_at recorded_at rule"),
    *(Fact.event_id, Order.order_id, Entry.payout.alias("payout_id")),
).join(Affiliate)
_OF_EVENT = (Fact.id == Entry.fact_id) & Entry.payment.is_null(False)  # not of an adjustment
_ENTRIES = _beside(_ENTRIES, Entry, Fact, _OF_EVENT)
_ENTRIES = _beside(_ENTRIES, Entry, Payment).join(Order, JOIN.LEFT_OUTER)
ENTRIES = List("entries", _ENTRIES, Entry.id)


def _cents(query: Query, column: Any) -> Any:
    total = query.select(fn.COALESCE(fn.SUM(column), 0).cast("BIGINT"))
    return total.where(Payment.order == Order.id)


def _tell_order(row: Row) -> Row:
    plan = {"interval": row.pop("interval"), "price": row.pop("price")}
    name = row.pop("plan_name")
    return row | {"plan": plan | ({"name": name} if name else {})}


_EARNED: Query = Entry.select().join(Payment).where(Entry.affiliate == Order.credited_to)
_ORDERS: Query = Order.select(
    Order.id.alias("key"),
    *_of(Order, "order_id ordered_at rule reason interval price plan_name"),
    *(Customer.customer_id, Affiliate.code.alias("credited_to")),
    _cents(Payment.select(), Payment.amount).alias("paid"),
    _cents(Payment.select(), Payment.refunded).alias("refunded"),
    _cents(_EARNED, Entry.amount).alias("earned"),
).join(Customer)
_ORDERS = _beside(_ORDERS, Order, Affiliate, Order.credited_to == Affiliate.id)
ORDERS = List("orders", _ORDERS, Order.id, _tell_order)

_LAST: Query = PaperCheck.alias()
_NEWEST = _LAST.select(fn.MAX(_LAST.id)).where(_LAST.payout == Payout.id)
_PAYOUTS: Query = Payout.select(
    *(Payout.id.alias("key"), Payout.id.alias("payout_id"), Payout.run.alias("month")),
    *(Affiliate.code.alias("affiliate"), Payout.amount, PaperCheck.status),
    *(PaperCheck.number.alias("check_number"), PaperCheck.check_date),
).join(Affiliate)
_PAYOUTS = _PAYOUTS.join_from(Payout, PaperCheck, on=PaperCheck.id == _NEWEST)
PAYOUTS = List("payouts", _PAYOUTS, Payout.id)


def _tell_click(row: Row) -> Row:
    outside, tag = row.pop("outside_id"), row.pop("tag")
    return row | {"click_id": outside or click_id(row["key"], tag), "slug": row["slug"] or None}


_CLICKS: Query = Click.select(
    *(Click.id.alias("key"), Click.mark.alias("marked")),
    *_of(Click, "tag sub_id clicked_at referrer visitor"),
    *(ImportedClick.outside_id, Affiliate.code, Link.slug),
).join(Affiliate, on=Affiliate.id == Click.affiliate_id)
_CLICKS = _beside(_CLICKS, Click, Link, Link.id == Click.link_id)
_CLICKS = _beside(_CLICKS, Click, ImportedClick, ImportedClick.click_id == Click.id)
CLICKS = List("clicks", _CLICKS, Click.id, _tell_click)
