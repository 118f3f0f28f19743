"""Leads, sales and refunds taken into the books: gather what is known, decide, apply.

Each event is one transaction: its fact, what follows from it, its entries and its answer. The same
id again answers the same; nothing is recorded when anything is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal import intake, ledger, notices, program, rules
from portal.books import Customer, CustomerVisitor, Entry, Line, Order, Payment, Refund
from portal.database import transaction
from portal.feeds import Event, LeadIn, RefundIn, SaleIn
from portal.models import Affiliate, Fact, next_fact, record
from portal.present import Now


class Conflict(Exception):
    """The event id is known with other content, or as another kind of event. A sentence."""


@dataclass(frozen=True)
class Answer:
    """What the sender is told; `created` is false for a repeat, `status` that of a refund."""

    created: bool
    body: dict[str, Any]

    @property
    def waiting(self) -> bool:
        """Whether this is a refund that waits for its sale (R11)."""
        return self.body.get("status") == "waiting"


def _known(event: Event, kind: str) -> Fact | None:
    """The fact of an event that was recorded before. Raises Conflict when it differs."""
    fact = Fact.get_or_none(event_id=event.event_id)
    if fact is None:
        return None
    if fact.kind != kind:
        raise Conflict(f"The event id {event.event_id} is a {fact.kind}'s.")
    if fact.content != event.content:
        raise Conflict(f"The event id {event.event_id} was recorded with other content.")
    return fact


def _keep(kind: str, event: Event, answer: dict[str, Any], now: datetime, **about: Any) -> Answer:
    """Record an event as a fact, with the answer that a repeat gets again."""
    email = event.email if isinstance(event, LeadIn) else ""
    about |= {"event_id": event.event_id, "email_key": rules.email_key(email) or None}
    record(kind, event.content, now, answer=answer, **about)
    return Answer(True, answer)


def _waiting(sale_event_id: str) -> list[Refund]:
    """The refunds that wait for a sale, in order of arrival (R11)."""
    query = Refund.select().where(Refund.sale_event_id == sale_event_id, Refund.status == "waiting")
    return list(query.order_by(Refund.id))


def _told(lines: Iterable[Line], world: Now) -> list[dict[str, Any]]:
    """Entries as an answer tells them."""
    return [
        {"affiliate": world.code(line.affiliate_id), "kind": line.kind, "amount": line.amount}
        for line in lines
    ]


# --- Leads and sales ---------------------------------------------------------------------------


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
        known = _known(lead, "lead")
        if known:
            return Answer(False, known.answer)
        notes: list[str] = []
        customer, world, fact = _customer(lead), Now(), next_fact()
        _tie(customer, lead, fact, notes, world)
        body = {"event_id": lead.event_id, "customer_id": lead.customer_id, "notes": notes}
        about = {"id": fact, "customer_id": customer.id, "clicks_to": world.clicks_to}
        return _keep("lead", lead, body, now, **about)


def record_sale(sale: SaleIn, *, now: datetime) -> Answer:
    """Record one payment of a customer (R6 to R16). Raises Refused and Conflict."""
    with transaction():
        known = _known(sale, "sale")
        if known:
            return Answer(False, known.answer)
        order = Order.get_or_none(order_id=sale.order_id)
        customer, world = _customer(sale), Now()
        if order and order.customer_id != customer.id:
            raise rules.Refused("This order is another customer's.", "order_id")
        if not customer.email:
            said = "No e-mail is on file for this customer yet. Send it along."
            raise rules.Refused(said, "email")
        notes: list[str] = []
        fact = next_fact()
        _tie(customer, sale, fact, notes, world)
        if order is None:
            notes += _code_notes(sale, customer, world)
            terms = program.terms_version()
            order = intake.open_order(sale, customer, world, terms, fact=fact, now=now)
        payment, lines = intake.pay(order, sale, customer, world, fact=fact, now=now)
        waiting = _waiting(sale.event_id)
        lines += intake.settle(payment, waiting, fact=fact, now=now)
        body = _answer(sale, order, lines, notes, world)
        about = {"id": fact, "customer_id": customer.id, "clicks_to": world.clicks_to}
        answer = _keep("sale", sale, body, now, **about)
        for changed in (customer, order, *waiting):
            changed.save()
        payment.save(force_insert=True)
        ledger.post(lines)
        notices.tell(lines, now=now)
        return answer


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
        "entries": _told(lines, world),
        "notes": notes,
    }


# --- Refunds -----------------------------------------------------------------------------------


def record_refund(refund: RefundIn, *, now: datetime) -> Answer:
    """Record money given back of a sale, or taken back again. Raises Refused and Conflict.

    Before its sale, or for a won chargeback before the chargeback, it waits and is applied then.
    """
    with transaction():
        known = _known(refund, "refund")
        if known:
            return Answer(False, _answer_now(known))
        _check_sale(refund)
        payment = Payment.get_or_none(event_id=refund.sale_event_id)
        waiting = _waiting(refund.sale_event_id)
        fact, world = next_fact(), Now()
        row, lines = intake.refund(refund, payment, waiting, fact=fact, now=now)
        body: dict[str, Any] = {"event_id": refund.event_id, "status": row.status}
        if row.status == "applied":
            body["entries"] = _told([line for line in lines if line.fact_id == fact], world)
        answer = _keep("refund", refund, body, now, id=fact, clicks_to=world.clicks_to)
        row.save(force_insert=True)
        for changed in (payment, *waiting) if payment else ():
            changed.save()
        ledger.post(lines)
        notices.tell(lines, now=now)
        return answer


def _check_sale(refund: RefundIn) -> None:
    fact = Fact.get_or_none(event_id=refund.sale_event_id)
    kind = "refund" if refund.sale_event_id == refund.event_id else fact and fact.kind
    if kind and kind != "sale":
        raise rules.Refused(f"This id is a {kind}'s, not a sale's.", "sale_event_id")


def _answer_now(fact: Fact) -> dict[str, Any]:
    """What a repeat is told: the first answer, or what became of a refund that waited."""
    row = Refund.get_by_id(fact.id)
    if fact.answer["status"] == "applied" or row.status == "waiting":
        return fact.answer
    body = {"event_id": fact.event_id, "status": row.status}
    if row.status == "refused":
        return body | {"reason": row.reason}
    entries = Entry.select(Affiliate.code.alias("affiliate"), Entry.kind, Entry.amount)
    entries = entries.join(Affiliate).where(Entry.fact_id == fact.id).order_by(Entry.id)
    return body | {"entries": list(entries.dicts())}


# --- Import ------------------------------------------------------------------------------------


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

    False when the customer is known already: an import never changes one.
    """
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
