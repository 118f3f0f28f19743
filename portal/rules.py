"""The law: every decision and every amount of the program, numbered R1 to R22 as in docs/rules.md.

Frozen values and pure functions only. Money is integer cents, rates are basis points, instants are
aware UTC cut to whole seconds. Nothing here reads a clock, a database or a request, and nothing
outside this module computes money.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

REVIEW, ACTIVE, SUSPENDED, DECLINED = "review", "active", "suspended", "declined"
COMMISSION, OVERRIDE, REVERSAL = "commission", "override", "reversal"
ADJUSTMENT, PAYOUT, PAYOUT_VOID = "adjustment", "payout", "payout_void"
EARNINGS = (COMMISSION, OVERRIDE, REVERSAL)
INTERVALS = ("month", "year", "once")
REFUND, CHARGEBACK, CHARGEBACK_REVERSED = "refund", "chargeback", "chargeback_reversed"


class Refused(Exception):
    """A rule says no. The text is a sentence for people; `field` names what to change, if any."""

    def __init__(self, message: str, field: str | None = None):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Terms:
    """What changes money (R10a): amounts in cents, rates in basis points, the window in days."""

    cookie_days: int = 90
    minimum_payout: int = 10_000
    tax_threshold: int = 60_000
    month_amount: int = 2_000
    month_threshold: int = 9_700
    month_rate: int = 2_000
    year_amount: int = 20_000
    once_rate: int = 2_000
    override_rate: int = 1_000


class Plan(NamedTuple):
    """What a customer bought: its interval and its full price in cents (R9)."""

    interval: str
    price: int


def email_key(email: str) -> str:
    """The form in which two e-mail addresses are the same person's (R15); empty for none."""
    local, at, domain = email.strip().casefold().rpartition("@")
    if not at:
        return ""
    local = local.split("+", 1)[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


class Click(NamedTuple):
    """An unmarked click. `id` grows in the order of storing; `days` is the window it keeps (R4)."""

    id: int
    affiliate: int
    clicked_at: datetime
    days: int


class OrderFacts(NamedTuple):
    """All that decides who gets an order (R7), as it stands when the order is recorded."""

    ordered_at: datetime
    paid_before: bool
    belongs_to: int | None
    buyer: int | None  # the affiliate, active or suspended, who is the buyer (R15)
    buyer_referrer: int | None
    named: int | None  # the affiliate of the merchant's referral code
    clicks: tuple[Click, ...]  # of the customer's browsers
    active: frozenset[int]  # which of the affiliates named here are active


class Credit(NamedTuple):
    """Who gets an order, by which rule, and the click that won where one did."""

    affiliate: int | None
    rule: str
    reason: str
    click: int | None = None


def mark(*, active: bool, method: str, headers: Mapping[str, str], robot: bool) -> str | None:
    """Why a click never counts, or None (R8). `headers` have lower-case names."""
    purpose = headers.get("sec-purpose", "") + headers.get("purpose", "") + headers.get("x-moz", "")
    destination = headers.get("sec-fetch-dest", "document")
    if not active:
        return "inactive"
    if method == "HEAD":
        return "head"
    if "prefetch" in purpose or "preview" in purpose or "prerender" in purpose:
        return "prefetch"
    if destination not in ("document", "empty", ""):
        return "embedded"
    return "robot" if robot else None


def counts(click: Click, at: datetime) -> bool:
    """Whether a click counts for what happened at an instant: both ends included (R5)."""
    return click.clicked_at <= at <= click.clicked_at + timedelta(days=click.days)


def last_click(facts: OrderFacts) -> Click | None:
    """The latest click that counts and could earn (R6); of one second the later stored (R5)."""
    able = facts.active - {facts.buyer}
    clicks = (c for c in facts.clicks if c.affiliate in able and counts(c, facts.ordered_at))
    return max(clicks, key=lambda click: (click.clicked_at, click.id), default=None)


def credit(facts: OrderFacts) -> Credit:
    """Who gets an order: the first of the five that matches (R7)."""
    owner, referrer, named = facts.belongs_to, facts.buyer_referrer, facts.named
    if facts.paid_before:
        if owner is None:
            return Credit(None, "R7.1", "The customer paid before and came by itself.")
        if owner == facts.buyer:
            return Credit(None, "R7.1", "The customer belongs to the affiliate who is the buyer.")
        return Credit(owner, "R7.1", "The customer paid before and belongs to this affiliate.")
    if facts.buyer is not None and referrer is not None:
        return Credit(referrer, "R7.2", "The buyer is an affiliate whom this one referred.")
    if named is not None and named in facts.active and named != facts.buyer:
        return Credit(named, "R7.3", "The merchant named this affiliate with the sale.")
    click = last_click(facts)
    if click:
        said = "The last click that counts was on this affiliate's link."
        return Credit(click.affiliate, "R7.4", said, click.id)
    return Credit(None, "R7.5", "No click that counts came before the order.")


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def earned_in_all(plan: Plan, terms: Terms, paid: int) -> int:
    """What the credited affiliate has earned when payments less refunds total `paid` (R9).

    A third of a year plan of $970.00, 32333 cents, makes 6667; 4950 of a month plan of 9900: 1000.
    """
    if plan.interval == "once":
        return _half_up(paid * terms.once_rate, 10_000)
    if plan.interval == "month" and plan.price < terms.month_threshold:
        return _half_up(paid * terms.month_rate, 10_000)
    amount = terms.year_amount if plan.interval == "year" else terms.month_amount
    return _half_up(amount * paid, plan.price) if plan.price else 0


def override_in_all(terms: Terms, paid: int) -> int:
    """What the referrer has earned when payments less refunds total `paid` (R13)."""
    return _half_up(paid * terms.override_rate, 10_000)


class Earners(NamedTuple):
    """Who earns on a payment: the commission's and the override's affiliate, None for nobody."""

    commission: int | None
    override: int | None


def earners(
    credited: int | None, referrer: int | None, buyer: int | None, suspended: frozenset[int]
) -> Earners:
    """Who earns on a payment, as it stands when the payment is recorded (R13, R14, R16)."""
    if credited is None or credited == buyer:
        return Earners(None, None)
    second = None if referrer == buyer or referrer in suspended else referrer
    return Earners(None if credited in suspended else credited, second)


def changes_plan(current: Plan, stated: Plan | None) -> bool:
    """Whether a payment that states this plan starts a new count (R10); a name is no difference."""
    return stated is not None and stated != current


def check_price(plan: Plan, amount: int, stated: bool) -> None:
    """Refuse an amount paid toward a plan that costs nothing (R9)."""
    if amount and not plan.price and (stated or plan.interval != "once"):
        raise Refused("A plan that is paid for has a price above 0.", "plan.price")


class Paid(NamedTuple):
    """A payment with what was given back of it in all, and what of that chargebacks took."""

    amount: int
    refunded: int
    disputed: int


WAITS = "waits"


def refund_amount(kind: str, asked: int | None, paid: Paid) -> int | str:
    """How many cents a refund moves (negative for a won chargeback), or WAITS (R11).

    Raises Refused on `amount` for more than there is, and for a refund of nothing left.
    """
    if kind == CHARGEBACK_REVERSED:
        if not paid.disputed:
            return WAITS
        if asked is not None and asked > paid.disputed:
            raise Refused("More than the chargebacks of this sale took.", "amount")
        return -(paid.disputed if asked is None else asked)
    left = paid.amount - paid.refunded
    if paid.amount and not left:
        raise Refused("Nothing is left to refund of this sale.", "amount")
    if asked is not None and asked > left:
        raise Refused(f"Only {left} cents are left to refund of this sale.", "amount")
    return left if asked is None else asked


class PastCustomer(NamedTuple):
    """A customer of an applicant's e-mail: where its first payment above zero was recorded."""

    first_paid: int
    belongs_to: int | None


def attachment(
    customers: Iterable[PastCustomer], click: Click | None, myself: int | None = None
) -> tuple[int, str] | None:
    """To whom an applicant is attached for good, and by what: `customer` or `click` (R12).

    Of several customers the one who paid first decides, also when it belongs to nobody.
    """
    first = min(customers, default=None, key=lambda customer: customer.first_paid)
    if first:
        mine = first.belongs_to is None or first.belongs_to == myself
        return None if mine else (first.belongs_to, "customer")  # type: ignore[return-value]
    return (click.affiliate, "click") if click else None


# --- Getting paid ------------------------------------------------------------------------------

IN_PAYOUTS, CARRIED, HELD_SUSPENDED, HELD_TAX_ID = "payout", "carried", "suspended", "tax_id"


def is_due(kind: str, amount: int, happened_at: datetime, month_end: datetime) -> bool:
    """Whether an entry is part of what a run pays or carries (R18)."""
    return amount < 0 or kind == PAYOUT_VOID or happened_at < month_end


def list_of(
    due: int, *, suspended: bool, tax_hold: bool, terms: Terms, waived: bool = False
) -> str | None:
    """In which list of a run an affiliate stands; None for nothing due (R18)."""
    if due <= 0:
        return CARRIED if due else None
    if suspended:
        return HELD_SUSPENDED
    if tax_hold:
        return HELD_TAX_ID
    return CARRIED if due < terms.minimum_payout and not waived else IN_PAYOUTS


ISSUED, PRINTED, CHECK_PAID, CLEARED, VOID = "issued", "printed", "paid", "cleared", "void"
_MOVES = {
    "print": ((ISSUED,), PRINTED),
    "spoil": ((PRINTED,), ISSUED),
    "paid": ((PRINTED,), CHECK_PAID),
    "clear": ((CHECK_PAID,), CLEARED),
    "void": ((ISSUED, PRINTED, CHECK_PAID), VOID),
}
BEFORE = {deed: before for deed, (before, _) in _MOVES.items()} | {"reissue": (VOID,)}


def moved(state: str, deed: str, *, suspended: bool = False, has_address: bool = True) -> str:
    """The state of a check after a deed (R21). Raises Refused when it cannot move so."""
    before, after = _MOVES[deed]
    if state not in before:
        to = "spoiled: only a printed one can" if deed == "spoil" else after
        raise Refused(f"A check that is {state} cannot become {to}.")
    if deed == "print" and suspended:
        raise Refused("The affiliate is suspended. Reinstate them or void the check.")
    if deed == "print" and not has_address:
        raise Refused("There is no payee or address to print yet.")
    return after
