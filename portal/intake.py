"""What a sale or a refund makes of a customer's order: the flow of R6 to R16.

It works on rows in memory and stores none. The deed that records an event and the check that
recomputes it run this same code; they differ in the `World`, where everyone else's facts come from.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from portal import rules
from portal.books import Customer, Line, Order, Payment, Refund
from portal.feeds import RefundIn, SaleIn
from portal.models import TermsVersion
from portal.present import World

TIERS = ((rules.COMMISSION, "R9"), (rules.OVERRIDE, "R13"))


def open_order(
    sale: SaleIn, customer: Customer, world: World, terms: TermsVersion, *, fact: int, now: datetime
) -> Order:
    """A new order with its credit, under the terms that hold (R7, R10a)."""
    ordered_at = sale.ordered_at or sale.occurred_at or now
    credit = decide_credit(sale, ordered_at, customer, world)
    plan = sale.plan or rules.Plan("once", sale.amount)
    order = Order(
        order_id=sale.order_id,
        customer=customer,
        fact_id=fact,
        ordered_at=ordered_at,
        credited_to=credit.affiliate,
        rule=credit.rule,
        reason=credit.reason,
        click_id=credit.click,
        terms=terms,
        **plan._asdict(),
    )
    order.paid = Counter()
    return order


def decide_credit(
    sale: SaleIn, ordered_at: datetime, customer: Customer, world: World
) -> rules.Credit:
    """Who gets a new order, from what is known when it is recorded (R6, R7)."""
    buyer = world.buyer(customer.id, customer.email_key)
    named = world.named(sale.referral_code) if sale.referral_code else None
    clicks = world.clicks(customer.visitors, ordered_at)
    concerned = {click.affiliate for click in clicks} | ({named} if named else set())
    facts = rules.OrderFacts(
        ordered_at=ordered_at,
        paid_before=customer.first_paid is not None,
        belongs_to=customer.belongs_to_id,
        buyer=buyer,
        buyer_referrer=world.referrer(buyer) if buyer else None,
        named=named,
        clicks=clicks,
        active=world.active(concerned),
    )
    return rules.credit(facts)


def pay(
    order: Order, sale: SaleIn, customer: Customer, world: World, *, fact: int, now: datetime
) -> tuple[Payment, list[Line]]:
    """Add a payment to its order: the payment, and the entries it makes (R9, R10, R13 to R16)."""
    if sale.plan and rules.changes_plan(order.plan, sale.plan):
        order.interval, order.price = sale.plan
        order.plan_count += 1
        order.plan_name = sale.plan_name or ""
    elif sale.plan_name:
        order.plan_name = sale.plan_name
    rules.check_price(order.plan, sale.amount, stated=sale.plan is not None)
    earners = _earners(order, customer, world)
    payment = Payment(
        id=fact,
        event_id=sale.event_id,
        order=order,
        plan_count=order.plan_count,
        **order.plan._asdict(),
        amount=sale.amount,
        commission_to=earners.commission,
        override_to=earners.override,
        paid_at=sale.occurred_at or now,
    )
    if sale.amount and customer.first_paid is None:
        customer.first_paid, customer.belongs_to = fact, order.credited_to_id
    return payment, _lines(payment, sale.amount, fact, payment.paid_at, now)


def _earners(order: Order, customer: Customer, world: World) -> rules.Earners:
    credited = order.credited_to_id
    referrer = world.referrer(credited) if credited else None
    buyer = world.same(customer.id, customer.email_key)  # R14 asks for no status
    concerned = frozenset(a for a in (credited, referrer) if a)
    return rules.earners(credited, referrer, buyer, concerned - world.active(concerned))


def _lines(
    payment: Payment, change: int, fact: int, at: datetime, now: datetime, reverses: bool = False
) -> list[Line]:
    """Change a payment's money; the entries are what each earning tier's total moves by."""
    paid, lines = payment.order.paid, []
    for tier, earner in enumerate((payment.commission_to_id, payment.override_to_id)):
        if earner is None:
            continue
        before = paid[payment.plan_count, tier]
        after = paid[payment.plan_count, tier] = before + change
        amount = _in_all(payment, tier, after) - _in_all(payment, tier, before)
        if amount:
            kind, rule = TIERS[tier]
            kind, source = rules.REVERSAL if reverses else kind, f"{fact}:{tier + 1}"
            about = (payment.id, payment.paid_at, before, after)
            lines.append(Line(earner, kind, amount, rule, source, at, now, fact, *about))
    return lines


def _in_all(payment: Payment, tier: int, paid: int) -> int:
    terms = payment.order.terms.terms()
    if tier:
        return rules.override_in_all(terms, paid)
    return rules.earned_in_all(payment.plan, terms, paid)


def refund(
    refund: RefundIn,
    payment: Payment | None,
    waiting: Sequence[Refund],
    *,
    fact: int,
    now: datetime,
) -> tuple[Refund, list[Line]]:
    """Give back of a payment: the refund, and the entries it makes, none while it waits (R11).

    `waiting` are those that wait for the same payment. Raises Refused for more than is left.
    """
    row = Refund(
        id=fact,
        sale_event_id=refund.sale_event_id,
        kind=refund.kind,
        asked=refund.amount,
        happened_at=refund.occurred_at or now,
    )
    return row, _apply(payment, row, waiting, fact, now) if payment else []


def _apply(
    payment: Payment, refund: Refund, before: Sequence[Refund], fact: int, now: datetime
) -> list[Line]:
    """Try a refund; a chargeback lets the won ones that wait `before` it be applied at once."""
    paid = rules.Paid(payment.amount, payment.refunded, payment.disputed)
    amount = rules.refund_amount(refund.kind, refund.asked, paid)
    if not isinstance(amount, int):  # it waits
        return []
    refund.status, refund.amount, refund.applied_by = "applied", amount, fact
    payment.refunded += amount
    if refund.kind != rules.REFUND:
        payment.disputed += amount
    lines = _lines(payment, -amount, refund.id, refund.happened_at, now, reverses=True)
    if refund.kind == rules.CHARGEBACK:
        lines += settle(payment, before, fact=fact, now=now)
    return lines


def settle(payment: Payment, waiting: Sequence[Refund], *, fact: int, now: datetime) -> list[Line]:
    """Try the refunds that wait for a payment, in order of arrival (R11).

    Those that exceed what is left are refused into the office's list; their status says so.
    """
    lines: list[Line] = []
    for place, one in enumerate(waiting):
        if one.status == "waiting":
            try:
                lines += _apply(payment, one, waiting[:place], fact, now)
            except rules.Refused as problem:
                one.status, one.reason, one.applied_by = "refused", str(problem), fact
    return lines
