"""The past: what was known when a fact was recorded, and a customer's facts played again (R24)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from portal import feeds, intake, rules
from portal.books import Customer, Line, Order, Payment, Refund
from portal.feeds import LeadIn, RefundIn, SaleIn
from portal.fields import Wrong
from portal.models import Fact, TermsVersion
from portal.present import World

ABOUT_PEOPLE = ("application", "status", "email", "link", "residence", "tax_id")
HISTORIES = 10_000  # affiliates whose histories are kept at hand: memory stays bounded


class Told(NamedTuple):
    fact: int
    kind: str
    content: dict[str, Any]
    email_key: str | None


def _histories(affiliates: Collection[int]) -> dict[int, list[Told]]:
    facts = Fact.select(Fact.affiliate_id, Fact.id, Fact.kind, Fact.content, Fact.email_key)
    facts = facts.where(Fact.affiliate_id.in_(affiliates), Fact.kind.in_(ABOUT_PEOPLE))
    found: dict[int, list[Told]] = {affiliate: [] for affiliate in affiliates}
    for affiliate, *row in facts.order_by(Fact.id).tuples():
        found[affiliate].append(Told(*row))
    return found


class Archive:
    """Histories of people and terms, read once each; those of `affiliates` all at once."""

    def __init__(self, affiliates: Collection[int] = ()) -> None:
        self._terms = list(TermsVersion.select().order_by(TermsVersion.id.desc()))
        self._at_hand = _histories(affiliates) if affiliates else {}
        self.history = lru_cache(HISTORIES)(self._history)
        self.links, self.owners = lru_cache(HISTORIES)(_links), lru_cache(HISTORIES)(_owners)

    def _history(self, affiliate: int) -> list[Told]:
        return (self._at_hand if affiliate in self._at_hand else _histories([affiliate]))[affiliate]

    def last(self, affiliate: int, before: float, *kinds: str) -> Told | None:
        """The last of these facts about an affiliate that was recorded before a fact."""
        told = (t for t in self.history(affiliate) if t.fact < before and t.kind in kinds)
        return max(told, default=None, key=lambda t: t.fact)

    def status(self, affiliate: int, before: float) -> str:
        """The status of an affiliate just before a fact, empty before it applied."""
        last = self.last(affiliate, before, "application", "status")
        return last.content["status"] if last else ""

    def terms(self, before: int) -> TermsVersion:
        """The version of the terms that held when a fact was recorded."""
        return next(version for version in self._terms if version.after_fact < before)


class Past(World):
    """The world just before a fact was recorded, with the clicks stored by then."""

    def __init__(self, archive: Archive, fact: Fact):
        super().__init__(fact.id, fact.clicks_to)
        self._archive = archive

    def status(self, affiliate: int) -> str:
        return self._archive.status(affiliate, self.before)

    def referrer(self, affiliate: int) -> int | None:
        for told in self._archive.history(affiliate):
            if told.fact < self.before and told.content.get("referrer"):
                return told.content["referrer"]
        return None

    def same(self, customer: int, email_key: str) -> int | None:
        link = _linked(self._archive.links(customer), self.before)
        for (affiliate,) in self._archive.owners(email_key) if email_key and not link else ():
            last = self._archive.last(affiliate, self.before, "application", "email")
            if last and last.email_key == email_key:
                return affiliate
        return link


def _owners(email_key: str) -> list[tuple[int]]:
    """Whose an e-mail is or was."""
    facts = Fact.select(Fact.affiliate_id).where(Fact.email_key == email_key).distinct()
    return list(facts.where(Fact.kind.in_(("application", "email"))).tuples())


def _links(customer: int) -> list[tuple[int, int]]:
    facts = Fact.select(Fact.id, Fact.affiliate_id).where(Fact.customer_id == customer)
    return list(facts.where(Fact.kind == "link").tuples())


def _linked(links: list[tuple[int, int]], before: float) -> int | None:
    """The account to which a customer was linked before a fact was recorded."""
    return next((affiliate for fact, affiliate in links if fact < before), None)


def past_customers(email_key: str | None, before: int) -> list[rules.PastCustomer]:
    """The customers, not linked to an account, whose e-mail this was before a fact (R12, R15)."""
    heard = Fact.kind.in_(("lead", "sale", "customer")) & (Fact.id < before)
    named = Fact.select(Fact.customer_id).where(heard & (Fact.email_key == email_key)).distinct()
    paid = Customer.select().where(Customer.id.in_(named), Customer.first_paid < before)
    found = []
    for customer in paid:
        told = Fact.select().where(heard, Fact.customer_id == customer.id)
        last = told.where(Fact.email_key.is_null(False)).order_by(Fact.id.desc()).get()
        if last.email_key == email_key and not _linked(_links(customer.id), before):
            found.append(rules.PastCustomer(customer.first_paid, customer.belongs_to_id))
    return found


# --- One customer, from nothing ------------------------------------------------------------------


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
        payment = self.payments.get(refund.sale_event_id)
        others = self.refunds[refund.sale_event_id]
        about = {"fact": fact.id, "now": fact.recorded_at}
        row, lines = intake.refund(refund, payment, others, **about)
        others.append(row)
        self.lines += lines
