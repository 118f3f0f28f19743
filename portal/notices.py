"""What affiliates are told by mail of what payments and refunds made, in the deed's transaction.

What happened long ago, as in a file taken over from another system, is no news.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from portal import ledger, mail, months, program, rules
from portal.books import Entry, Line, Payment, Refund
from portal.explain import REFUNDS
from portal.formats import initials, long_date
from portal.models import Affiliate, ClickDay

NEWS = timedelta(days=30)


def tell(lines: Iterable[Line], *, now: datetime) -> None:
    """Tell of a first commission, and of what each refund took back or gave back."""
    for line in lines:
        if now - line.happened_at < NEWS:
            (_reversal if line.kind == rules.REVERSAL else _first)(line, now)


def _reversal(line: Line, now: datetime) -> None:
    """Tell what a refund changed; of an override only the payment's date is told (R23)."""
    payment: Any = Payment.get_by_id(line.payment_id)
    about: dict[str, Any] = {"on": long_date(payment.paid_at, program.load().zone)}
    if line.rule != "R13":
        customer = payment.order.customer
        about |= {"order": payment.order.order_id, "who": initials(customer.name, customer.email)}
    mine = (Entry.affiliate == line.affiliate_id) & (Entry.payment == payment)
    about["left"] = int(Entry.select(fn.SUM(Entry.amount)).where(mine).scalar())
    about["what"] = REFUNDS[Refund.get_by_id(line.fact_id).kind]
    about |= {"amount": line.amount, "balance": ledger.balance(line.affiliate_id)}
    key = f"reversal:{line.fact_id}:{line.affiliate_id}"
    mail.queue("reversal", to=Affiliate.get_by_id(line.affiliate_id), now=now, key=key, **about)


def _first(line: Line, now: datetime) -> None:
    """Tell of a commission when it is the only one there is."""
    who, earned = line.affiliate_id, Entry.kind.in_((rules.COMMISSION, rules.OVERRIDE))
    if len(Entry.select(Entry.id).where(Entry.affiliate == who, earned).limit(2)) == 1:
        about: dict[str, Any] = {"key": f"first_commission:{who}", "amount": line.amount}
        mail.queue("first_commission", to=Affiliate.get_by_id(who), now=now, **about)


def tell_first_clicks(*, now: datetime) -> None:
    """Tell affiliates whose first click ever was made today or yesterday, each once.

    A turn of the timetable looks for them, so that a click waits for no mail. Both questions are
    asked for each affiliate of the table's own key, so that they stay quick with years of days.
    """
    yesterday = months.day_of(now - timedelta(days=1), program.load().zone)
    days = ClickDay.select().where(ClickDay.affiliate_id == Affiliate.id)
    old, new = (
        fn.EXISTS(days.where(when))
        for when in (ClickDay.day < yesterday, ClickDay.day >= yesterday)
    )
    found = {f"first_click:{a.id}": a for a in Affiliate.select().where(new, ~old)}
    told = mail.Message.select(mail.Message.key).where(mail.Message.key.in_(list(found)))
    for key in found.keys() - {key for (key,) in told.tuples()}:
        mail.queue("first_click", to=found[key], now=now, key=key)
