"""One customer's facts played again from nothing: what the books should say of it (R24)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal import feeds, intake, rules
from portal.feeds import LeadIn, RefundIn, SaleIn
from portal.fields import Wrong
from portal.intake import CustomerState, Line, OrderState, PaymentState, RefundState
from portal.models import Fact
from portal.past import Archive, Past


class Unreadable(Exception):
    """A fact does not say what such a fact says: it was changed. Its text names the fact."""


def _read(reader: Callable[..., Any], fact: Fact) -> Any:
    try:
        return reader(fact.content, fact.recorded_at)
    except Wrong as wrong:
        raise Unreadable(f"Fact {fact.id} cannot be read: {wrong}") from wrong


@dataclass
class Replay:
    """What follows from the facts of one customer; `lines` with when they were recorded."""

    archive: Archive
    customer: CustomerState
    orders: dict[str, OrderState] = field(default_factory=dict)
    payments: dict[str, PaymentState] = field(default_factory=dict)
    refunds: dict[int, RefundState] = field(default_factory=dict)
    waiting: dict[str, list[RefundState]] = field(default_factory=dict)
    lines: list[tuple[Line, datetime]] = field(default_factory=list)

    def play(self, facts: Iterable[Fact]) -> None:
        """Play facts in their order of recording."""
        for fact in facts:
            world = self.archive.at(fact.id, fact.clicks_to)
            if fact.kind == "customer":
                self._import(fact)
            elif fact.kind == "lead":
                self._learn(_read(feeds.lead, fact), world)
            elif fact.kind == "sale":
                self._sale(fact, _read(feeds.sale, fact), world)
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

    def _sale(self, fact: Fact, sale: SaleIn, world: Past) -> None:
        self._learn(sale, world)
        paid_at = sale.occurred_at or fact.recorded_at
        order = self.orders.get(sale.order_id)
        if order is None:
            terms = self.archive.terms(fact.id)
            order = intake.open_order(sale, paid_at, self.customer, world, terms)
            self.orders[sale.order_id] = order
        about = {"fact": fact.id, "paid_at": paid_at, "customer": self.customer, "world": world}
        payment, lines = intake.pay(order, sale, **about)
        self.payments[sale.event_id] = payment
        lines += intake.settle(payment, self.waiting.get(sale.event_id, []))
        self.lines += [(line, fact.recorded_at) for line in lines]

    def _refund(self, fact: Fact, refund: RefundIn) -> None:
        at = refund.occurred_at or fact.recorded_at
        state = RefundState(fact.id, refund.kind, refund.amount, at)
        self.refunds[fact.id] = state
        waiting = self.waiting.setdefault(refund.sale_event_id, [])
        payment = self.payments.get(refund.sale_event_id)
        lines = intake.refund(payment, state) if payment else []
        if payment and state.status == "applied" and state.kind == rules.CHARGEBACK:
            lines += intake.settle(payment, waiting)
        waiting.append(state)
        self.lines += [(line, fact.recorded_at) for line in lines]
