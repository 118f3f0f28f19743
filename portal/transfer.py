"""CSV files taken in and written out: `portal import` and `portal export`.

A file is rehearsed whole, and undone; only one without a problem is applied, in short transactions.
What is known already makes no difference, so a file that was stopped half-way is finished by giving
it again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from peewee import JOIN, chunked, fn

from portal import accounts, affiliates, backup, database, feeds, lists, rules, sheets, traffic
from portal.books import Customer, Refund
from portal.database import transaction
from portal.models import Affiliate, Audit, Click, Fact
from portal.orders import Answer, Conflict, import_customer, record_refund, record_sale
from portal.sheets import Line, Row

IMPORTS = tuple(feeds.ROWS)
EXPORTS = (*IMPORTS, "orders", "ledger", "payouts")
BATCH = 50
_KEYS = {"affiliates": "email", "customers": "customer_id", "clicks": "click_id"}  # else event_id

# --- Import ------------------------------------------------------------------------------------


@contextmanager
def _line(number: int, more: str = "") -> Iterator[None]:
    """What is wrong in here is refused with its line and column, and `more` words."""
    try:
        yield
    except (rules.Refused, Conflict) as problem:
        column = (getattr(problem, "field", "event_id") or "1").replace(".", "_")
        raise rules.Refused(f"Line {number}, column {column}: {problem}{more}") from problem


@contextmanager
def _rehearsal() -> Iterator[None]:
    """Deeds in here are done in a copy that is thrown away, so that no writer waits."""
    bound = database.db.obj
    with TemporaryDirectory() as folder:
        backup.make(Path(folder) / "copy.db")
        database.connect(f"sqlite:///{folder}/copy.db").connect()
        try:
            with transaction():
                yield
        finally:
            database.db.close_all()
            database.db.initialize(bound)


def check(kind: str, file: Path, *, now: datetime) -> tuple[list[Line], list[str]]:
    """The rows of a file, in the order to apply them, and a sentence for every problem.

    The rows are applied, each on those before it, and all of it is undone.
    """
    lines, problems = sheets.read(kind, file)
    if kind == "affiliates":
        lines = _referrers_first(lines)
    seen: dict[str, int] = {}
    wrong = []
    with _rehearsal():
        for number, data in lines:
            try:
                with _line(number):
                    _once(kind, number, data, seen)
                    _take(kind, data, now)
            except rules.Refused as problem:
                wrong.append((number, str(problem)))
    return lines, problems + [said for _, said in sorted(wrong)]


def _once(kind: str, number: int, data: Row, seen: dict[str, int]) -> None:
    """Refuse a row about the same as an earlier one."""
    column = _KEYS.get(kind, "event_id")
    key = data.get(column, "")
    first = seen.setdefault(rules.email_key(key) if column == "email" else key, number)
    if key and first != number:
        raise rules.Refused(f"Line {first} is the same one.", column)


def _referrers_first(lines: list[Line]) -> list[Line]:
    """Referrers before those whom they referred; who refers in a circle comes last."""
    ordered: list[Line] = []
    while lines:
        codes = {line.data.get("code") for line in lines}
        waits = [line.data.get("referrer", "").lower() in codes for line in lines]
        if all(waits):
            return ordered + lines
        ordered += [line for line, late in zip(lines, waits, strict=True) if not late]
        lines = [line for line, late in zip(lines, waits, strict=True) if late]
    return ordered


def apply(
    kind: str, lines: list[Line], *, by: str, clock: Callable[[], datetime],
    progress: Callable[[int], None],
) -> int:  # fmt: skip
    """Take in rows that were checked; returns how many were new, which the log keeps too.

    Raises Refused, naming the line, where what is recorded has changed since the check.
    """
    all_new = done = 0
    for some in chunked(lines, BATCH):
        new = 0
        with transaction():
            for number, data in some:
                with _line(number, " What came before it is taken in."):
                    new += _take(kind, data, clock())
            if new:
                Audit.note(by, "import", kind, clock(), rows=len(some), new=new)
        all_new, done = all_new + new, done + len(some)
        progress(done)
    return all_new


def _take(kind: str, data: Row, now: datetime) -> bool:
    """Take in a row; whether it was new. Raises Refused and Conflict."""
    with transaction():
        return _DEEDS[kind](data, now)


def _affiliate(data: Row, now: datetime) -> bool:
    said = feeds.affiliate_row(data, now)
    if Affiliate.get_or_none(email_key=rules.email_key(said["email"])):
        return False
    referrer = _named(said.pop("referrer", ""), "referrer")
    affiliates.join(said.pop("status", rules.ACTIVE), referrer=referrer, now=now, **said)
    return True


def _named(code: str, field: str) -> Affiliate | None:
    found = affiliates.by_code(code)
    if code and not found:
        raise rules.Refused("There is no such affiliate.", field)
    return found


def _customer(data: Row, now: datetime) -> bool:
    said = feeds.customer_row(data)
    owner = _named(said.pop("belongs_to", ""), "belongs_to")
    return import_customer(belongs_to=owner, now=now, **{"email": "", **said})


def _click(data: Row, now: datetime) -> bool:
    said = feeds.click_row(data, now)
    return not Click.find(said["click_id"]) and traffic.store_import([said]) == 1


def _event(
    read: Callable[..., Any], record: Callable[..., Answer], data: Row, now: datetime
) -> bool:
    return not _known(read(data, None)) and record(read(data, now), now=now).created


_DEEDS: dict[str, Callable[[Row, datetime], bool]] = {
    "affiliates": _affiliate,
    "customers": _customer,
    "clicks": _click,
    "sales": partial(_event, feeds.sale, record_sale),
    "refunds": partial(_event, feeds.refund, record_refund),
}


def _known(event: feeds.Event) -> bool:
    """Whether an event was recorded as a row says, or as an export says it: with its time."""
    fact = Fact.get_or_none(event_id=event.event_id)
    if fact is None:
        return False
    told = _exported(fact, Refund.get_or_none(id=fact.id))
    filled = {name: value for name, value in told.items() if value not in ("", None)}
    return event.content in (fact.content, filled)


# --- Export ------------------------------------------------------------------------------------


def export(kind: str, file: Path, *, now: datetime) -> int:
    """Write all there is of a kind to a file; returns the number of rows."""
    return sheets.write(kind, file, _ROWS[kind](now))


def _exported(fact: Fact, refund: Refund | None = None) -> Row:
    """A sale or refund as a file tells it: at the time, and of the amount, that it came to have."""
    recorded = feeds.written(fact.recorded_at)
    told = {"occurred_at": recorded, **fact.content}
    for name in told.keys() & {"ordered_at", "occurred_at"}:
        told[name] = min(told[name], recorded)
    if refund and refund.status == "applied":
        told.setdefault("amount", abs(refund.amount))
    return told


def _all_affiliates(now: datetime) -> Iterator[Row]:
    for row in Affiliate.select().order_by(Affiliate.id):
        said = _of(row, "company payee country us_person")
        said["address"] = _of(row, "line1 line2 city state postal_code")
        yield accounts.standing(row, now=now) | said | {"applied_at": feeds.written(row.applied_at)}


def _of(row: Any, names: str) -> Row:
    return {name: getattr(row, name) for name in names.split()}


def _all_customers(now: datetime) -> Iterator[Row]:
    query = Customer.select(Customer, Affiliate).join(Affiliate, JOIN.LEFT_OUTER)
    for row in query.order_by(Customer.id):
        owner = row.belongs_to.code if row.belongs_to else None
        about = {"belongs_to": owner, "paid_before": row.first_paid is not None}
        yield _of(row, "customer_id email name") | about


def _all_events(kind: str) -> Iterator[Row]:
    """Sales or refunds with the time and the amount that they had; refused ones moved nothing."""
    query = Fact.select(Fact, Refund).where(
        Fact.kind == kind, fn.COALESCE(Refund.status, "") != "refused"
    )
    query = query.join(Refund, JOIN.LEFT_OUTER, on=(Refund.id == Fact.id), attr="refund")
    for fact in query.order_by(Fact.id).iterator():
        yield _exported(fact, getattr(fact, "refund", None))


_ROWS: dict[str, Callable[[datetime], Iterator[Row]]] = {
    "affiliates": _all_affiliates,
    "customers": _all_customers,
    "clicks": lambda now: lists.CLICKS.all(),
    "sales": lambda now: _all_events("sale"),
    "refunds": lambda now: _all_events("refund"),
    "orders": lambda now: lists.ORDERS.all(),
    "ledger": lambda now: lists.ENTRIES.all(),
    "payouts": lambda now: lists.PAYOUTS.all(),
}
