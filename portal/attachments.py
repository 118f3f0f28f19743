"""To whom an affiliate is attached (R12): found once, when they apply or are linked, for good."""

from datetime import datetime

from portal import rules
from portal.books import Customer
from portal.models import Affiliate, Fact, record
from portal.past import Archive, Past, past_customers
from portal.present import World

Attached = tuple[int | None, str | None]


def attach_applicant(email: str, click_id: str, now: datetime, world: World) -> Attached:
    """Whom an applicant is attached to and by what, from the past customers of the e-mail."""
    linked = Affiliate.select(Affiliate.customer_id).where(Affiliate.customer_id.is_null(False))
    query = Customer.select().where(
        (Customer.email_key == rules.email_key(email))
        & Customer.first_paid.is_null(False)
        & Customer.id.not_in(linked)
    )
    past = [rules.PastCustomer(c.first_paid, c.belongs_to_id) for c in query]
    return rules.attachment(past, _counting_click(click_id, now, world)) or (None, None)


def _counting_click(click_id: str, at: datetime, world: World) -> rules.Click | None:
    """The last click that counts of the browser in which somebody applies (R5, R6)."""
    visitor = world.visitor(click_id)
    if visitor is None:
        return None
    clicks = world.clicks([visitor], at)
    active = world.active({click.affiliate for click in clicks})
    return rules.last_click(rules.OrderFacts(at, False, None, None, None, None, clicks, active))


def attach_linked(affiliate: Affiliate, customer: Customer, now: datetime) -> None:
    """Record the link of an affiliate to a customer; it attaches one without a referrer.

    The test is that of applying: the customer paid, and so belonged, before the affiliate applied.
    """
    referrer, attached_by = _by_link(affiliate.id, affiliate.referrer_id, customer)
    if referrer:
        attached = {"referrer": referrer, "attached_by": attached_by, "attached_at": now}
        Affiliate.update(**attached).where(Affiliate.id == affiliate.id).execute()
    content = {"customer": customer.id, "referrer": referrer}
    record("link", content, now, affiliate_id=affiliate.id, customer_id=customer.id)


def _by_link(affiliate: int, referrer: int | None, customer: Customer) -> Attached:
    applied = Fact.get(Fact.kind == "application", Fact.affiliate_id == affiliate)
    if referrer or not customer.first_paid or customer.first_paid > applied.id:
        return None, None
    past = [rules.PastCustomer(customer.first_paid, customer.belongs_to_id)]
    return rules.attachment(past, None, affiliate) or (None, None)


def recompute(fact: Fact, archive: Archive) -> int | None:
    """To whom an application or a link attaches, from the facts recorded before it (R24)."""
    world = Past(archive, fact)
    if fact.kind == "link":
        customer = Customer.get_by_id(fact.content["customer"])
        return _by_link(fact.affiliate_id, world.referrer(fact.affiliate_id), customer)[0]
    if fact.content["attached_by"] == "import":
        return fact.content["referrer"]
    past = past_customers(fact.email_key, fact.id)
    click = _counting_click(fact.content["click_id"], fact.recorded_at, world)
    attached = rules.attachment(past, click)
    return attached and attached[0]
