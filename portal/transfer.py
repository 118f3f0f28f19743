"""CSV files taken in and written out: `portal import` and `portal export`.

A file is checked whole against the rules and what is recorded; only a file without a problem is
applied, in short transactions. What is known already makes no difference, so a file that was
stopped half-way is finished by giving it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from peewee import JOIN, chunked

from portal import accounts, affiliates, feeds, lists, orders, refunds, rules, sheets, traffic
from portal.affiliates import Application
from portal.books import Customer, Refund
from portal.database import transaction
from portal.events import Conflict
from portal.feeds import written
from portal.fields import Problem
from portal.filecheck import CHECKS, exported, known_event
from portal.models import Affiliate, Click, Fact
from portal.sheets import Line

IMPORTS = tuple(sheets.TAKEN)
EXPORTS = (*IMPORTS, "orders", "ledger", "payouts")
BATCH = 50

Clock = Callable[[], datetime]


# --- Import ------------------------------------------------------------------------------------


def check(kind: str, file: Path, *, now: datetime) -> tuple[list[Line], list[str]]:
    """The rows of a file, in the order to apply them, and a sentence for every problem."""
    lines: list[Line] = []
    problems: list[str] = []
    for row in sheets.read(kind, file):
        if isinstance(row, Line):
            lines.append(row)
        else:
            problems.append(row)
    checked = CHECKS[kind](now)
    for number, data in lines:
        problem = checked.problem(number, data)
        if problem:
            problems.append(sheets.sentence(number, problem))
    lines, late = checked.in_order(lines)
    return lines, problems + [sheets.sentence(number, problem) for number, problem in late]


def apply(kind: str, lines: list[Line], *, clock: Clock, progress: Callable[[int], None]) -> int:
    """Take in rows that were checked; returns how many were new.

    Raises Refused, naming the line, where what is recorded has changed since the check.
    """
    if kind == "clicks":
        return _clicks(lines, clock, progress)
    new = done = 0
    for some in chunked(lines, BATCH):
        with transaction():
            for number, data in some:
                new += _one(kind, number, data, clock())
        done += len(some)
        progress(done)
    return new


def _one(kind: str, number: int, data: dict[str, Any], now: datetime) -> bool:
    try:
        return _APPLY[kind](data, now)
    except (rules.Refused, Conflict) as problem:
        told = Problem("invalid", str(problem), getattr(problem, "field", None))
        said = f"{sheets.sentence(number, told)} What came before it is taken in."
        raise rules.Refused(said) from problem


def _right(value: Any) -> Any:
    if isinstance(value, Problem):
        raise rules.Refused(value.message, value.field)
    return value


def _affiliate(data: dict[str, Any], now: datetime) -> bool:
    said = _right(feeds.affiliate_row(data, now))
    if Affiliate.get_or_none(email_key=rules.email_key(said["email"])):
        return False
    status, applied_at = said.pop("status", rules.ACTIVE), said.pop("applied_at")
    referrer = affiliates.by_code(said.pop("referrer", ""))
    about = {"applied_at": applied_at, "referrer": referrer}
    affiliates.join(Application(**said), status, now=now, **about)
    return True


def _customer(data: dict[str, Any], now: datetime) -> bool:
    said = _right(feeds.customer_row(data))
    owner = affiliates.by_code(said.pop("belongs_to", ""))
    said.setdefault("email", "")
    return orders.import_customer(belongs_to=owner, now=now, **said)


def _sale(data: dict[str, Any], now: datetime) -> bool:
    if known_event("sale", data):
        return False
    return orders.record_sale(_right(feeds.sale(data, now)), now=now).created


def _refund(data: dict[str, Any], now: datetime) -> bool:
    if known_event("refund", data):
        return False
    return refunds.record_refund(_right(feeds.refund(data, now)), now=now).created


_APPLY: dict[str, Callable[[dict[str, Any], datetime], bool]] = {
    "affiliates": _affiliate,
    "customers": _customer,
    "sales": _sale,
    "refunds": _refund,
}


def _clicks(lines: list[Line], clock: Clock, progress: Callable[[int], None]) -> int:
    new = done = 0
    for some in chunked(lines, BATCH * 10):
        now = clock()
        rows = [_right(feeds.click_row(data, now)) for _, data in some]
        new += traffic.store_import([row for row in rows if not Click.find(row["click_id"])])
        done += len(some)
        progress(done)
    return new


# --- Export ------------------------------------------------------------------------------------


def export(kind: str, file: Path, *, now: datetime) -> int:
    """Write all there is of a kind to a file; returns the number of rows."""
    return sheets.write(kind, file, map(sheets.flat, _ROWS[kind](now)))


def _all_affiliates(now: datetime) -> Iterator[dict[str, Any]]:
    for row in Affiliate.select().order_by(Affiliate.id):
        told = accounts.standing(row, now=now)
        said = {name: getattr(row, name) for name in ("company", "payee", "country", "us_person")}
        names = ("line1", "line2", "city", "state", "postal_code")
        address = {name: getattr(row, name) for name in names}
        applied_at = {"applied_at": written(row.applied_at)}
        yield told | said | applied_at | {"address": address}


def _all_customers(now: datetime) -> Iterator[dict[str, Any]]:
    query = Customer.select(Customer, Affiliate).join(Affiliate, JOIN.LEFT_OUTER)
    for row in query.order_by(Customer.id):
        yield {
            "customer_id": row.customer_id,
            "email": row.email,
            "name": row.name,
            "belongs_to": row.belongs_to.code if row.belongs_to else None,
            "paid_before": row.first_paid is not None,
        }


def _all_sales(now: datetime) -> Iterator[dict[str, Any]]:
    for fact in Fact.select().where(Fact.kind == "sale").order_by(Fact.id).iterator():
        yield exported(fact)


def _all_refunds(now: datetime) -> Iterator[dict[str, Any]]:
    """Refunds with the time and the amount that they had; refused ones moved nothing."""
    query = Fact.select(Fact, Refund).join(Refund, on=(Refund.id == Fact.id), attr="row")
    for fact in query.where(Refund.status != "refused").order_by(Fact.id).iterator():
        yield exported(fact, fact.row)


_ROWS: dict[str, Callable[[datetime], Iterator[dict[str, Any]]]] = {
    "affiliates": _all_affiliates,
    "customers": _all_customers,
    "clicks": lambda now: lists.CLICKS.all(),
    "sales": _all_sales,
    "refunds": _all_refunds,
    "orders": lambda now: lists.ORDERS.all(),
    "ledger": lambda now: lists.ENTRIES.all(),
    "payouts": lambda now: lists.PAYOUTS.all(),
}
