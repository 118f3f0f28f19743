"""The affiliates whom one referred, as the referrer sees them (R12, R13, R23).

Name, dates and reason of attachment, counts and sums; nothing of a customer, no order.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from peewee import fn

from portal import months
from portal.books import Entry, Order, Payment
from portal.explain import ATTACHED
from portal.models import Affiliate
from portal.reports import total


@dataclass(frozen=True)
class Member:
    """One of them: orders, what their customers paid and what that earned the referrer this
    month, each less what was refunded, and earned ever; all since the attachment.
    """

    name: str
    joined: datetime
    attached: datetime
    because: str
    orders: int
    paid: int
    earned: int
    ever: int


def members(referrer: Affiliate, *, now: datetime, zone: ZoneInfo) -> list[Member]:
    """Everyone a referrer referred, the latest attached first."""
    start = months.month_of(now, zone).start(zone)
    orders, sums = _orders(referrer, start), _sums(referrer, start)
    known = Affiliate.select().where(Affiliate.referrer == referrer)
    return [
        Member(
            who.name,
            who.applied_at,
            who.attached_at,
            ATTACHED.get(who.attached_by, "is attached to you"),
            orders.get(who.id, 0),
            *sums.get(who.id, (0, 0, 0)),
        )
        for who in known.order_by(Affiliate.attached_at.desc(), Affiliate.id.desc())
    ]


def _orders(referrer: Affiliate, start: datetime) -> dict[int, int]:
    """Orders since an instant and since the attachment, by the affiliate credited."""
    query = Order.select(Order.credited_to, fn.COUNT(Order.id)).join(
        Affiliate, on=(Order.credited_to == Affiliate.id)
    )
    since = (Order.ordered_at >= start) & (Order.ordered_at >= Affiliate.attached_at)
    query = query.where((Affiliate.referrer == referrer) & since).group_by(Order.credited_to)
    return dict(list(query.tuples()))


def _sums(referrer: Affiliate, start: datetime) -> dict[int, tuple[int, ...]]:
    """Paid and earned since an instant, and earned ever, by the affiliate credited.

    An entry of R13 knows how far its payment or refund moved P, so what was paid and what it
    earned can never differ in the payments they count.
    """
    recent = Entry.happened_at >= start
    paid: Any = Entry.paid_after - Entry.paid_before
    columns = total(paid, recent), total(Entry.amount, recent), total(Entry.amount)
    query: Any = Entry.select(Order.credited_to, *columns).join(Payment).join(Order)
    mine = (Entry.affiliate == referrer) & (Entry.rule == "R13")
    rows = query.where(mine).group_by(Order.credited_to).tuples()
    return {key: tuple(map(int, cents)) for key, *cents in rows}
