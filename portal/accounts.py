"""What an affiliate's account amounts to, and an admin's correction of it."""

import hashlib
from collections import Counter
from datetime import datetime
from typing import Any

from peewee import fn

from portal import ledger, months, program, rules, taxes
from portal.books import Entry, Order, Run
from portal.database import transaction
from portal.models import Affiliate, Audit, ClickDay, Fact, TaxIdOnFile, record


def adjust(
    affiliate: Affiliate, amount: int, reason: str, *, by: str, now: datetime, key: str = ""
) -> None:
    """Correct a balance by an entry with a reason, one for a form's `key` (R17). Raises Refused."""
    if not amount:
        raise rules.Refused("An entry of zero changes nothing.", "amount")
    if not reason.strip():
        raise rules.Refused("An adjustment needs a reason.", "reason")
    content = {"amount": amount, "reason": reason.strip()}
    sent = hashlib.blake2b(f"{affiliate.id} {content} {key}".encode(), digest_size=16).hexdigest()
    event_id = f"form:{sent}" if key else None
    with transaction():
        if event_id and Fact.get_or_none(event_id=event_id):
            return  # the form was sent twice
        fact = record("adjustment", content, now, affiliate_id=affiliate.id, event_id=event_id)
        ledger.post_adjustment(affiliate.id, amount, fact.id, now=now)
        Audit.note(by, "adjust", affiliate.code, now, **content)


def waive(affiliate: Affiliate, reason: str, *, by: str, now: datetime) -> None:
    """Let the next run pay an affiliate less than the minimum, with a reason (R18). Raises
    Refused."""
    if not reason.strip():
        raise rules.Refused("Say why. The reason is kept.", "reason")
    with transaction():
        if waived(only=affiliate.id):
            raise rules.Refused("The next run pays this affiliate below the minimum already.")
        content = {"reason": reason.strip()}
        record("waiver", content, now, affiliate_id=affiliate.id)
        Audit.note(by, "waive minimum", affiliate.code, now, **content)


def waived(
    month: str = "9999-12", *, until: int | None = None, only: int | None = None
) -> set[int]:
    """Whose minimum is waived in the run of a month, by the facts up to the id `until` (R18).

    A waiver is for the next run: of those recorded since the run before it.
    """
    before = Run.select(fn.MAX(Run.last_fact)).where(Run.month < month).scalar() or 0
    facts = Fact.select(Fact.affiliate_id).where(Fact.kind == "waiver", Fact.id > before)
    if until is not None:
        facts = facts.where(Fact.id <= until)
    if only is not None:
        facts = facts.where(Fact.affiliate_id == only)
    return {affiliate for (affiliate,) in facts.tuples()}


def has_tax_id(affiliate: Affiliate) -> bool:
    """Whether a tax ID is on file (R20)."""
    return TaxIdOnFile.get_or_none(affiliate=affiliate) is not None


def is_us_person(affiliate: Affiliate) -> bool:
    """Whether the tax hold concerns this affiliate (R20)."""
    return taxes.is_us_person(affiliate.us_person, affiliate.country)


def hold(affiliate: Affiliate, *, now: datetime, month: months.Month | None = None) -> str | None:
    """Why a run of a month, the current one else, would hold an affiliate's money (R16, R20)."""
    if affiliate.status == rules.SUSPENDED:
        return rules.HELD_SUSPENDED
    zone, terms = program.load().zone, program.terms_version().terms()
    month_end = (month or months.month_of(now, zone)).end(zone)
    span = {"above": terms.tax_threshold, "last": ledger.last_entry(), "only": affiliate.id}
    highest = ledger.highest_year(month_end, zone, **span).get(affiliate.id, 0)
    held = taxes.tax_hold(is_us_person(affiliate), has_tax_id(affiliate), highest, terms)
    return rules.HELD_TAX_ID if held else None


def standing(affiliate: Affiliate, *, now: datetime) -> dict[str, Any]:
    """An affiliate as the API tells it (contract.md, GET /affiliates/<code>)."""
    entries = Entry.select(Entry.kind, fn.SUM(Entry.amount)).where(Entry.affiliate == affiliate)
    sums = Counter({kind: int(cents) for kind, cents in entries.group_by(Entry.kind).tuples()})
    clicks = ClickDay.select(fn.SUM(ClickDay.clicks)).where(ClickDay.affiliate_id == affiliate.id)
    return {
        "code": affiliate.code,
        "email": affiliate.email,
        "name": affiliate.name,
        "status": affiliate.status,
        "referrer": affiliate.referrer.code if affiliate.referrer else None,
        "us_person": is_us_person(affiliate),
        "tax_id_on_file": has_tax_id(affiliate),
        "clicks": int(clicks.scalar() or 0),
        "orders": Order.select().where(Order.credited_to == affiliate).count(),
        "earned": sum(sums[kind] for kind in rules.EARNINGS),
        "paid": -sums[rules.PAYOUT] - sums[rules.PAYOUT_VOID],
        "balance": sums.total(),
        "hold": hold(affiliate, now=now),
    }
