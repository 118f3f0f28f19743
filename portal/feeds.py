"""Outside to values: what the merchant's JSON and CSV rows say. Pure; every reader raises Wrong.

A field that is null counts as left out. `content` is what was sent, after parsing: times are the
UTC text of the instant that was written, cut to seconds, so two spellings of one instant are equal
content; `currency`, `kind` and `order_id` have their defaults. It reads back as the same value:
`sale(fact.content, fact.recorded_at)` is the sale as it was recorded.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from portal import fields, rules
from portal.fields import Reader, Shape, Wrong

AHEAD = timedelta(minutes=5)

# --- Values ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event has; `occurred_at` is None where it was left out."""

    event_id: str
    content: dict[str, Any] = field(hash=False)
    occurred_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LeadIn(Event):
    """A browser tied to a customer."""

    customer_id: str
    email: str = ""
    name: str = ""
    click_id: str = ""


@dataclass(frozen=True, kw_only=True)
class SaleIn(LeadIn):
    """One payment toward an order; `plan` is None where the merchant stated none."""

    order_id: str
    amount: int
    plan: rules.Plan | None = None
    plan_name: str = ""
    referral_code: str = ""
    ordered_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RefundIn(Event):
    """Money given back of a sale; `amount` is None for all that is left."""

    sale_event_id: str
    amount: int | None = None
    kind: str = rules.REFUND


# --- Shapes ------------------------------------------------------------------------------------


def _shape(words: str, **readers: Reader) -> Shape:
    """An object of these fields, `!` for those that are needed; text where no reader is named."""
    needed = [word[:-1] for word in words.split() if word.endswith("!")]
    known = _READERS | readers
    names = words.replace("!", "").split()
    return Shape({name: known.get(name, fields.text) for name in names}, needed)


_BY_READER = {
    fields.boolean: "paid_before us_person",
    fields.cents: "amount price",
    fields.country: "country",
    fields.email: "email",
    fields.filled: "order_id",
    fields.hint: "click_id referral_code",
    fields.instant: "applied_at clicked_at occurred_at ordered_at",
    fields.one_of("usd"): "currency",
    fields.one_of(*rules.INTERVALS): "interval",
    fields.one_of(rules.REFUND, rules.CHARGEBACK, rules.CHARGEBACK_REVERSED): "kind",
}
_READERS = {name: reader for reader, names in _BY_READER.items() for name in names.split()}
_LEAD = _shape("event_id! customer_id! email name click_id occurred_at")
_PLAN = _shape("interval! price! name")
_SALE = _shape(
    "event_id! customer_id! email name order_id amount! currency plan click_id referral_code "
    "ordered_at occurred_at",
    plan=_PLAN,
)
_REFUND = _shape("event_id! sale_event_id! amount kind occurred_at")
_ADDRESS = _shape("line1! line2 city! state postal_code")
_PERSON = "email! name! company payee address country us_person tax_id code click_id"
_APPLICATION = _shape(_PERSON, address=_ADDRESS, code=fields.code)
_STATUS = _shape("status!", status=fields.one_of(rules.ACTIVE, rules.SUSPENDED))
_CHANGE = _shape("tax_id payee address", payee=fields.filled, address=_ADDRESS)
ROWS = {
    "affiliates": _shape(
        f"{_PERSON} status referrer applied_at",
        address=_shape("line1 line2 city state postal_code"),
        code=fields.code,
        status=fields.one_of(rules.REVIEW, rules.ACTIVE, rules.SUSPENDED, rules.DECLINED),
    ),
    "customers": _shape("customer_id! email name belongs_to paid_before"),
    "clicks": _shape(
        "click_id! code! slug sub_id clicked_at! referrer marked visitor",
        click_id=fields.at_most(128),
        sub_id=fields.at_most(64),
        referrer=fields.at_most(8192),
        marked=fields.at_most(16),
    ),
    "sales": _SALE,
    "refunds": _REFUND,
}

# --- Events ------------------------------------------------------------------------------------


def written(at: datetime) -> str:
    """An instant as RFC 3339 text in UTC."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _taken(values: dict[str, Any], now: datetime | None) -> dict[str, Any]:
    """Values with their times as they are taken: up to 5 minutes ahead is now, later is refused."""
    times = {name: at for name, at in values.items() if isinstance(at, datetime)}
    for name, at in times.items():
        if now and at > now + AHEAD:
            raise Wrong("This time is in the future.", name, by_clock=True)
    return values | {name: min(at, now or at) for name, at in times.items()}


def _event(shape: Shape, data: Any, now: datetime | None, **defaults: str) -> dict[str, Any]:
    """An event's values and its content; `now` None reads what was recorded, whatever the clock."""
    values = shape(data)
    sent = {n: written(v) if isinstance(v, datetime) else v for n, v in values.items()}
    return _taken(values, now) | {"content": {**defaults, **sent}}


def lead(data: Any, now: datetime | None) -> LeadIn:
    """A lead; `now` None reads what was recorded before, whatever the clock says since."""
    return LeadIn(**_event(_LEAD, data, now))


def sale(data: Any, now: datetime | None) -> SaleIn:
    """A sale; `now` as for a lead. An order that is later than its payment is a problem."""
    values = _event(_SALE, data, now, currency="usd")
    values.setdefault("order_id", values["event_id"])
    values["content"].setdefault("order_id", values["event_id"])
    ordered, occurred = values.get("ordered_at"), values.get("occurred_at")
    if now and ordered and ordered > (occurred or now):
        raise Wrong("The order is later than its payment.", "ordered_at", by_clock=True)
    plan = values.pop("plan", None)
    if plan:
        values["plan"] = rules.Plan(plan["interval"], plan["price"])
        values["plan_name"] = plan.get("name", "")
    values.pop("currency", None)
    return SaleIn(**values)


def refund(data: Any, now: datetime | None) -> RefundIn:
    """A refund, chargeback or won chargeback; `now` as for a lead."""
    return RefundIn(**_event(_REFUND, data, now, kind=rules.REFUND))


# --- People and rows of files ------------------------------------------------------------------


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    address = values.pop("address", {})
    return {**values, **address}


def application(data: Any) -> dict[str, Any]:
    """What an applicant said, as affiliates.apply takes it: the address among the rest."""
    return _flat(_APPLICATION(data))


def change(data: Any) -> dict[str, Any]:
    """What a PATCH changes: `status` alone, or any of tax_id, payee and the whole address."""
    if isinstance(data, dict) and "status" in data:
        return _STATUS(data)
    values = _CHANGE(data)
    if not values:
        raise Wrong("Name what to change: status, tax_id, payee or address.", code="missing")
    if "address" in values:
        values["address"] = {**dict.fromkeys(_ADDRESS.fields, ""), **values["address"]}
    return _flat(values)


def affiliate_row(data: Any, now: datetime) -> dict[str, Any]:
    """An affiliate of another program: an application with status, referrer and applied_at."""
    return {"applied_at": None} | _flat(_taken(ROWS["affiliates"](data), now))


def customer_row(data: Any) -> dict[str, Any]:
    """A customer of before the portal; one that belongs to somebody has paid before (R7)."""
    values = ROWS["customers"](data)
    if "belongs_to" in values and values.get("paid_before") is False:
        raise Wrong("Only a customer who has paid before belongs to somebody.", "paid_before")
    return {"paid_before": "belongs_to" in values, **values}


def click_row(data: Any, now: datetime) -> dict[str, Any]:
    """A click of another program, with the id that it had there."""
    return _taken(ROWS["clicks"](data), now)
