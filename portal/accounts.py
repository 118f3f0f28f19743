"""What an affiliate's account amounts to, and an admin's correction of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import fn

from portal import ledger, months, program, rules, taxes
from portal.books import Entry, Order
from portal.database import transaction
from portal.models import Affiliate, Audit, ClickDay, TaxIdOnFile, record


def adjust(affiliate: Affiliate, amount: int, reason: str, *, by: str, now: datetime) -> None:
    """Correct a balance by an entry of its own, with a reason (R17). Raises Refused."""
    if not amount:
        raise rules.Refused("An adjustment of nothing says nothing.", "amount")
    if not reason.strip():
        raise rules.Refused("An adjustment needs a reason.", "reason")
    with transaction():
        content = {"amount": amount, "reason": reason.strip()}
        fact = record("adjustment", content, now, affiliate_id=affiliate.id)
        ledger.post_adjustment(affiliate.id, amount, fact.id, now=now)
        Audit.note(by, "adjust", affiliate.code, now, **content)


def has_tax_id(affiliate: Affiliate) -> bool:
    """Whether a tax ID is on file (R20)."""
    return TaxIdOnFile.get_or_none(affiliate=affiliate) is not None


def is_us_person(affiliate: Affiliate) -> bool:
    """Whether the tax hold concerns this affiliate (R20)."""
    return taxes.is_us_person(affiliate.us_person, affiliate.country)


def hold(affiliate: Affiliate, *, now: datetime) -> str | None:
    """Why a run of the current month would hold this affiliate's money, if it would (R16, R20)."""
    if affiliate.status == rules.SUSPENDED:
        return rules.HELD_SUSPENDED
    zone, terms = program.load().zone, program.terms_version().terms()
    month_end = months.month_of(now, zone).end(zone)
    span = {"above": terms.tax_threshold, "last": ledger.last_entry(), "only": affiliate.id}
    highest = ledger.highest_year(month_end, zone, **span).get(affiliate.id, 0)
    held = taxes.tax_hold(is_us_person(affiliate), has_tax_id(affiliate), highest, terms)
    return rules.HELD_TAX_ID if held else None


def sums(affiliate: Affiliate) -> dict[str, int]:
    """The ledger of an affiliate by kind of entry, in cents."""
    query = Entry.select(Entry.kind, fn.SUM(Entry.amount)).where(Entry.affiliate == affiliate)
    return {kind: int(cents) for kind, cents in query.group_by(Entry.kind).tuples()}


def clicks(affiliate: Affiliate) -> int:
    """The unmarked clicks of an affiliate, ever."""
    total = ClickDay.select(fn.SUM(ClickDay.clicks))
    return int(total.where(ClickDay.affiliate_id == affiliate.id).scalar() or 0)


def standing(affiliate: Affiliate, *, now: datetime) -> dict[str, Any]:
    """An affiliate as the API tells it (contract.md, GET /affiliates/<code>)."""
    by_kind = sums(affiliate)
    paid = -by_kind.get(rules.PAYOUT, 0) - by_kind.get(rules.PAYOUT_VOID, 0)
    return {
        "code": affiliate.code,
        "email": affiliate.email,
        "name": affiliate.name,
        "status": affiliate.status,
        "referrer": affiliate.referrer.code if affiliate.referrer else None,
        "us_person": is_us_person(affiliate),
        "tax_id_on_file": has_tax_id(affiliate),
        "clicks": clicks(affiliate),
        "orders": Order.select().where(Order.credited_to == affiliate).count(),
        "earned": sum(by_kind.get(kind, 0) for kind in rules.EARNINGS),
        "paid": paid,
        "balance": sum(by_kind.values()),
        "hold": hold(affiliate, now=now),
    }
