"""A sale that an affiliate misses: the evidence looked at again, and answered at once where their
own clicks explain it.

What explains is always a click or an order of the affiliate's own. Where there is none, every
question gets the same words and goes to the office, so nobody learns who is a customer (R23).
"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from peewee import JOIN

from portal import evidence, reports, rules, throttle
from portal.books import Customer, Order
from portal.explain import SEE, Trail, because, earned
from portal.formats import INTERVALS, day, initials, plan, plural, usd, when
from portal.models import Affiliate, Click

EITHER_SIDE = timedelta(days=3)
DAY, A_DAY = 86_400, 10  # questions of one affiliate in a day
SHOWN = 10  # customers and orders told to the office


class Claim(NamedTuple):
    """What the affiliate knows of the sale; `bought` is an interval or empty."""

    on: date
    bought: str
    who: str
    link: str
    more: str


class Explained(NamedTuple):
    """What became of the sale, by the affiliate's own facts; `order_id` where it is theirs."""

    title: str
    trail: Trail
    order_id: str = ""


def not_too_often(affiliate: Affiliate, claim: Claim, key: str, now: datetime) -> None:
    """Count a question; the same form sent again is the same question. Raises Refused."""
    mine = f"missing sale {affiliate.id}"
    first = throttle.count(f"{mine} {key} {claim}", DAY, now) == 1
    if first and throttle.count(mine, DAY, now) > A_DAY:
        said = f"These were {A_DAY} questions today. Ask again tomorrow, or ask the office."
        raise rules.Refused(said)


def look(affiliate: Affiliate, claim: Claim, *, now: datetime, zone: ZoneInfo) -> Explained | None:
    """The explanation of a missing sale, or None where the office must look. Raises Refused."""
    _check_day(affiliate, claim.on, now, zone)
    since, before = _span(claim, zone)
    said = ("You said", _said(claim, zone, now))
    mine: Any = Order.select(Order, Customer).join(Customer).order_by(Order.id.desc())
    mine = mine.where(Order.credited_to == affiliate, _placed(since, before))
    for order in mine.limit(evidence.MOST):
        if _fits(order, order.customer, claim):
            return _yours(affiliate, order, said)
    lost = evidence.between(affiliate, since, before)
    customers = Customer.by_id(why.order.customer_id for why in lost)
    for why in lost:
        if _fits(why.order, customers[why.order.customer_id], claim):
            return _not_yours(affiliate, why, said, zone, now)
    return None


def _check_day(affiliate: Affiliate, on: date, now: datetime, zone: ZoneInfo) -> None:
    joined = affiliate.applied_at.astimezone(zone).date()
    if on > (now + timedelta(hours=14)).date():  # where days begin first
        raise rules.Refused("This day has not come yet.", "day")
    if on < joined - EITHER_SIDE:
        said = f"You joined on {day(joined, zone, now)}. Name a day since then."
        raise rules.Refused(said, "day")


def _span(claim: Claim, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of the days that are looked at, and the first after them."""
    first, end = claim.on - EITHER_SIDE, claim.on + EITHER_SIDE + timedelta(days=1)
    midnight = datetime.min.time()
    return datetime.combine(first, midnight, zone), datetime.combine(end, midnight, zone)


def _placed(since: datetime, before: datetime) -> Any:
    return (Order.ordered_at >= since) & (Order.ordered_at < before)


def _said(claim: Claim, zone: ZoneInfo, now: datetime) -> str:
    parts = day(claim.on, zone, now), INTERVALS.get(claim.bought, ""), claim.who
    return ", ".join(part for part in parts if part)


def _fits(order: Any, customer: Any, claim: Claim) -> bool:
    """Whether an order is the one that is meant: by its number, or by whom and what it was."""
    who = claim.who.casefold()
    if who in (order.order_id.casefold(), customer.customer_id.casefold()):
        return True
    if claim.bought and claim.bought != order.interval:
        return False
    if "@" in who:
        return rules.email_key(who) == customer.email_key
    said, known = _words(who), _words(customer.name.casefold())
    return bool(said and known) and (said <= known or known <= said)


def _words(text: str) -> set[str]:
    return {word for word in text.replace(",", " ").split() if len(word) > 2}


def _yours(affiliate: Affiliate, order: Any, said: tuple[str, str]) -> Explained:
    money = reports.sums([order.id], affiliate)[order.id]
    unpaid = evidence.unpaid([order]).get(order.id)
    who = initials(order.customer.name, order.customer.email)
    what = f"{order.order_id}, {plan(order.interval, order.price, order.plan_name)}, by {who}"
    trail = [said, ("Order", what), because(order), ("Paid", usd(money["paid"]))]
    if money["paid"]:
        trail.append(("Earned", earned(money["earned"], unpaid)))
        return Explained("It is credited to you", trail, order.order_id)
    trail.append(("Rule R9", "an order earns with its first payment above zero"))
    return Explained("It is yours, and waits for its first payment", trail, order.order_id)


def _not_yours(
    affiliate: Affiliate, why: evidence.Why, said: tuple[str, str], zone: ZoneInfo, now: datetime
) -> Explained:
    click = why.click
    name = reports.links(affiliate).get(click.link_id, reports.MAIN_LINK)
    until = when(click.until, zone, now, seconds=True)
    trail = [
        said,
        ("Your click", f"{name}, {when(click.clicked_at, zone, now, seconds=True)}"),
        ("Counted", f"until {until}, {plural(click.days, 'day')}"),
        (f"Rule {why.rule}", why.reason),
        ("Makes", "no commission"),
    ]
    return Explained(why.reason, trail)


# --- For the office ----------------------------------------------------------------------------


def facts(affiliate: Affiliate, claim: Claim, *, now: datetime, zone: ZoneInfo) -> Trail:
    """What comes along with the case, as the affiliate sees it: the same whoever bought."""
    since, before = _span(claim, zone)
    clicks = Click.select().where(
        Click.affiliate_id == affiliate.id, Click.mark.is_null(),
        Click.clicked_at >= since, Click.clicked_at < before,
    )  # fmt: skip
    days = f"{day(since, zone, now)} to {day(claim.on + EITHER_SIDE, zone, now)}"
    rows = [("You said", _said(claim, zone, now)), ("Through", claim.link or "not known")]
    rows += [("Your clicks", f"{plural(clicks.count(), 'click')}, {days}")]
    rows += [("Orders", f"those of {days}, for the office to compare")]
    return [*rows, ("Looked", when(now, zone, now, seconds=True))]


def comparison(claim: Claim, *, zone: ZoneInfo) -> Trail:
    """What the office compares: customers and orders that match, and how many those days had."""
    who, key = claim.who, rules.email_key(claim.who)
    same = Customer.customer_id == who
    for word in () if key else _words(who):
        same |= Customer.name.contains(word)
    if key:
        same |= Customer.email_key == key
    found = list(Customer.select().where(same).order_by(Customer.id.desc()).limit(SHOWN))
    match = (Order.order_id == who) | Order.customer.in_([customer.id for customer in found])
    query: Any = Order.select(Order, Affiliate, Customer).join(Customer).switch(Order)
    query = query.join(Affiliate, JOIN.LEFT_OUTER, on=Order.credited_to)
    orders = query.where(match).order_by(Order.id.desc()).limit(SHOWN)
    none = "nobody of this name, address or number"
    people = [f"{c.customer_id}, {c.name or c.email}" for c in found]
    since, before = _span(claim, zone)
    those_days = Order.select().where(_placed(since, before)).count()
    days = {"from": f"{since:%Y-%m-%d}", "to": f"{claim.on + EITHER_SIDE:%Y-%m-%d}"}
    return [
        ("Customers", "; ".join(people) or none),
        ("Their orders", "; ".join(_named(o, zone) for o in orders) or "none"),
        ("All of those days", plural(those_days, "order")),
        (SEE, urlencode(days)),
    ]


def _named(order: Any, zone: ZoneInfo) -> str:
    credited = order.credited_to.code if order.credited_to else "nobody"
    on = f"{order.ordered_at.astimezone(zone):%Y-%m-%d}"
    return f"{order.order_id} of {on} by {order.customer.customer_id}: {credited} ({order.rule})"
