"""`portal verify`: everything recomputed from the recorded facts alone, and compared (R24).

It reads in portions, so its memory does not grow with the books. Each difference is a sentence
that names what differs. A payout run looks at the last answer (R19).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import Any

from peewee import JOIN, chunked, fn

from portal import program, rules, runcheck
from portal.books import Customer, Entry, Order, Payment, Refund, Verification
from portal.database import snapshot, transaction
from portal.models import Click, ClickDay, Fact
from portal.past import Archive, Replay, Unreadable

PORTION, CUSTOMERS = 2_000, 200
MOST = 1_000  # differences that are told; more say no more


def run(*, now: datetime) -> Verification:
    """Recompute everything as it stood when this began, and keep what was found."""
    parts = [_facts, _clicks, _customers, _stray_entries]
    parts += [runcheck.people, runcheck.runs, runcheck.corrections]
    with snapshot():
        differences = list(islice(chain.from_iterable(part() for part in parts), MOST))
        entries = Entry.select().count()
    with transaction():
        return Verification.create(at=now, entries=entries, differences=differences)


def _portions(query: Any, key: Any, size: int = PORTION) -> Iterator[list[Any]]:
    """A query's rows by a growing key, a portion at a time."""
    query = query.order_by(key).limit(size)
    rows = list(query)
    while rows:
        yield rows
        rows = list(query.where(key > getattr(rows[-1], key.name)))


def _differs(what: str, stored: Any, right: Any) -> Iterator[str]:
    if stored != right:
        yield f"{what} is stored as {_plain(stored)}; the facts say {_plain(right)}."


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def _rows(what: str, columns: str, stored: dict[Any, Any], right: dict[Any, Any]) -> Iterator[str]:
    """What differs between stored rows and recomputed ones of the same keys, column by column."""
    for key in sorted(stored.keys() | right.keys()):
        row, said = stored.get(key), right.get(key)
        name = f"{what} {row.id} ({key})" if row and what == "Entry" else f"{what} {key}"
        if row is None or said is None:
            yield f"{name} {'is missing' if row is None else 'follows from no fact'}."
            continue
        for column in columns.split():
            yield from _differs(f"{name}: {column}", getattr(row, column), getattr(said, column))


def _facts() -> Iterator[str]:
    for facts in _portions(Fact.select(), Fact.id):
        for fact in facts:
            if fact.seal != fact.sealed():
                name = f" ({fact.event_id})" if fact.event_id else ""
                yield f"Fact {fact.id}, a {fact.kind}{name}, was changed after it was recorded."
        yield from _refund_rows([fact for fact in facts if fact.kind == "refund"])


def _refund_rows(facts: list[Fact]) -> Iterator[str]:
    rows = Refund.by_id(fact.id for fact in facts)
    for fact in facts:
        if fact.id not in rows:
            yield f"Refund {fact.event_id} is missing."
            continue
        row, said = rows[fact.id], fact.content
        kept = (row.sale_event_id, row.kind, row.asked)
        right = (said.get("sale_event_id"), said.get("kind"), said.get("amount"))
        yield from _differs(f"Refund {fact.event_id}", kept, right)


def _clicks() -> Iterator[str]:
    key = program.secret("click_key")
    for clicks in _portions(Click.select(), Click.id):
        for click in clicks:
            if click.tag != click.sealed(key):
                at = f"{click.clicked_at:%Y-%m-%d %H:%M:%S} UTC"
                yield f"Click {click.id} ({at}, mark {click.mark}) was changed after it was stored."
    days = ClickDay.select(ClickDay.affiliate_id, fn.SUM(ClickDay.clicks))
    stored = dict(days.group_by(ClickDay.affiliate_id).tuples())
    counted = Click.select(Click.affiliate_id, fn.COUNT(Click.id)).where(Click.mark.is_null())
    right = dict(counted.group_by(Click.affiliate_id).tuples())
    for affiliate in sorted(right.keys() | stored.keys()):
        what = f"The count of clicks of affiliate {affiliate}"
        yield from _differs(what, int(stored.get(affiliate, 0)), right.get(affiliate, 0))


def _customers() -> Iterator[str]:
    archive = Archive()
    for customers in _portions(Customer.select(), Customer.id, CUSTOMERS):
        facts = _facts_of(customers)
        for customer in customers:
            replay = Replay(archive, customer.id)
            try:
                replay.play(facts.get(customer.id, []))
            except (Unreadable, rules.Refused) as problem:
                yield f"Customer {customer.customer_id} cannot be recomputed: {problem}"
            else:
                yield from _customer(customer, replay)


def _facts_of(customers: Iterable[Customer]) -> dict[int, list[Fact]]:
    """The facts of each customer in their order, refunds among them."""
    ids = [customer.id for customer in customers]
    told: dict[int, list[Fact]] = {}
    owner: dict[str, int] = {}
    kinds = Fact.kind.in_(("lead", "sale", "customer"))
    for fact in Fact.select().where(Fact.customer_id.in_(ids) & kinds):
        told.setdefault(fact.customer_id, []).append(fact)
        if fact.kind == "sale":
            owner[fact.event_id] = fact.customer_id
    for sales in chunked(owner, CUSTOMERS * 2):
        refunds = Fact.select(Fact, Refund.sale_event_id).join(Refund, on=(Refund.id == Fact.id))
        for fact in refunds.where(Refund.sale_event_id.in_(sales)):
            told[owner[fact.refund.sale_event_id]].append(fact)
    for facts in told.values():
        facts.sort(key=lambda fact: fact.id)
    return told


_CUSTOMER = "email_key first_paid belongs_to_id"
_ORDER = "credited_to_id rule reason click_id ordered_at terms_id interval price plan_count"
_PAYMENT = "id amount paid_at plan_count interval price commission_to_id override_to_id "
_PAYMENT += "refunded disputed"
_REFUND = "status amount happened_at"
_ENTRY = "affiliate_id kind amount rule source fact_id payment_id happened_at paid_at "
_ENTRY += "paid_before paid_after recorded_at"


def _customer(row: Customer, replay: Replay) -> Iterator[str]:
    """All that follows from one customer's facts, stored beside recomputed."""
    name, mine = row.customer_id, Order.customer == row
    yield from _rows("Customer", _CUSTOMER, {name: row}, {name: replay.customer})
    yield from _differs(f"Customer {name}: browsers", row.visitors, replay.customer.visitors)
    orders = {o.order_id: o for o in Order.select().where(mine)}
    yield from _rows("Order", _ORDER, orders, replay.orders)
    payments = {p.event_id: p for p in Payment.select().join(Order).where(mine)}
    yield from _rows("Payment", _PAYMENT, payments, replay.payments)
    played = {r.id: r for refunds in replay.refunds.values() for r in refunds}
    yield from _rows("Refund", _REFUND, Refund.by_id(played), played)
    entries = {e.source: e for e in Entry.select().join(Payment).join(Order).where(mine)}
    yield from _rows("Entry", _ENTRY, entries, {line.source: line for line in replay.lines})


def _stray_entries() -> Iterator[str]:
    """Earnings without a payment, and facts of sales without their customer's books."""
    earnings = Entry.kind.in_(rules.EARNINGS) & Entry.payment.is_null()
    for row in Entry.select().where(earnings):
        yield f"Entry {row.id} ({row.source}) has no payment."
    sales = Fact.select(Fact.event_id).join(Payment, JOIN.LEFT_OUTER, on=(Payment.id == Fact.id))
    for fact in sales.where((Fact.kind == "sale") & Payment.id.is_null()):
        yield f"The payment {fact.event_id} is missing."
