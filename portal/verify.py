"""`portal verify`: everything recomputed from the recorded facts alone, and compared (R24).

It reads in portions, so its memory does not grow with the books. Each difference is a sentence
that names what differs. A payout run looks at the last answer (R19).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from peewee import JOIN, chunked, fn

from portal import program, rules, runcheck
from portal.books import Customer, Entry, Order, Payment, Refund, Verification
from portal.database import snapshot, transaction
from portal.intake import CustomerState, Line, PaymentState
from portal.models import Click, ClickDay, Fact
from portal.past import Archive
from portal.replay import Replay, Unreadable

PORTION = 200
MOST = 1_000  # differences that are told; more say no more


def run(*, now: datetime) -> Verification:
    """Recompute everything as it stood when this began, and keep what was found."""
    with snapshot():
        differences: list[str] = []
        for difference in _all():
            differences.append(difference)
            if len(differences) == MOST:
                break
        entries = Entry.select().count()
    with transaction():
        return Verification.create(at=now, entries=entries, differences=differences)


def _all() -> Iterator[str]:
    yield from _facts()
    yield from _clicks()
    yield from _customers()
    yield from _stray_entries()
    yield from runcheck.people()
    yield from runcheck.runs()
    yield from runcheck.corrections()


def _portions(query: Any, key: Any) -> Iterator[list[Any]]:
    """A query's rows by a growing key, a portion at a time."""
    last = None
    while True:
        some = query if last is None else query.where(key > last)
        rows = list(some.order_by(key).limit(PORTION * 10))
        if not rows:
            return
        yield rows
        last = getattr(rows[-1], key.name)


def _differs(what: str, stored: Any, right: Any) -> Iterator[str]:
    if stored != right:
        yield f"{what} is stored as {_plain(stored)}; the facts say {_plain(right)}."


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def _each(what: str, names: str, stored: tuple | None, right: tuple | None) -> Iterator[str]:
    """What differs of two rows, each part by its name; a row may be missing on one side."""
    if stored is None or right is None:
        if stored != right:
            yield f"{what} {'is missing' if stored is None else 'follows from no fact'}."
        return
    for name, kept, said in zip(names.split(), stored, right, strict=True):
        yield from _differs(f"{what}: {name}", kept, said)


# --- Facts -------------------------------------------------------------------------------------


def _facts() -> Iterator[str]:
    for facts in _portions(Fact.select(), Fact.id):
        for fact in facts:
            if fact.seal != fact.sealed():
                name = f" ({fact.event_id})" if fact.event_id else ""
                yield f"Fact {fact.id}, a {fact.kind}{name}, was changed after it was recorded."
        yield from _refund_rows([fact for fact in facts if fact.kind == "refund"])


def _refund_rows(facts: list[Fact]) -> Iterator[str]:
    rows = {row.id: row for row in Refund.select().where(Refund.id.in_([f.id for f in facts]))}
    for fact in facts:
        row = rows.get(fact.id)
        if row is None:
            yield f"Refund {fact.event_id} is missing."
            continue
        said = (fact.content["sale_event_id"], fact.content["kind"], fact.content.get("amount"))
        kept = (row.sale_event_id, row.kind, row.asked)
        yield from _differs(f"Refund {fact.event_id}", kept, said)


def _clicks() -> Iterator[str]:
    key = program.secret("click_key")
    for clicks in _portions(Click.select(), Click.id):
        for click in clicks:
            if click.tag != click.sealed(key):
                at = f"{click.clicked_at:%Y-%m-%d %H:%M:%S} UTC"
                yield f"Click {click.id} ({at}, mark {click.mark}) was changed after it was stored."
    stored = fn.SUM(ClickDay.clicks)
    days = ClickDay.select(ClickDay.affiliate_id, stored).group_by(ClickDay.affiliate_id)
    counted = Click.select(Click.affiliate_id, fn.COUNT(Click.id)).where(Click.mark.is_null())
    right = dict(counted.group_by(Click.affiliate_id).tuples())
    kept = {affiliate: int(clicks) for affiliate, clicks in days.tuples()}
    for affiliate in sorted(right.keys() | kept.keys()):
        what = f"The count of clicks of affiliate {affiliate}"
        yield from _differs(what, kept.get(affiliate, 0), right.get(affiliate, 0))


# --- Customers, orders, payments and their entries ---------------------------------------------


def _customers() -> Iterator[str]:
    archive = Archive()
    for customers in _portions(Customer.select(), Customer.id):
        for some in chunked(customers, PORTION):
            facts = _facts_of(some)
            for customer in some:
                replay = Replay(archive, CustomerState(customer.id, ""))
                try:
                    replay.play(facts.get(customer.id, []))
                except (Unreadable, rules.Refused) as problem:
                    yield f"Customer {customer.customer_id} cannot be recomputed: {problem}"
                    continue
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
    for sales in chunked(owner, PORTION * 2):
        refunds = Fact.select(Fact, Refund.sale_event_id).join(Refund, on=(Refund.id == Fact.id))
        for fact in refunds.where(Refund.sale_event_id.in_(sales)):
            told[owner[fact.refund.sale_event_id]].append(fact)
    for facts in told.values():
        facts.sort(key=lambda fact: fact.id)
    return told


def _customer(row: Customer, replay: Replay) -> Iterator[str]:
    right, name = replay.customer, f"Customer {row.customer_id}"
    yield from _differs(f"{name}: e-mail", row.email_key, right.email_key)
    yield from _differs(f"{name}: first payment", row.first_paid, right.first_paid)
    yield from _differs(f"{name}: belongs to", row.belongs_to_id, right.belongs_to)
    stored = {order.order_id: order for order in Order.select().where(Order.customer == row)}
    yield from _differs(f"{name}: orders", sorted(stored), sorted(replay.orders))
    for order_id, order in stored.items():
        if order_id in replay.orders:
            yield from _order(order, replay)
    yield from _payments(row, replay)
    yield from _refunds(replay)
    yield from _entries(row, replay)


def _order(row: Order, replay: Replay) -> Iterator[str]:
    right, name = replay.orders[row.order_id], f"Order {row.order_id}"
    credit = right.credit
    yield from _differs(f"{name}: credited to affiliate", row.credited_to_id, credit.affiliate)
    yield from _differs(f"{name}: rule", row.rule, credit.rule)
    yield from _differs(f"{name}: reason", row.reason, credit.reason)
    yield from _differs(f"{name}: click", row.click_id, credit.click)
    yield from _differs(f"{name}: ordered at", row.ordered_at, right.ordered_at)
    yield from _differs(f"{name}: terms", row.terms_id, right.terms_id)
    plan = (row.interval, row.price, row.plan_count)
    yield from _differs(f"{name}: plan", plan, (*right.plan, right.count))


def _payments(customer: Customer, replay: Replay) -> Iterator[str]:
    rows = Payment.select().join(Order).where(Order.customer == customer)
    stored = {row.event_id: _as_kept(row) for row in rows}
    right = {event_id: _as_played(payment) for event_id, payment in replay.payments.items()}
    for event_id in sorted(stored.keys() | right.keys()):
        about = (stored.get(event_id), right.get(event_id))
        yield from _each(f"Payment {event_id}", _PAYMENT, *about)


_PAYMENT = "id amount paid_at plan_count interval price commission_to override_to refunded disputed"


def _as_kept(row: Payment) -> tuple:
    earners = (row.commission_to_id, row.override_to_id)
    given_back = (row.refunded, row.disputed)
    plan = (row.plan_count, row.interval, row.price)
    return (row.id, row.amount, row.paid_at, *plan, *earners, *given_back)


def _as_played(payment: PaymentState) -> tuple:
    given_back = (payment.refunded, payment.disputed)
    plan = (payment.count, *payment.plan)
    return (payment.fact, payment.amount, payment.paid_at, *plan, *payment.earners, *given_back)


def _refunds(replay: Replay) -> Iterator[str]:
    for row in Refund.select().where(Refund.id.in_(list(replay.refunds))):
        right = replay.refunds[row.id]
        kept = (row.status, row.amount, row.happened_at)
        said = (right.status, right.amount, right.happened_at)
        what = f"Refund {row.id} of sale {row.sale_event_id}"
        yield from _each(what, "status amount happened_at", kept, said)


def _entries(customer: Customer, replay: Replay) -> Iterator[str]:
    rows = Entry.select().join(Payment).join(Order).where(Order.customer == customer)
    stored = {row.source: row for row in rows}
    right = {line.source: (line, at) for line, at in replay.lines}
    for source in sorted(stored.keys() | right.keys()):
        row, made = stored.get(source), right.get(source)
        name = f"Entry {row.id} ({source})" if row else f"The entry {source}"
        kept = row and (*_money(row), row.recorded_at)
        yield from _each(name, _ENTRY, kept, made and (*_line(made[0]), made[1]))


_ENTRY = (
    "affiliate kind amount rule fact payment happened_at paid_at paid_before paid_after recorded_at"
)


def _money(row: Entry) -> tuple:
    where = (row.fact_id, row.payment_id, row.happened_at, row.paid_at)
    about = (row.affiliate_id, row.kind, row.amount, row.rule)
    return (*about, *where, row.paid_before, row.paid_after)


def _line(line: Line) -> tuple:
    where = (line.fact, line.payment, line.happened_at, line.paid_at)
    about = (line.affiliate, line.kind, line.amount, line.rule)
    return (*about, *where, line.paid_before, line.paid_after)


def _stray_entries() -> Iterator[str]:
    """Earnings without a payment, and facts of sales without their customer's books."""
    earnings = Entry.kind.in_(rules.EARNINGS) & Entry.payment.is_null()
    for row in Entry.select().where(earnings):
        yield f"Entry {row.id} ({row.source}) has no payment."
    sales = Fact.select(Fact.event_id).join(Payment, JOIN.LEFT_OUTER, on=(Payment.id == Fact.id))
    for fact in sales.where((Fact.kind == "sale") & Payment.id.is_null()):
        yield f"The payment {fact.event_id} is missing."
