"""What affiliates are told by mail of what payments and refunds made, in the deed's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from portal import access, ledger, mail, months, program, rules
from portal.books import Entry, Line, Payment
from portal.explain import REFUNDS
from portal.mail import Message
from portal.models import Affiliate, ClickDay
from portal.words import initials

A_WHILE = timedelta(days=4)  # longer than a first click is news


def tell(lines: Iterable[Line], *, now: datetime, kind: str = rules.REFUND) -> None:
    """Tell of a first commission, and of what a refund of some kind took back or gave back."""
    taken: dict[tuple[Any, Any, Any], int] = {}
    for line in lines:
        if line.kind == rules.REVERSAL:
            key = line.affiliate_id, line.payment_id, line.fact_id
            taken[key] = taken.get(key, 0) + line.amount
        else:
            _first(line, now)
    for (affiliate, payment, fact), amount in taken.items():
        order: Any = Payment.get_by_id(payment).order
        mail.queue(
            "reversal", to=Affiliate.get_by_id(affiliate), now=now,
            key=f"reversal:{fact}:{affiliate}", amount=amount, order=order.order_id,
            what=REFUNDS[kind], balance=ledger.balance(affiliate),
            who=initials(order.customer.name, order.customer.email),
        )  # fmt: skip


def _first(line: Line, now: datetime) -> None:
    """Tell of a commission when it is the only one there is."""
    who, earned = line.affiliate_id, Entry.kind.in_((rules.COMMISSION, rules.OVERRIDE))
    if len(Entry.select(Entry.id).where(Entry.affiliate == who, earned).limit(2)) == 1:
        about: dict[str, Any] = {"key": f"first_commission:{who}", "amount": line.amount}
        mail.queue("first_commission", to=Affiliate.get_by_id(who), now=now, **about)


def tell_first_clicks(*, now: datetime) -> None:
    """Tell affiliates whose first click ever was made today or yesterday, each once.

    A turn of the timetable looks for them, so that a click waits for no mail.
    """
    zone = program.load().zone
    yesterday = months.day_of(now - timedelta(days=1), zone)
    told = Message.select(Message.holder).where(Message.kind == "first_click")
    known = {holder for (holder,) in told.where(Message.queued_at > now - A_WHILE).tuples()}
    first = ClickDay.select(ClickDay.affiliate_id).group_by(ClickDay.affiliate_id)
    recent = ClickDay.select(ClickDay.affiliate_id).where(ClickDay.day >= yesterday).distinct()
    first = first.where(ClickDay.affiliate_id.in_(recent)).having(fn.MIN(ClickDay.day) >= yesterday)
    for affiliate in Affiliate.select().where(Affiliate.id.in_(first)):
        if access.holder(affiliate) not in known:
            mail.queue("first_click", to=affiliate, now=now, key=f"first_click:{affiliate.id}")
