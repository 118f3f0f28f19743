"""Leads and sales taken into the books: gather what is known, decide, apply.

Each event is one transaction: its fact, what follows from it, its entries and its answer. The same
id again answers the same; nothing is recorded when anything is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal import events, intake, ledger, present, program, rules
from portal.books import Customer, CustomerVisitor, Order, Payment
from portal.database import transaction
from portal.events import Answer
from portal.feeds import LeadIn, SaleIn
from portal.intake import CustomerState, Line, OrderState, PaymentState, RefundState
from portal.models import Affiliate, next_fact, record


def _customer(event: LeadIn | SaleIn) -> Customer:
    """The customer of an event with its name and last non-empty e-mail (R15)."""
    about = {"email": event.email, "email_key": rules.email_key(event.email), "name": event.name}
    customer = Customer.get_or_none(customer_id=event.customer_id)
    if customer is None:
        return Customer.create(customer_id=event.customer_id, **about)
    news = {key: said for key, said in about.items() if said and said != getattr(customer, key)}
    if news:
        Customer.update(**news).where(Customer.id == customer.id).execute()
        for key, said in news.items():
            setattr(customer, key, said)
    return customer


def _tie(
    customer: Customer, event: LeadIn | SaleIn, fact: int, notes: list[str], world: present.Now
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
        customer, world, fact = _customer(lead), present.Now(), next_fact()
        _tie(customer, lead, fact, notes, world)
        body = {"event_id": lead.event_id, "customer_id": lead.customer_id, "notes": notes}
        told: dict[str, Any] = {"answer": body, "customer": customer, "email": lead.email}
        events.keep("lead", lead, now, fact=fact, world=world, **told)
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
    key = rules.email_key(email)
    if belongs_to and not paid_before:
        raise rules.Refused("Only a customer who paid before belongs to somebody.", "belongs_to")
    with transaction():
        if Customer.get_or_none(customer_id=customer_id):
            return False
        fact = next_fact()
        customer = Customer.create(
            customer_id=customer_id,
            email=email,
            email_key=key,
            name=name,
            belongs_to=belongs_to,
            first_paid=fact if paid_before else None,
        )
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
        paid_at = sale.occurred_at or now
        row = Order.get_or_none(order_id=sale.order_id)
        notes: list[str] = []
        customer, world, fact = _customer(sale), present.Now(), next_fact()
        _check(sale, row, customer, paid_at)
        _tie(customer, sale, fact, notes, world)
        state = present.customer_state(customer)
        if row is None:
            notes += _code_notes(sale, state, world)
            version = program.terms_version()
            terms = (version.id, version.terms())
            order = intake.open_order(sale, paid_at, state, world, terms)
        else:
            order = present.order_state(row)
        about: dict[str, Any] = {
            "fact": fact,
            "paid_at": paid_at,
            "customer": state,
            "world": world,
        }
        payment, lines = intake.pay(order, sale, **about)
        waiting = present.waiting_refunds(sale.event_id)
        lines += intake.settle(payment, waiting)
        body = _sale_answer(sale, order, lines, notes, world)
        told: dict[str, Any] = {"answer": body, "customer": customer, "email": sale.email}
        events.keep("sale", sale, now, fact=fact, world=world, **told)
        _keep_sale(sale, row, order, payment, state, waiting)
        ledger.post(lines, now=now)
        return Answer(True, body)


def _check(sale: SaleIn, order: Order | None, customer: Customer, paid_at: datetime) -> None:
    if order and order.customer_id != customer.id:
        raise rules.Refused("This order is another customer's.", "order_id")
    if not customer.email:
        raise rules.Refused("No e-mail is on file for this customer yet. Send it along.", "email")
    if sale.ordered_at and sale.ordered_at > paid_at:
        raise rules.Refused("An order cannot come after its payment.", "ordered_at")


def _code_notes(sale: SaleIn, customer: CustomerState, world: present.Now) -> list[str]:
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


def _sale_answer(
    sale: SaleIn, order: OrderState, lines: list[Line], notes: list[str], world: present.Now
) -> dict[str, Any]:
    return {
        "event_id": sale.event_id,
        "order_id": sale.order_id,
        "customer_id": sale.customer_id,
        "credited_to": world.code(order.credit.affiliate),
        "rule": order.credit.rule,
        "reason": order.credit.reason,
        "entries": events.told(lines, world),
        "notes": notes,
    }


def _keep_sale(
    sale: SaleIn,
    row: Order | None,
    order: OrderState,
    payment: PaymentState,
    customer: CustomerState,
    waiting: list[RefundState],
) -> None:
    """Store what follows from a sale; the fact itself is recorded already."""
    plan = {"interval": order.plan.interval, "price": order.plan.price, "plan_count": order.count}
    if row is None:
        row = Order.create(
            order_id=order.order_id,
            customer=customer.id,
            fact_id=payment.fact,
            ordered_at=order.ordered_at,
            credited_to=order.credit.affiliate,
            rule=order.credit.rule,
            reason=order.credit.reason,
            click_id=order.credit.click,
            terms=order.terms_id,
            plan_name=sale.plan_name,
            **plan,
        )
    else:
        name = {"plan_name": sale.plan_name} if sale.plan_name else {}
        Order.update(**plan, **name).where(Order.id == row.id).execute()
    if customer.first_paid == payment.fact:
        owner = {"first_paid": customer.first_paid, "belongs_to": customer.belongs_to}
        Customer.update(**owner).where(Customer.id == customer.id).execute()
    Payment.create(
        id=payment.fact,
        event_id=sale.event_id,
        order=row,
        plan_count=payment.count,
        interval=payment.plan.interval,
        price=payment.plan.price,
        amount=payment.amount,
        refunded=payment.refunded,
        disputed=payment.disputed,
        commission_to=payment.earners.commission,
        override_to=payment.earners.override,
        paid_at=payment.paid_at,
    )
    present.keep_refunds(waiting, payment.fact)
