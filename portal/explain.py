"""Why: every entry and order in words, with the facts and the numbers behind it (R24).

Affiliates see customers by initials, and of a referred affiliate's sales only date and amount
(R23). The words follow what the rules decided; nothing is decided or computed again here but the
totals of R9 and R13, which rules.py makes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from portal import rules
from portal.books import Customer, Entry, Order, PaperCheck, Payment, Payout, Refund
from portal.evidence import own_clicks
from portal.formats import apart, day, initials, month, percent, plan, plural, usd, when
from portal.models import Affiliate, Click, Fact, Link, TermsVersion

BECAUSE = {
    "R7.1": "The customer paid before and belongs to you",
    "R7.2": "The buyer is an affiliate you referred",
    "R7.3": "The order was placed naming you",
    "R7.4": "Your link was the last one followed before the order",
}
ATTACHED = {
    "customer": "was your customer before applying",
    "click": "applied after following your link",
    "link": "was found to be your customer",
    "import": "was attached to you in the former system",
}
REFUNDS = {
    rules.REFUND: "Refund",
    rules.CHARGEBACK: "Chargeback",
    rules.CHARGEBACK_REVERSED: "Chargeback won",
}

CHECKS = {
    rules.ISSUED: "waits to be printed",
    rules.PRINTED: "printed, to be mailed",
    rules.CHECK_PAID: "mailed",
    rules.CLEARED: "cleared by the bank",
    rules.VOID: "void",
}

UNPAID = {
    "R14": "the buyer was you (R14)",
    rules.SUSPENDED: "you were suspended then (R16)",
    rules.DECLINED: "your account was closed then",
}
SEE = "See"  # of a trail for the office: its text is a query of the office's orders
CONSIDERED = 5  # clicks told one by one
Trail = list[tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """An entry in one line, and the chain that made it."""

    title: str
    trail: Trail


def explain(
    entries: Iterable[Any], *, zone: ZoneInfo, now: datetime, names: bool = False
) -> dict[int, Told]:
    """Entries of one affiliate by id; with `names` customers are named, as the office may."""
    rows = list(entries)
    known = _Known(rows, zone, now, names)
    return {entry.id: known.told(entry) for entry in rows}


def click_before(order: Any, click: Any, link: str, at: str = "") -> str:
    """The click that an order followed: its link, its label, how long before."""
    label = f", label {click.sub_id}" if click.sub_id else ""
    return f"{link}{label}{at}, {apart(click.clicked_at, order.ordered_at)} before the order"


def considered(order: Any, click: Any, zone: ZoneInfo, now: datetime) -> str:
    """A click that did not win the order: its age then, and why (R5, R6)."""
    if click.clicked_at > order.ordered_at:
        return f"{apart(order.ordered_at, click.clicked_at)} after the order, too late"
    age = f"{apart(click.clicked_at, order.ordered_at)} before"
    if not rules.counts(click, order.ordered_at):
        until = when(click.until, zone, now, seconds=True)
        return f"{age}, counted until {until} (R5)"
    return f"{age}, an earlier one" if order.rule == "R7.4" else f"{age}, not needed"


def because(order: Any) -> tuple[str, str]:
    return "Because", f"{BECAUSE.get(order.rule, order.reason)} ({order.rule})"


def earned(cents: int, unpaid: Mapping[str, int] | None) -> str:
    """What an order earned, and which of its payments earned nothing."""
    said = [f"{usd(cents)} (R9)"]
    for why, count in (unpaid or {}).items():
        said.append(f"nothing on {plural(count, 'payment')}: {UNPAID[why]}")
    return "; ".join(said)


def other_clicks(order: Any, clicks: Iterable[Any], zone: ZoneInfo, now: datetime) -> str:
    """The clicks that did not win an order, each with its age; empty for none."""
    others = [click for click in clicks if click.id != order.click_id]
    ages = [considered(order, click, zone, now) for click in others[:CONSIDERED]]
    more = [f"and {len(others) - CONSIDERED} more"] if len(others) > CONSIDERED else []
    return "; ".join(ages + more)


class _Known:
    """What entries rest on, loaded in a fixed number of queries."""

    def __init__(self, entries: list[Any], zone: ZoneInfo, now: datetime, names: bool):
        self.zone, self.now, self.names = zone, now, names
        self.payments = Payment.by_id(row.payment_id for row in entries)
        self.orders = Order.by_id(row.order_id for row in self.payments.values())
        orders = self.orders.values()
        self.customers = Customer.by_id(row.customer_id for row in orders)
        self.clicks = Click.by_id(row.click_id for row in orders)
        self.links = Link.by_id(row.link_id for row in self.clicks.values())
        self.terms = TermsVersion.by_id(row.terms_id for row in orders)
        self.through = Affiliate.by_id(row.credited_to_id for row in orders)
        self.mine = entries[0].affiliate_id if entries else None
        self.considered = own_clicks(self.mine, orders)
        self.later = self._later(entries)
        reversals = [entry for each in self.later.values() for entry in each]
        self.refunds = Refund.by_id(row.fact_id for row in [*entries, *reversals])
        self.facts = Fact.by_id(row.fact_id for row in entries if row.kind == rules.ADJUSTMENT)
        self.payouts = Payout.by_id(row.payout_id for row in entries)
        checks: Any = PaperCheck.select().where(PaperCheck.payout.in_(list(self.payouts)))
        self.checks = {(check.payout_id, check.part): check for check in checks}

    def _later(self, entries: list[Any]) -> dict[int, list[Any]]:
        """By payment, what refunds and chargebacks changed in what it earned this affiliate."""
        query: Any = Entry.select().where(
            Entry.kind == rules.REVERSAL, Entry.affiliate == self.mine,
            Entry.payment.in_(list(self.payments)),
        )  # fmt: skip
        found: dict[int, list[Any]] = {}
        for entry in query.order_by(Entry.id) if self.payments else ():
            found.setdefault(entry.payment_id, []).append(entry)
        return found

    def told(self, entry: Any) -> Told:
        if entry.kind == rules.ADJUSTMENT:
            title, trail = self._adjustment(entry)
        elif entry.kind in (rules.PAYOUT, rules.PAYOUT_VOID):
            title, trail = self._payout(entry)
        else:
            title, trail = self._earning(entry)
        return Told(title, [*trail, ("Makes", usd(entry.amount)), *self._since(entry)])

    def _earning(self, entry: Any) -> tuple[str, Trail]:
        payment = self.payments[entry.payment_id]
        order = self.orders[payment.order_id]
        refund = self.refunds.get(entry.fact_id)
        kind = "Override" if entry.kind == rules.OVERRIDE else "Commission"
        if entry.kind == rules.REVERSAL:
            kind = REFUNDS[refund.kind] if refund else "Refund"
        about = self._override if entry.rule == "R13" else self._commission
        what, trail = about(payment, order)
        if refund:
            given = f"{usd(abs(refund.amount))}, {self._when(refund.happened_at)}"
            trail.append((REFUNDS[refund.kind], given))
        trail.append((f"Rule {entry.rule}", self._formula(entry, payment, order)))
        if self.names:
            trail.append((SEE, urlencode({"q": order.order_id})))
        return f"{kind}: {what}", trail

    def _since(self, entry: Any) -> Trail:
        """What refunds and chargebacks made of an entry since, and what is left of it."""
        same = self.later.get(entry.payment_id, ())
        later = [one for one in same if one.id > entry.id and one.rule == entry.rule]
        trail = []
        for one in later:
            refund = self.refunds[one.fact_id]
            on, what = self._when(refund.happened_at), REFUNDS[refund.kind].lower()
            trail.append(("Later", f"{usd(one.amount)} on {on}, {what}"))
        if later and entry.kind != rules.REVERSAL:
            trail.append(("Left of it", usd(entry.amount + sum(one.amount for one in later))))
        return trail

    def _commission(self, payment: Any, order: Any) -> tuple[str, Trail]:
        customer = self.customers[order.customer_id]
        who = initials(customer.name, customer.email)
        if self.names:
            who = customer.name or customer.email or customer.customer_id
        same = payment.plan_count == order.plan_count  # the order keeps the last plan's name
        bought = plan(payment.interval, payment.price, order.plan_name if same else "")
        money = f"{usd(payment.amount)} by {who}, {self._when(payment.paid_at)}"
        trail = [("Payment", money), ("Order", f"{order.order_id}, {bought}")]
        if click := self.clicks.get(order.click_id):
            link = self.links[click.link_id].name if click.link_id in self.links else "Main link"
            at = f", {self._when(click.clicked_at)}"
            trail.append(("Click", click_before(order, click, link, at)))
        if others := other_clicks(order, self.considered[order.id], self.zone, self.now):
            trail.append(("Your other clicks", others))
        return f"{bought}, {who}", [*trail, because(order)]

    def _override(self, payment: Any, order: Any) -> tuple[str, Trail]:
        through = self.through[order.credited_to_id]
        trail = [
            ("Payment", f"{usd(payment.amount)}, {self._when(payment.paid_at)}"),
            ("Through", f"{through.name}, who is credited with it"),
        ]
        if through.attached_at:
            how = ATTACHED.get(through.attached_by or "", "is attached to you")
            since = day(through.attached_at, self.zone, self.now)
            trail.append(("Because", f"{through.name} {how}, {since} (R12)"))
        rate = percent(self.terms[order.terms_id].override_rate)
        return f"{rate} of a payment through {through.name}", trail

    def _formula(self, entry: Any, payment: Payment, order: Any) -> str:
        """The totals before and after, as the rules make them, and the numbers multiplied."""
        terms = self.terms[order.terms_id].terms()
        what = rules.Plan(payment.interval, payment.price)
        second = entry.rule == "R13"
        said = _numbers(what, terms, entry.paid_after, second)
        if not entry.paid_before:
            return said
        before, after = (
            rules.override_in_all(terms, paid) if second else rules.earned_in_all(what, terms, paid)
            for paid in (entry.paid_before, entry.paid_after)
        )
        return f"{said} = {usd(after)}, less {usd(before)} before"

    def _adjustment(self, entry: Any) -> tuple[str, Trail]:
        fact = self.facts.get(entry.fact_id)
        reason = fact.content.get("reason", "") if fact else ""
        return f"Adjustment: {reason}", [
            ("By", "the program office"),
            ("When", self._when(entry.happened_at)),
            ("Reason", reason),
            (f"Rule {entry.rule}", "a correction is an entry of its own"),
        ]

    def _payout(self, entry: Any) -> tuple[str, Trail]:
        payout = self.payouts[entry.payout_id]
        check = self.checks.get((payout.id, int(entry.source.split(":")[2])))
        number = f"Check {check.number}" if check and check.number else "Check"
        void = entry.kind == rules.PAYOUT_VOID
        when = "Void" if void else "Run", self._when(entry.happened_at)
        trail = [("For", month(payout.run_id)), when]
        if check:
            reason = f": {check.void_reason}" if check.void_reason else ""
            trail.append(("State", CHECKS[check.status] + reason))
            for label, on in (("Dated", check.check_date), ("Mailed", check.mailed_on)):
                if on:
                    trail.append((label, day(date.fromisoformat(on), self.zone, self.now)))
        rule = "what was due in the run" if entry.rule == "R18" else "a check of the same payout"
        trail.append((f"Rule {entry.rule}", "a void check gives back" if void else rule))
        return f"{number} for {month(payout.run_id)}{', given back' if void else ''}", trail

    def _when(self, at: datetime) -> str:
        return when(at, self.zone, self.now)


def _numbers(what: rules.Plan, terms: rules.Terms, paid: int, second: bool) -> str:
    """What was multiplied: $20.00 × $97.00 ÷ $97.00, or 20% × $49.00."""
    if second:
        return f"{percent(terms.override_rate)} × {usd(paid)}"
    if what.interval == "once":
        return f"{percent(terms.once_rate)} × {usd(paid)}"
    if what.interval == "month" and what.price < terms.month_threshold:
        below = f"a plan below {usd(terms.month_threshold)}"
        return f"{percent(terms.month_rate)} × {usd(paid)}, {below}"
    amount = terms.year_amount if what.interval == "year" else terms.month_amount
    return f"{usd(amount)} × {usd(paid)} ÷ {usd(what.price)}"
