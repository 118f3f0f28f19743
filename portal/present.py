"""The present: what is known now, loaded as the states that intake.py decides on.

Everything is read within the deed's own transaction, so nothing changes between reading and
writing. `portal verify` has the same for any moment of the past.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from peewee import Case, Expression, fn

from portal import rules
from portal.books import Customer, CustomerVisitor, Order, Payment, Refund
from portal.intake import CustomerState, OrderState, PaymentState, RefundState
from portal.models import Affiliate, AffiliateCode, Click, last_click


class Known(NamedTuple):
    """What decides about an affiliate."""

    id: int
    code: str
    status: str
    referrer: int | None
    email_key: str
    customer: int | None


_KNOWN = (
    Affiliate.id,
    Affiliate.code,
    Affiliate.status,
    Affiliate.referrer,
    Affiliate.email_key,
    Affiliate.customer_id,
)


class Now:
    """The world of intake.py as it stands now. One is made for each deed and reads things once.

    Clicks are stored beside deeds: those up to `clicks_to` are known, and the fact says so.
    """

    def __init__(self) -> None:
        self.clicks_to = last_click()
        self._known: dict[int, Known] = {}
        self._named: dict[str, int | None] = {}
        self._buyers: dict[tuple[int, str], int | None] = {}

    def _find(self, condition: Expression) -> list[Known]:
        rows = [Known(*row) for row in Affiliate.select(*_KNOWN).where(condition).tuples()]
        self._known.update((known.id, known) for known in rows)
        return rows

    def known(self, affiliate: int) -> Known:
        """What decides about an affiliate, as it stands now."""
        if affiliate not in self._known:
            self._find(Affiliate.id == affiliate)
        return self._known[affiliate]

    def buyer(self, customer: int, email_key: str) -> int | None:
        """The active or suspended affiliate who is the customer (R15)."""
        asked = (customer, email_key)
        if asked not in self._buyers:
            self._buyers[asked] = self._buyer(*asked)
        return self._buyers[asked]

    def _buyer(self, customer: int, email_key: str) -> int | None:
        same = Affiliate.customer_id == customer
        if email_key:
            same |= Affiliate.email_key == email_key
        # Somebody linked to the customer comes before anybody with its e-mail.
        who = sorted(self._find(same), key=lambda known: known.customer != customer)
        able = who and who[0].status in (rules.ACTIVE, rules.SUSPENDED)
        return who[0].id if able else None

    def referrer(self, affiliate: int) -> int | None:
        """To whom an affiliate is attached (R12)."""
        return self.known(affiliate).referrer

    def status(self, affiliate: int) -> str:
        """The status of an affiliate."""
        return self.known(affiliate).status

    def code(self, affiliate: int | None) -> str | None:
        """The code of an affiliate, None for nobody."""
        return None if affiliate is None else self.known(affiliate).code

    def named(self, code: str) -> int | None:
        """The affiliate who owns a code, in any case, also one given up (R4)."""
        if code not in self._named:
            row = AffiliateCode.get_or_none(code=code.casefold())
            self._named[code] = row and row.affiliate_id
        return self._named[code]

    def clicks(self, visitors: Collection[int], until: datetime) -> list[rules.Click]:
        """The unmarked clicks of browsers up to an instant."""
        return clicks_of(visitors, until, self.clicks_to)

    def visitor(self, click_id: str) -> int | None:
        """The browser of an unmarked click, for a click id that is known (R6, R8)."""
        click = self.click(click_id)
        return click.visitor if click and not click.mark else None

    def click(self, click_id: str) -> Click | None:
        """The click of an outside id, marked or not."""
        click = Click.find(click_id) if click_id else None
        return click if click and click.id <= self.clicks_to else None


def clicks_of(visitors: Collection[int], until: datetime, last: int) -> list[rules.Click]:
    """The unmarked clicks of browsers up to an instant, and up to the id `last`."""
    if not visitors:
        return []
    query = Click.select(Click.id, Click.affiliate_id, Click.clicked_at, Click.days)
    query = query.where(
        Click.visitor.in_(list(visitors)) & Click.mark.is_null() & (Click.clicked_at <= until)
    )
    query = query.where(Click.id <= last)
    return [rules.Click(*row) for row in query.tuples()]


def customer_state(customer: Customer) -> CustomerState:
    """A customer with its known browsers."""
    visitors = CustomerVisitor.select(CustomerVisitor.visitor)
    visitors = visitors.where(CustomerVisitor.customer == customer)
    return CustomerState(
        customer.id,
        customer.email_key,
        customer.first_paid,
        customer.belongs_to_id,
        {visitor for (visitor,) in visitors.tuples()},
    )


def order_state(row: Order) -> OrderState:
    """An order with what is paid toward each of its plan counts."""
    return OrderState(
        row.order_id,
        row.ordered_at,
        rules.Credit(row.credited_to_id, row.rule, row.reason, row.click_id),
        row.terms_id,
        row.terms.terms(),
        rules.Plan(row.interval, row.price),
        row.plan_count,
        _paid(row),
    )


def _paid(order: Order) -> dict[tuple[int, int], int]:
    left = Payment.amount - Payment.refunded
    earners = (Payment.commission_to, Payment.override_to)
    sums = [fn.SUM(Case(None, [(earner.is_null(), 0)], left)) for earner in earners]
    query = Payment.select(Payment.plan_count, *sums).where(Payment.order == order)
    rows = query.group_by(Payment.plan_count).tuples()
    return {(count, tier): int(paid[tier]) for count, *paid in rows for tier in (0, 1)}


def payment_state(row: Payment) -> PaymentState:
    """A payment with its order and what was given back of it."""
    return PaymentState(
        row.id,
        order_state(row.order),
        row.plan_count,
        rules.Plan(row.interval, row.price),
        row.amount,
        row.paid_at,
        rules.Earners(row.commission_to_id, row.override_to_id),
        row.refunded,
        row.disputed,
    )


def waiting_refunds(sale_event_id: str) -> list[RefundState]:
    """The refunds that wait for a sale, in order of arrival (R11)."""
    query = Refund.select().where(
        (Refund.sale_event_id == sale_event_id) & (Refund.status == "waiting")
    )
    rows = query.order_by(Refund.id)
    return [RefundState(row.id, row.kind, row.asked, row.happened_at) for row in rows]


def keep_refunds(refunds: Iterable[RefundState], applied_by: int) -> None:
    """Store what became of waiting refunds when the fact `applied_by` was recorded (R11)."""
    for refund in refunds:
        if refund.status != "waiting":
            Refund.update(
                status=refund.status,
                amount=refund.amount,
                reason=refund.reason,
                applied_by=applied_by,
            ).where((Refund.id == refund.fact) & (Refund.status == "waiting")).execute()
