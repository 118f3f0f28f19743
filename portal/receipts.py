"""Every order with its receipt, for the office: who has the credit and why, which clicks were
passed over, what was paid and made (R6, R7, R9, R13).

Reading only, in a fixed number of queries. Customers and affiliates are named: for no affiliate.
"""

from typing import Any

from peewee import fn

from portal import evidence, reports
from portal.books import Customer, Entry, Order, Payment
from portal.models import Affiliate, AffiliateCode, Fact, Link
from portal.reports import Filter, Rows

CREDITS = {"somebody": "An affiliate", "nobody": "Nobody", "named": "Named with the order"}
_CREDITED = {"somebody": Order.credited_to.is_null(False), "nobody": Order.credited_to.is_null(),
             "named": Order.rule == "R7.3"}  # fmt: skip


def orders(wanted: Filter, credit: str | Affiliate = "", q: str = "", **cut: Any) -> Rows:
    """Orders, newest recorded first, each with its sums and what it `made`: affiliate, rule, cents.

    `credit` is one of CREDITS, whose they are, or empty.
    """
    where = []
    if credit:
        where = [_CREDITED[credit] if isinstance(credit, str) else Order.credited_to == credit]
    if q:
        some = q.lower()
        coded = AffiliateCode.select(AffiliateCode.affiliate).where(AffiliateCode.code == some)
        same = fn.LOWER(Customer.name).contains(some) | fn.LOWER(Customer.email).contains(some)
        same |= (Order.order_id == q) | (Customer.customer_id == q)
        where.append(same | Order.credited_to.in_(coded))
    found = reports.orders(None, wanted, *where, **cut)
    for sums in found.more.values():
        sums["made"] = []
    made: Any = Entry.select(Payment.order, Entry.affiliate, Entry.rule, fn.SUM(Entry.amount))
    made = made.join(Payment).where(Payment.order.in_(list(found.more)))
    made = made.group_by(Payment.order, Entry.affiliate, Entry.rule)
    for order, affiliate, rule, cents in made.order_by(Entry.rule.desc()).tuples():
        found.more[order]["made"].append((affiliate, rule, int(cents)))
    return found


def people(found: Rows, *more: int) -> dict[int, Affiliate]:
    """The affiliates by id who have the credit of orders or their customers, or who earned."""
    known = {order.credited_to_id for order in found.rows}
    known |= {order.customer.belongs_to_id for order in found.rows}
    known |= {who for sums in found.more.values() for who, _, _ in sums["made"]}
    return dict(Affiliate.by_id({*known, *more}))


def told(found: Rows) -> dict[str, Any]:
    """What stands on the receipts: by order, customer, affiliate, link or first payment."""
    passed = evidence.passed_over(found.rows)
    clicks = [why.click for each in passed.values() for why in each]
    won = [order.click for order in found.rows if order.click_id]
    customers = [order.customer for order in found.rows]
    same = Affiliate.select().where(Affiliate.customer_id.in_([who.id for who in customers]))
    first = Payment.by_id(customer.first_paid for customer in customers)
    return {
        "more": found.more,
        "people": people(found, *(click.affiliate_id for click in clicks)),
        "links": Link.by_id(click.link_id for click in [*clicks, *won]),
        "passed": passed,
        "later": evidence.LATER,
        "unpaid": evidence.unpaid(found.rows),
        "facts": Fact.by_id(order.fact_id for order in found.rows),
        "same": {affiliate.customer_id: affiliate for affiliate in same},
        "first": first,
        "started": Order.by_id(payment.order_id for payment in first.values()),
    }
