"""What a sale or a refund makes of a customer's order: the flow of R6 to R16, pure.

The deed that records an event and the check that recomputes it run this same code; they differ in
where the facts come from (`World`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from portal import rules
from portal.feeds import SaleIn


class World(Protocol):
    """What is known of everyone else when an event is recorded."""

    def buyer(self, customer: int, email_key: str) -> int | None:
        """The active or suspended affiliate who is the customer (R15)."""

    def referrer(self, affiliate: int) -> int | None:
        """To whom an affiliate is attached (R12)."""

    def status(self, affiliate: int) -> str:
        """The status of an affiliate."""

    def named(self, code: str) -> int | None:
        """The affiliate who owns a code (R4)."""

    def clicks(self, visitors: Collection[int], until: datetime) -> list[rules.Click]:
        """The unmarked clicks of browsers up to an instant."""

    def visitor(self, click_id: str) -> int | None:
        """The browser of an unmarked click, for a click id that is known (R6, R8)."""


@dataclass
class CustomerState:
    """A customer as it stands just before an event (R7): whose, and whether it paid before."""

    id: int
    email_key: str
    first_paid: int | None = None
    belongs_to: int | None = None
    visitors: set[int] = field(default_factory=set)


@dataclass
class PaymentState:
    """One payment with what was given back of it, and who earns on it."""

    fact: int
    order: OrderState
    count: int
    plan: rules.Plan
    amount: int
    paid_at: datetime
    earners: rules.Earners
    refunded: int = 0
    disputed: int = 0


@dataclass
class OrderState:
    """An order: its credit, its terms, its present plan and count.

    `paid` is P of R9: what is left of the payments on which a tier (0 or 1) earns, by plan count.
    """

    order_id: str
    ordered_at: datetime
    credit: rules.Credit
    terms_id: int
    terms: rules.Terms
    plan: rules.Plan
    count: int = 1
    paid: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass
class RefundState:
    """A refund; `amount` is what it moved once it is applied, negative for a won chargeback."""

    fact: int
    kind: str
    asked: int | None
    happened_at: datetime
    status: str = "waiting"
    amount: int = 0
    reason: str = ""


class Line(NamedTuple):
    """A ledger entry that follows from a payment or a refund."""

    affiliate: int
    kind: str
    amount: int
    rule: str
    source: str
    fact: int
    payment: int
    happened_at: datetime
    paid_at: datetime
    paid_before: int
    paid_after: int


def open_order(
    sale: SaleIn,
    paid_at: datetime,
    customer: CustomerState,
    world: World,
    terms: tuple[int, rules.Terms],
) -> OrderState:
    """A new order with its credit, under the terms that hold (R7, R10a)."""
    ordered_at = sale.ordered_at or paid_at
    credit = decide_credit(sale, ordered_at, customer, world)
    plan = sale.plan or rules.Plan("once", sale.amount)
    return OrderState(sale.order_id, ordered_at, credit, *terms, plan)


def decide_credit(
    sale: SaleIn, ordered_at: datetime, customer: CustomerState, world: World
) -> rules.Credit:
    """Who gets a new order, from what is known when it is recorded (R6, R7)."""
    buyer = world.buyer(customer.id, customer.email_key)
    named = world.named(sale.referral_code) if sale.referral_code else None
    clicks = tuple(world.clicks(customer.visitors, ordered_at))
    concerned = {click.affiliate for click in clicks} | (set() if named is None else {named})
    facts = rules.OrderFacts(
        ordered_at=ordered_at,
        paid_before=customer.first_paid is not None,
        belongs_to=customer.belongs_to,
        buyer=buyer,
        buyer_referrer=None if buyer is None else world.referrer(buyer),
        named=named,
        clicks=clicks,
        active=frozenset(a for a in concerned if world.status(a) == rules.ACTIVE),
    )
    return rules.credit(facts)


def pay(
    order: OrderState,
    sale: SaleIn,
    *,
    fact: int,
    paid_at: datetime,
    customer: CustomerState,
    world: World,
) -> tuple[PaymentState, list[Line]]:
    """Add a payment to its order: the payment, and the entries it makes (R9, R10, R13 to R16)."""
    if rules.changes_plan(order.plan, sale.plan):
        order.plan, order.count = sale.plan or order.plan, order.count + 1
    rules.check_price(order.plan, sale.amount, stated=sale.plan is not None)
    payment = PaymentState(
        fact, order, order.count, order.plan, sale.amount, paid_at, _earners(order, customer, world)
    )
    if sale.amount and customer.first_paid is None:
        customer.first_paid, customer.belongs_to = fact, order.credit.affiliate
    return payment, _lines(payment, sale.amount, fact, paid_at)


def _earners(order: OrderState, customer: CustomerState, world: World) -> rules.Earners:
    credited = order.credit.affiliate
    referrer = None if credited is None else world.referrer(credited)
    buyer = world.buyer(customer.id, customer.email_key)
    concerned = [a for a in (credited, referrer) if a is not None]
    suspended = frozenset(a for a in concerned if world.status(a) != rules.ACTIVE)
    return rules.earners(credited, referrer, buyer, suspended)


def _lines(
    payment: PaymentState, change: int, fact: int, happened_at: datetime, reverses: bool = False
) -> list[Line]:
    """Change a payment's money; the entries are what each earning tier's total moves by."""
    lines = []
    for tier, earner in enumerate(payment.earners):
        if earner is None:
            continue
        before = payment.order.paid.get((payment.count, tier), 0)
        after = payment.order.paid[payment.count, tier] = before + change
        amount = _in_all(payment, tier, after) - _in_all(payment, tier, before)
        if amount:
            kind = rules.REVERSAL if reverses else (rules.COMMISSION, rules.OVERRIDE)[tier]
            rule, source = ("R9", "R13")[tier], f"{fact}:{tier + 1}"
            about = (fact, payment.fact, happened_at, payment.paid_at, before, after)
            lines.append(Line(earner, kind, amount, rule, source, *about))
    return lines


def _in_all(payment: PaymentState, tier: int, paid: int) -> int:
    if tier:
        return rules.override_in_all(payment.order.terms, paid)
    return rules.earned_in_all(payment.plan, payment.order.terms, paid)


def refund(payment: PaymentState, refund: RefundState) -> list[Line]:
    """Try a refund on its payment (R11): the entries it makes; its status tells what became of it.

    Raises Refused, with nothing changed, when it exceeds what is left.
    """
    paid = rules.Paid(payment.amount, payment.refunded, payment.disputed)
    amount = rules.refund_amount(refund.kind, refund.asked, paid)
    if not isinstance(amount, int):  # it waits
        return []
    refund.status, refund.amount = "applied", amount
    payment.refunded += amount
    if refund.kind != rules.REFUND:
        payment.disputed += amount
    return _lines(payment, -amount, refund.fact, refund.happened_at, reverses=True)


def settle(payment: PaymentState, waiting: list[RefundState]) -> list[Line]:
    """Try the refunds that wait for a payment, in order of arrival (R11).

    A chargeback that is applied lets the won ones before it be applied at once. Those that exceed
    what is left are refused into the office's list; their status says so.
    """
    lines: list[Line] = []
    index = 0
    while index < len(waiting):
        one = waiting[index]
        index += 1
        if one.status != "waiting":
            continue
        try:
            lines += refund(payment, one)
        except rules.Refused as problem:
            one.status, one.reason = "refused", str(problem)
        if one.status == "applied" and one.kind == rules.CHARGEBACK:
            index = 0
    return lines
