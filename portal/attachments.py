"""To whom an affiliate is attached (R12): found once, when they apply or are linked, for good."""

from __future__ import annotations

from datetime import datetime

from portal import rules
from portal.books import Customer
from portal.models import Affiliate, Click, Fact, record
from portal.present import Now


def attach_applicant(email: str, click_id: str, now: datetime) -> tuple[int | None, str | None]:
    """Whom an applicant is attached to and by what, from the past customers of the e-mail."""
    linked = Affiliate.select(Affiliate.customer_id).where(Affiliate.customer_id.is_null(False))
    query = Customer.select().where(
        (Customer.email_key == rules.email_key(email))
        & Customer.first_paid.is_null(False)
        & Customer.id.not_in(linked)
    )
    past = [rules.PastCustomer(c.first_paid, c.belongs_to_id) for c in query]
    return rules.attachment(past, _counting_click(click_id, now)) or (None, None)


def _counting_click(click_id: str, now: datetime) -> rules.Click | None:
    """The last click that counts now of the browser in which somebody applies (R5, R6)."""
    click = Click.find(click_id) if click_id else None
    if click is None or click.mark:
        return None
    world = Now()
    clicks = tuple(world.clicks([click.visitor], now))
    active = frozenset(a for a in {c.affiliate for c in clicks} if world.status(a) == rules.ACTIVE)
    return rules.last_click(rules.OrderFacts(now, False, None, None, None, None, clicks, active))


def attach_linked(affiliate: Affiliate, customer: Customer, now: datetime) -> None:
    """Record the link of an affiliate to a customer; it attaches one without a referrer.

    The test is that of applying: the customer paid, and so belonged, before the affiliate applied.
    """
    applied = Fact.get(Fact.kind == "application", Fact.affiliate_id == affiliate.id)
    past = []
    if customer.first_paid and customer.first_paid < applied.id and affiliate.referrer_id is None:
        past = [rules.PastCustomer(customer.first_paid, customer.belongs_to_id)]
    referrer, attached_by = rules.attachment(past, None, affiliate.id) or (None, None)
    if referrer:
        attached = {"referrer": referrer, "attached_by": attached_by, "attached_at": now}
        Affiliate.update(**attached).where(Affiliate.id == affiliate.id).execute()
    content = {"customer": customer.id, "referrer": referrer}
    record("link", content, now, affiliate_id=affiliate.id, customer_id=customer.id)
