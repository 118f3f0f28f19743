"""One customer's facts played again from nothing: what the books should say of it (R24)."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from portal import feeds, intake, rules
from portal.books import Customer, Line, Order, Payment, Refund
from portal.feeds import LeadIn, RefundIn, SaleIn
from portal.fields import Wrong
from portal.models import Fact
from portal.past import Archive, Past


class Unreadable(Exception):
    """A fact does not say what such a fact says: it was changed. Its text names the fact."""


def _read(reader: Callable[..., Any], fact: Fact) -> Any:
    try:
        return reader(fact.content, fact.recorded_at)
    except Wrong as wrong:
        raise Unreadable(f"Fact {fact.id} cannot be read: {wrong}") from wrong


class Replay:
    """The rows and lines that follow from the facts of one customer, none of them stored."""

    def __init__(self, archive: Archive, customer: int):
        self.archive, self.customer = archive, Customer(id=customer)
        self.customer.visitors = set()
        self.orders: dict[str, Order] = {}
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, list[Refund]] = defaultdict(list)  # by the id of their sale
        self.lines: list[Line] = []

    def play(self, facts: Iterable[Fact]) -> None:
        """Play facts in their order of recording."""
        for fact in facts:
            if fact.kind == "customer":
                self._import(fact)
            elif fact.kind == "lead":
                self._learn(_read(feeds.lead, fact), Past(self.archive, fact))
            elif fact.kind == "sale":
                self._sale(fact, _read(feeds.sale, fact))
            else:
                self._refund(fact, _read(feeds.refund, fact))

    def _import(self, fact: Fact) -> None:
        self.customer.email_key = rules.email_key(fact.content["email"])
        if fact.content["paid_before"]:
            self.customer.first_paid = fact.id
            self.customer.belongs_to = fact.content["belongs_to"]

    def _learn(self, event: LeadIn | SaleIn, world: Past) -> None:
        self.customer.email_key = rules.email_key(event.email) or self.customer.email_key
        visitor = world.visitor(event.click_id)
        if visitor is not None:
            self.customer.visitors.add(visitor)

    def _sale(self, fact: Fact, sale: SaleIn) -> None:
        world, event = Past(self.archive, fact), {"fact": fact.id, "now": fact.recorded_at}
        self._learn(sale, world)
        order = self.orders.get(sale.order_id)
        if order is None:
            terms = self.archive.terms(fact.id)
            order = intake.open_order(sale, self.customer, world, terms, **event)
            self.orders[sale.order_id] = order
        payment, lines = intake.pay(order, sale, self.customer, world, **event)
        self.payments[sale.event_id] = payment
        self.lines += lines
        self.lines += intake.settle(payment, self.refunds[sale.event_id], **event)

    def _refund(self, fact: Fact, refund: RefundIn) -> None:
        payment, others = (
            self.payments.get(refund.sale_event_id),
            self.refunds[refund.sale_event_id],
        )
        about = {"fact": fact.id, "now": fact.recorded_at}
        row, lines = intake.refund(refund, payment, others, **about)
        others.append(row)
        self.lines += lines
