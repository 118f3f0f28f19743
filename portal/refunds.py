"""Refunds, chargebacks and won chargebacks taken into the books (R11)."""

from datetime import datetime
from typing import Any

from portal import events, intake, ledger, notices, rules
from portal.books import Entry, Payment, Refund
from portal.database import transaction
from portal.events import Answer
from portal.feeds import RefundIn
from portal.models import Affiliate, Fact, next_fact
from portal.present import Now


def record_refund(refund: RefundIn, *, now: datetime) -> Answer:
    """Record money given back of a sale, or taken back again. Raises Refused and Conflict.

    Before its sale, or for a won chargeback before the chargeback, it waits and is applied then.
    """
    with transaction():
        known = events.known(refund, "refund")
        if known:
            return Answer(False, _answer_now(known))
        _check_sale(refund)
        payment = Payment.get_or_none(event_id=refund.sale_event_id)
        waiting = events.waiting(refund.sale_event_id)
        fact, world = next_fact(), Now()
        row, lines = intake.refund(refund, payment, waiting, fact=fact, now=now)
        body: dict[str, Any] = {"event_id": refund.event_id, "status": row.status}
        if row.status == "applied":
            body["entries"] = events.told([line for line in lines if line.fact_id == fact], world)
        events.keep("refund", refund, body, world, now, fact=fact)
        row.save(force_insert=True)
        for changed in (payment, *waiting) if payment else ():
            changed.save()
        ledger.post(lines)
        notices.tell(lines, now=now)
        return Answer(True, body)


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
