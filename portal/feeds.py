"""Outside to values: what the merchant's JSON and CSV rows say, as frozen values. Pure.

Every reader takes what was parsed and returns a value or a Problem; the first problem decides.
A field that is null counts as left out. `content` is what was sent, after parsing: times are the
UTC text of the instant that was written, cut to seconds, so two spellings of one instant are equal
content; `currency`, `kind` and `order_id` have their defaults. It reads back as the same value:
`sale(fact.content, fact.recorded_at)` is the sale as it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from portal import fields, rules
from portal.fields import Problem, Shape, Wrong

CURRENCY = "usd"
AHEAD = timedelta(minutes=5)

# --- Values ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """What every event has. `content` is what was sent, with contract.md's defaults filled in."""

    event_id: str
    content: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class LeadIn(Event):
    """A browser tied to a customer. `occurred_at` is None where it was left out."""

    customer_id: str
    email: str = ""
    name: str = ""
    click_id: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class SaleIn(Event):
    """One payment toward an order; `plan` is None where the merchant stated none."""

    customer_id: str
    order_id: str
    amount: int
    email: str = ""
    name: str = ""
    plan: rules.Plan | None = None
    plan_name: str = ""
    click_id: str = ""
    referral_code: str = ""
    ordered_at: datetime | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class RefundIn(Event):
    """Money given back of a sale; `amount` is None for all that is left."""

    sale_event_id: str
    amount: int | None = None
    kind: str = rules.REFUND
    occurred_at: datetime | None = None


# --- Shapes ------------------------------------------------------------------------------------

_LEAD = Shape(
    {
        "event_id": fields.filled,
        "customer_id": fields.filled,
        "email": fields.email,
        "name": fields.text,
        "click_id": fields.hint,
        "occurred_at": fields.instant,
    },
    needed=("event_id", "customer_id"),
)
_PLAN = Shape(
    {
        "interval": fields.one_of(*rules.INTERVALS),
        "price": fields.cents,
        "name": fields.text,
    },
    needed=("interval", "price"),
)
_SALE = Shape(
    {
        "event_id": fields.filled,
        "customer_id": fields.filled,
        "email": fields.email,
        "name": fields.text,
        "order_id": fields.filled,
        "amount": fields.cents,
        "currency": fields.one_of(CURRENCY),
        "plan": _PLAN,
        "click_id": fields.hint,
        "referral_code": fields.hint,
        "ordered_at": fields.instant,
        "occurred_at": fields.instant,
    },
    needed=("event_id", "customer_id", "amount"),
)
_REFUND = Shape(
    {
        "event_id": fields.filled,
        "sale_event_id": fields.filled,
        "amount": fields.cents,
        "kind": fields.one_of(rules.REFUND, rules.CHARGEBACK, rules.CHARGEBACK_REVERSED),
        "occurred_at": fields.instant,
    },
    needed=("event_id", "sale_event_id"),
)
_ADDRESS = Shape(
    {
        "line1": fields.filled,
        "line2": fields.text,
        "city": fields.filled,
        "state": fields.text,
        "postal_code": fields.text,
    },
    needed=("line1", "city"),
)
_APPLICATION = Shape(
    {
        "email": fields.needed_email,
        "name": fields.filled,
        "company": fields.text,
        "payee": fields.text,
        "address": _ADDRESS,
        "country": fields.country,
        "us_person": fields.boolean,
        "tax_id": fields.text,
        "code": fields.code,
        "click_id": fields.hint,
    },
    needed=("email", "name"),
)
_STATUS = Shape({"status": fields.one_of(rules.ACTIVE, rules.SUSPENDED)}, needed=("status",))
_CHANGE = Shape({"tax_id": fields.text, "payee": fields.filled, "address": _ADDRESS})
_AFFILIATE_ROW = Shape(
    {
        **_APPLICATION.fields,
        "address": Shape(dict.fromkeys(_ADDRESS.fields, fields.text)),
        "status": fields.one_of(rules.REVIEW, rules.ACTIVE, rules.SUSPENDED, rules.DECLINED),
        "referrer": fields.filled,
        "applied_at": fields.instant,
    },
    needed=("email", "name"),
)
_CUSTOMER_ROW = Shape(
    {
        "customer_id": fields.filled,
        "email": fields.email,
        "name": fields.text,
        "belongs_to": fields.filled,
        "paid_before": fields.boolean,
    },
    needed=("customer_id",),
)
_CLICK_ROW = Shape(
    {
        "click_id": fields.filled,
        "code": fields.filled,
        "slug": fields.text,
        "sub_id": fields.short(64),
        "clicked_at": fields.instant,
        "referrer": fields.address_of_page,
        "marked": fields.short(16),
        "visitor": fields.text,
    },
    needed=("click_id", "code", "clicked_at"),
)


# --- Doors -------------------------------------------------------------------------------------

Value = TypeVar("Value")


def _door(read: Callable[..., Value]) -> Callable[..., Value | Problem]:
    """A reader whose problems come back as values."""

    def through(*given: Any) -> Value | Problem:
        try:
            return read(*given)
        except Wrong as wrong:
            return wrong.problem

    through.__doc__ = read.__doc__
    return through


def written(at: datetime) -> str:
    """An instant as RFC 3339 text in UTC."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _taken(values: dict[str, Any], name: str, now: datetime | None) -> datetime | None:
    """An instant as it is taken: up to 5 minutes ahead is now, later is refused."""
    at: datetime | None = values.get(name)
    if at is None or now is None:
        return at
    if at > now + AHEAD:
        raise Wrong("This time is in the future.", name, clock=True)
    return min(at, now)


def _content(values: dict[str, Any], **defaults: str) -> dict[str, Any]:
    sent = {**defaults, **values}
    return {n: written(v) if isinstance(v, datetime) else v for n, v in sent.items()}


@_door
def lead(data: Any, now: datetime | None) -> LeadIn:
    """A lead; `now` None reads what was recorded before, whatever the clock says since."""
    values = _LEAD(data)
    taken = {"occurred_at": _taken(values, "occurred_at", now)}
    return LeadIn(content=_content(values), **{**values, **taken})


@_door
def sale(data: Any, now: datetime | None) -> SaleIn:
    """A sale; `now` as for a lead. An order that is later than its payment is a problem."""
    values = _SALE(data)
    content = _content(values, currency=CURRENCY, order_id=values["event_id"])
    taken = {name: _taken(values, name, now) for name in ("ordered_at", "occurred_at")}
    ordered, occurred = taken.values()
    if now and ordered and ordered > (occurred or now):
        raise Wrong("The order is later than its payment.", "ordered_at", clock=True)
    plan = values.pop("plan", None)
    if plan:
        values |= {"plan": rules.Plan(plan["interval"], plan["price"])}
        values |= {"plan_name": plan.get("name", "")}
    values.pop("currency", None)
    return SaleIn(content=content, **{"order_id": values["event_id"], **values, **taken})


@_door
def refund(data: Any, now: datetime | None) -> RefundIn:
    """A refund, chargeback or won chargeback; `now` as for a lead."""
    values = _REFUND(data)
    taken = {"occurred_at": _taken(values, "occurred_at", now)}
    return RefundIn(content=_content(values, kind=rules.REFUND), **{**values, **taken})


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    address = values.pop("address", {})
    return {**values, **address}


@_door
def application(data: Any) -> dict[str, Any]:
    """The fields of affiliates.Application that were sent, the address among them."""
    return _flat(_APPLICATION(data))


@_door
def change(data: Any) -> dict[str, Any]:
    """What a PATCH changes: `status` alone, or any of tax_id, payee and the whole address."""
    if isinstance(data, dict) and "status" in data:
        return _STATUS(data)
    values = _CHANGE(data)
    if not values:
        raise Wrong("Name what to change: status, tax_id, payee or address.", None, "missing")
    if "address" in values:
        values["address"] = {**dict.fromkeys(_ADDRESS.fields, ""), **values["address"]}
    return _flat(values)


@_door
def affiliate_row(data: Any, now: datetime) -> dict[str, Any]:
    """An affiliate of another program: an application with status, referrer and applied_at."""
    values = _AFFILIATE_ROW(data)
    return _flat(values) | {"applied_at": _taken(values, "applied_at", now)}


@_door
def customer_row(data: Any) -> dict[str, Any]:
    """A customer of before the portal; one that belongs to somebody has paid before (R7)."""
    values = _CUSTOMER_ROW(data)
    belongs = "belongs_to" in values
    if belongs and values.get("paid_before") is False:
        raise Wrong("Only a customer who has paid before belongs to somebody.", "paid_before")
    return {"paid_before": belongs, **values}


@_door
def click_row(data: Any, now: datetime) -> dict[str, Any]:
    """A click of another program, with the id that it had there."""
    values = _CLICK_ROW(data)
    fields.text(values["click_id"], "click_id", 128)
    return values | {"clicked_at": _taken(values, "clicked_at", now)}
