"""Leads and sales taken into the books: gather what is known, decide, apply.

Each event is one transaction: its fact, what follows from it, its entries and its answer. The same
id again answers the same; nothing is recorded when anything is refused.
"""

from datetime import datetime
from typing import Any

from portal import events, intake, ledger, notices, program, rules
from portal.books import Customer, CustomerVisitor, Line, Order
from portal.database import transaction
from portal.events import Answer
from portal.feeds import LeadIn, SaleIn
from portal.models import Affiliate, next_fact, record
from portal.present import Now


def _customer(event: LeadIn | SaleIn) -> Customer:
    """The customer of an event with its name and last non-empty e-mail (R15)."""
    about = {"email": event.email, "email_key": rules.email_key(event.email), "name": event.name}
    customer = Customer.get_or_none(customer_id=event.customer_id)
    if customer is None:
        customer = Customer(customer_id=event.customer_id)
    for key, said in about.items():
        if said and said != getattr(customer, key):
            setattr(customer, key, said)
    customer.save()
    return customer


def _tie(
    customer: Customer, event: LeadIn | SaleIn, fact: int, notes: list[str], world: Now
) -> None:
    """Tie the browser of a click to a customer (R6); a useless id is told in `notes`."""
    if not event.click_id:
        return
    click = world.click(event.click_id)
    if click is None:
        notes.append("The click id is unknown and was passed over.")
    elif click.mark:
        notes.append(f"The click is marked ({click.mark}) and was passed over.")
    else:
        row = CustomerVisitor.insert(customer=customer, visitor=click.visitor, fact_id=fact)
        row.on_conflict_ignore().execute()


def record_lead(lead: LeadIn, *, now: datetime) -> Answer:
    """Tie a browser to a customer (a sign-up, a trial). Raises Conflict."""
    with transaction():
        known = events.known(lead, "lead")
        if known:
            return Answer(False, known.answer)
        notes: list[str] = []
        customer, world, fact = _customer(lead), Now(), next_fact()
        _tie(customer, lead, fact, notes, world)
        body = {"event_id": lead.event_id, "customer_id": lead.customer_id, "notes": notes}
        about: dict[str, Any] = {"fact": fact, "customer": customer, "email": lead.email}
        events.keep("lead", lead, body, world, now, **about)
        return Answer(True, body)


def import_customer(
    customer_id: str,
    email: str,
    name: str = "",
    *,
    belongs_to: Affiliate | None = None,
    paid_before: bool = False,
    now: datetime,
) -> bool:
    """Take over a customer of a former system, whose it is and whether it paid before (R7).

    False when the customer is known already: an import never changes one. Raises Refused.
    """
    if belongs_to and not paid_before:
        raise rules.Refused("Only a customer who paid before belongs to somebody.", "belongs_to")
    with transaction():
        if Customer.get_or_none(customer_id=customer_id):
            return False
        key, first_paid = rules.email_key(email), next_fact() if paid_before else None
        about = {"email": email, "email_key": key, "name": name}
        whose = {"belongs_to": belongs_to, "first_paid": first_paid}
        customer = Customer.create(customer_id=customer_id, **about, **whose)
        owner = belongs_to.id if belongs_to else None
        content = {"email": email, "name": name, "belongs_to": owner, "paid_before": paid_before}
        record("customer", content, now, customer_id=customer.id, email_key=key or None)
        return True


def record_sale(sale: SaleIn, *, now: datetime) -> Answer:
    """Record one payment of a customer (R6 to R16). Raises Refused and Conflict."""
    with transaction():
        known = events.known(sale, "sale")
        if known:
            return Answer(False, known.answer)
        order = Order.get_or_none(order_id=sale.order_id)
        customer, world = _customer(sale), Now()
        _check(sale, order, customer, now)
        notes: list[str] = []
        fact = next_fact()
        _tie(customer, sale, fact, notes, world)
        if order is None:
            notes += _code_notes(sale, customer, world)
            terms = program.terms_version()
            order = intake.open_order(sale, customer, world, terms, fact=fact, now=now)
        payment, lines = intake.pay(order, sale, customer, world, fact=fact, now=now)
        waiting = events.waiting(sale.event_id)
        lines += intake.settle(payment, waiting, fact=fact, now=now)
        body = _answer(sale, order, lines, notes, world)
        events.keep("sale", sale, body, world, now, fact=fact, customer=customer, email=sale.email)
        for changed in (customer, order, *waiting):
            changed.save()
        payment.save(force_insert=True)
        ledger.post(lines)
        notices.tell(lines, now=now)
        return Answer(True, body)


def _check(sale: SaleIn, order: Order | None, customer: Customer, now: datetime) -> None:
    if order and order.customer_id != customer.id:
        raise rules.Refused("This order is another customer's.", "order_id")
    if not customer.email:
        raise rules.Refused("No e-mail is on file for this customer yet. Send it along.", "email")
    if sale.ordered_at and sale.ordered_at > (sale.occurred_at or now):
        raise rules.Refused("An order cannot come after its payment.", "ordered_at")


def _code_notes(sale: SaleIn, customer: Customer, world: Now) -> list[str]:
    """Why a referral code is passed over, if it is (R7.3)."""
    if not sale.referral_code:
        return []
    named = world.named(sale.referral_code)
    if named is None:
        return ["The referral code is unknown and was passed over."]
    if world.status(named) != rules.ACTIVE:
        return ["The affiliate of the referral code is not active and was passed over."]
    if named == world.buyer(customer.id, customer.email_key):
        return ["The referral code is the buyer's own and was passed over."]
    return []


def _answer(
    sale: SaleIn, order: Order, lines: list[Line], notes: list[str], world: Now
) -> dict[str, Any]:
    return {
        "event_id": sale.event_id,
        "order_id": sale.order_id,
        "customer_id": sale.customer_id,
        "credited_to": world.code(order.credited_to_id),
        "rule": order.rule,
        "reason": order.reason,
        "entries": events.told(lines, world),
        "notes": notes,
    }
