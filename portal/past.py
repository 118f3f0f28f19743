"""The past: what was known when a fact was recorded, from the facts alone (R24).

The same world that intake.py decides on, for any moment: a fact's number stands for the moment just
before it was recorded, and its `clicks_to` for the clicks stored by then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from portal import rules
from portal.books import Customer
from portal.models import AffiliateCode, Click, Fact, TermsVersion
from portal.present import clicks_of

ABOUT_PEOPLE = ("application", "status", "email", "link", "residence", "tax_id")
HISTORIES = 10_000  # affiliates whose histories are kept at hand: memory stays bounded


class Told(NamedTuple):
    """A fact about a person, short."""

    fact: int
    kind: str
    content: dict[str, Any]
    email_key: str | None


class Archive:
    """Histories of people, codes and terms, read once each for one recomputation."""

    def __init__(self) -> None:
        rows = TermsVersion.select().order_by(TermsVersion.id)
        self._terms = [(row.after_fact, row.id, row.terms()) for row in rows]
        self.history = lru_cache(HISTORIES)(self._history)

    def _history(self, affiliate: int) -> list[Told]:
        facts = Fact.select(Fact.id, Fact.kind, Fact.content, Fact.email_key)
        mine = (Fact.affiliate_id == affiliate) & Fact.kind.in_(ABOUT_PEOPLE)
        return [
            Told(f.id, f.kind, f.content, f.email_key) for f in facts.where(mine).order_by(Fact.id)
        ]

    def last(self, affiliate: int, before: int, *kinds: str) -> Told | None:
        """The last of these facts about an affiliate that was recorded before a fact."""
        told = (t for t in self.history(affiliate) if t.fact < before and t.kind in kinds)
        return max(told, default=None, key=lambda t: t.fact)

    def terms(self, before: int) -> tuple[int, rules.Terms]:
        """The version of the terms that held when a fact was recorded."""
        held = [(version, terms) for after, version, terms in self._terms if after < before]
        return held[-1]

    def at(self, fact: int, clicks_to: int) -> Past:
        """The world just before a fact was recorded."""
        return Past(self, fact, clicks_to)


class Past:
    """The world of intake.py as it stood just before a fact was recorded."""

    def __init__(self, archive: Archive, fact: int, clicks_to: int):
        self._archive, self._fact, self._clicks_to = archive, fact, clicks_to

    def buyer(self, customer: int, email_key: str) -> int | None:
        """The active or suspended affiliate who was the customer (R15)."""
        affiliate = self._linked(customer)
        if affiliate is None:
            affiliate = self._of_email(email_key) if email_key else None
        able = affiliate and self.status(affiliate) in (rules.ACTIVE, rules.SUSPENDED)
        return affiliate if able else None

    def _linked(self, customer: int) -> int | None:
        link = Fact.get_or_none(
            Fact.kind == "link", Fact.customer_id == customer, Fact.id < self._fact
        )
        return link.affiliate_id if link else None

    def _of_email(self, email_key: str) -> int | None:
        kinds = Fact.kind.in_(("application", "email"))
        told = Fact.select(Fact.affiliate_id).where(
            kinds & (Fact.email_key == email_key) & (Fact.id < self._fact)
        )
        for (affiliate,) in told.distinct().tuples():
            last = self._archive.last(affiliate, self._fact, "application", "email")
            if last and last.email_key == email_key:
                return affiliate
        return None

    def referrer(self, affiliate: int) -> int | None:
        """To whom an affiliate was attached (R12)."""
        for told in self._archive.history(affiliate):
            if told.fact < self._fact and told.content.get("referrer"):
                return told.content["referrer"]
        return None

    def status(self, affiliate: int) -> str:
        """The status that an affiliate had."""
        last = self._archive.last(affiliate, self._fact, "application", "status")
        return last.content["status"] if last else ""

    def named(self, code: str) -> int | None:
        """The affiliate who owned a code (R4)."""
        row = AffiliateCode.get_or_none(code=code.casefold())
        return row.affiliate_id if row and row.fact_id < self._fact else None

    def clicks(self, visitors: Collection[int], until: datetime) -> list[rules.Click]:
        """The unmarked clicks of browsers up to an instant, stored by then."""
        return clicks_of(visitors, until, self._clicks_to)

    def visitor(self, click_id: str) -> int | None:
        """The browser that a click id tied to its customer, if it did (R6, R8)."""
        click = Click.find(click_id) if click_id else None
        if click is None or click.id > self._clicks_to or click.mark:
            return None
        return click.visitor


def past_customers(email_key: str | None, before: int) -> list[rules.PastCustomer]:
    """The customers, not linked to an account, whose e-mail this was before a fact (R12, R15)."""
    heard = Fact.kind.in_(("lead", "sale", "customer")) & (Fact.id < before)
    named = Fact.select(Fact.customer_id).where(heard & (Fact.email_key == email_key)).distinct()
    found = []
    for customer in Customer.select().where(Customer.id.in_(named)):
        told = Fact.select().where(heard & (Fact.customer_id == customer.id))
        last = told.where(Fact.email_key.is_null(False)).order_by(Fact.id.desc()).get()
        linked = Fact.get_or_none(
            Fact.kind == "link", Fact.customer_id == customer.id, Fact.id < before
        )
        paid = customer.first_paid is not None and customer.first_paid < before
        if last.email_key == email_key and paid and not linked:
            found.append(rules.PastCustomer(customer.first_paid, customer.belongs_to_id))
    return found
