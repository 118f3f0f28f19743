"""Outside to values: what the merchant's JSON and CSV rows say, as frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal import rules


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
