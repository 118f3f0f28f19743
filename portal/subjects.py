"""What a question is about: a row of the affiliate's own, with its facts as they stand.

A row is named as pages name it: entry:17, order:20977, click:<its id>, payout:2026-11. One of
another affiliate is as nowhere.
"""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from portal.books import Entry, Order, PaperCheck, Payout
from portal.explain import CHECKS, Trail, because, explain
from portal.formats import day, month, usd, when
from portal.models import Affiliate, Click
from portal.reports import MAIN_LINK, links
from portal.words import initials, plan


class Subject(NamedTuple):
    """What is asked about: its kind, a title, the facts for its affiliate and for the office."""

    about: str
    title: str
    facts: Trail
    evidence: Trail


def of(affiliate: Affiliate, named: str, *, now: datetime, zone: ZoneInfo) -> Subject | None:
    """The row that is named, if it is this affiliate's."""
    kind, _, key = named.partition(":")
    find = {"entry": _entry, "order": _order, "click": _click, "payout": _payout}.get(kind)
    return find(affiliate, key, now, zone) if find and key and key.isprintable() else None


def _entry(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 18 else 0
    entry = Entry.get_or_none(Entry.id == number, Entry.affiliate == affiliate)
    if entry is None:
        return None
    mine, named = (
        explain([entry], zone=zone, now=now, names=names)[entry.id] for names in (False, True)
    )
    title = f"{mine.title}, {day(entry.happened_at, zone, now)}"
    return Subject("entry", title, mine.trail, named.trail)


def _order(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    order: Any = Order.get_or_none(Order.order_id == key, Order.credited_to == affiliate)
    if order is None:
        return None
    customer, what = order.customer, plan(order.interval, order.price, order.plan_name)
    rows = [("Order", f"{key}, {what}"), ("Ordered", when(order.ordered_at, zone, now))]
    rows.append(because(order))
    who = initials(customer.name, customer.email)
    named = f"{customer.customer_id}, {customer.name or customer.email}"
    return Subject("order", f"Order {key}", [*rows, ("By", who)], [*rows, ("By", named)])


def _click(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    click: Any = Click.find(key)
    if click is None or click.affiliate_id != affiliate.id or click.mark:
        return None
    at, name = when(click.clicked_at, zone, now), links(affiliate).get(click.link_id, MAIN_LINK)
    rows = [("Click", f"{name}, {at}"), ("Label", click.sub_id or "none")]
    rows.append(("Came from", click.referrer or "nowhere that is told"))
    return Subject("click", f"Click of {at}", rows, [*rows, ("Click id", key)])


def _payout(affiliate: Affiliate, key: str, now: datetime, zone: ZoneInfo) -> Subject | None:
    payout: Any = Payout.get_or_none(Payout.affiliate == affiliate, Payout.run == key)
    if payout is None:
        return None
    rows = [("For", month(key)), ("Amount", usd(payout.amount))]
    for check in PaperCheck.select().where(PaperCheck.payout == payout).order_by(PaperCheck.part):
        number = f"number {check.number}, " if check.number else ""
        rows.append(("Check", f"{number}{CHECKS[check.status]}"))
    return Subject("payout", f"Check for {month(key)}", rows, rows)
