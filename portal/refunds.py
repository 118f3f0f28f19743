"""Refunds, chargebacks and won chargebacks taken into the books (R11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal import events, intake, ledger, notices, present, rules
from portal.books import Entry, Payment, Refund
from portal.database import transaction
from portal.events import Answer
from portal.feeds import RefundIn
from portal.intake import Line, PaymentState, RefundState
from portal.models import Affiliate, Fact, next_fact


def record_refund(refund: RefundIn, *, now: datetime) -> Answer:
    """Record money given back of a sale, or taken back again. Raises Refused and Conflict.

    Before its sale, or for a won chargeback before the chargeback, it waits and is applied then.
    """
    with transaction():
        known = events.known(refund, "refund")
        if known:
            return Answer(False, _state_of_now(known))
        _check_sale(refund)
        row = Payment.get_or_none(event_id=refund.sale_event_id)
        payment = present.payment_state(row) if row else None
        fact = next_fact()
        state = RefundState(fact, refund.kind, refund.amount, refund.occurred_at or now)
        lines = intake.refund(payment, state) if payment else []
        world = present.Now()
        body = _answer(refund.event_id, state, lines, world)
        events.keep("refund", refund, now, fact=fact, world=world, answer=body)
        _keep(refund, state)
        lines += _win_waiting(refund, payment, state)
        if payment:
            _keep_payment(payment)
        ledger.post(lines, now=now)
        notices.tell(lines, now=now, kind=refund.kind)
        return Answer(True, body)


def _check_sale(refund: RefundIn) -> None:
    fact = Fact.get_or_none(event_id=refund.sale_event_id)
    kind = "refund" if refund.sale_event_id == refund.event_id else fact and fact.kind
    if kind and kind != "sale":
        raise rules.Refused(f"This id is a {kind}'s, not a sale's.", "sale_event_id")


def _win_waiting(refund: RefundIn, payment: PaymentState | None, state: RefundState) -> list[Line]:
    """What the won chargebacks make that waited for this chargeback (R11)."""
    if not payment or state.status != "applied" or state.kind != rules.CHARGEBACK:
        return []
    waiting = [w for w in present.waiting_refunds(refund.sale_event_id) if w.fact != state.fact]
    lines = intake.settle(payment, waiting)
    present.keep_refunds(waiting, state.fact)
    return lines


def _keep(refund: RefundIn, state: RefundState) -> None:
    Refund.create(
        id=state.fact,
        sale_event_id=refund.sale_event_id,
        kind=refund.kind,
        asked=refund.amount,
        amount=state.amount,
        status=state.status,
        applied_by=state.fact if state.status == "applied" else None,
        happened_at=state.happened_at,
    )


def _keep_payment(payment: PaymentState) -> None:
    left = {"refunded": payment.refunded, "disputed": payment.disputed}
    Payment.update(**left).where(Payment.id == payment.fact).execute()


def _answer(
    event_id: str, state: RefundState, lines: list[Line], world: present.Now
) -> dict[str, Any]:
    if state.status == "waiting":
        return {"event_id": event_id, "status": "waiting"}
    return {"event_id": event_id, "status": "applied", "entries": events.told(lines, world)}


def _state_of_now(fact: Fact) -> dict[str, Any]:
    """What a repeat is told: the first answer, or what became of a refund that waited."""
    row = Refund.get_by_id(fact.id)
    if fact.answer["status"] == "applied" or row.status == "waiting":
        return fact.answer
    body = {"event_id": fact.event_id, "status": row.status}
    if row.status == "refused":
        return body | {"reason": row.reason}
    entries = Entry.select(Affiliate.code, Entry.kind, Entry.amount).join(Affiliate)
    entries = entries.where(Entry.fact_id == fact.id).order_by(Entry.id)
    return body | {
        "entries": [{"affiliate": a, "kind": k, "amount": c} for a, k, c in entries.tuples()]
    }
