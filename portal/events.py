"""What leads, sales and refunds have in common: ids that answer the same again, and answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal import rules
from portal.books import Customer, Line, Refund
from portal.feeds import Event
from portal.models import Fact, record
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


def known(event: Event, kind: str) -> Fact | None:
    """The fact of an event that was recorded before. Raises Conflict when it differs."""
    fact = Fact.get_or_none(event_id=event.event_id)
    if fact is None:
        return None
    if fact.kind != kind:
        raise Conflict(f"The event id {event.event_id} is a {fact.kind}'s.")
    if fact.content != event.content:
        raise Conflict(f"The event id {event.event_id} was recorded with other content.")
    return fact


def keep(
    kind: str,
    event: Event,
    answer: dict[str, Any],
    world: Now,
    now: datetime,
    *,
    fact: int | None = None,
    customer: Customer | None = None,
    email: str = "",
) -> None:
    """Record an event as a fact, with the answer that a repeat gets again."""
    about = {"id": fact, "event_id": event.event_id, "customer_id": customer and customer.id}
    about |= {"email_key": rules.email_key(email) or None, "clicks_to": world.clicks_to}
    record(kind, event.content, now, answer=answer, **about)


def waiting(sale_event_id: str) -> list[Refund]:
    """The refunds that wait for a sale, in order of arrival (R11)."""
    query = Refund.select().where(Refund.sale_event_id == sale_event_id, Refund.status == "waiting")
    return list(query.order_by(Refund.id))


def told(lines: Iterable[Line], world: Now) -> list[dict[str, Any]]:
    """Entries as an answer tells them."""
    return [
        {"affiliate": world.code(line.affiliate_id), "kind": line.kind, "amount": line.amount}
        for line in lines
    ]
