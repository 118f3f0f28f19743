"""Why: every entry and order in words, with the facts and the numbers behind it (R24).

Affiliates see customers by initials, and of a referred affiliate's sales only date and amount
(R23). The words follow what the rules decided; nothing is decided or computed again here but the
totals of R9 and R13, which rules.py makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal import rules
from portal.books import Customer, Order, PaperCheck, Payment, Payout, Refund
from portal.formats import clock, day, month, percent, usd
from portal.models import Affiliate, Click, Fact, Link, TermsVersion
from portal.words import apart, initials, plan

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

Trail = list[tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """An entry in one line, and the chain that made it."""

    title: str
    trail: Trail


class Explainer:
    """Explains entries of one affiliate; loads what they rest on in a fixed number of queries."""

    def __init__(
        self, entries: Iterable[Any], *, zone: ZoneInfo, now: datetime, names: bool = False
    ):
        self.entries, self.zone, self.now, self.names = list(entries), zone, now, names
        self.payments = _by_id(Payment, [e.payment_id for e in self.entries])
        self.orders = _by_id(Order, [p.order_id for p in self.payments.values()])
        self.customers = _by_id(Customer, [o.customer_id for o in self.orders.values()])
        self.clicks = _by_id(Click, [o.click_id for o in self.orders.values()])
        self.links = _by_id(Link, [c.link_id for c in self.clicks.values()])
        self.terms = _by_id(TermsVersion, [o.terms_id for o in self.orders.values()])
        through = [o.credited_to_id for o in self.orders.values()]
        self.through = _by_id(Affiliate, through)
        self.refunds = _by_id(Refund, [e.fact_id for e in self.entries])
        adjusted = [e.fact_id for e in self.entries if e.kind == rules.ADJUSTMENT]
        self.facts = _by_id(Fact, adjusted)
        self.payouts = _by_id(Payout, [e.payout_id for e in self.entries])
        checks = PaperCheck.select().where(PaperCheck.payout.in_(list(self.payouts)))
        self.checks = {(check.payout_id, check.part): check for check in list[Any](checks)}

    def all(self) -> dict[int, Told]:
        """Every entry by its id."""
        return {entry.id: self.told(entry) for entry in self.entries}

    def told(self, entry: Any) -> Told:
        """One entry."""
        if entry.kind == rules.ADJUSTMENT:
            return self._adjustment(entry)
        if entry.kind in (rules.PAYOUT, rules.PAYOUT_VOID):
            return self._payout(entry)
        return self._override(entry) if entry.rule == "R13" else self._commission(entry)

    # --- Earnings ---

    def _commission(self, entry: Any) -> Told:
        payment = self.payments[entry.payment_id]
        order = self.orders[payment.order_id]
        who = self._customer(order)
        bought = plan(payment.interval, payment.price, order.plan_name)
        money = f"{usd(payment.amount)} by {who}, {self._when(payment.paid_at)}"
        trail = [("Payment", money), ("Order", f"{order.order_id}, {bought}")]
        trail += self._click(order)
        trail += self._refund(entry)
        trail += [(f"Rule {entry.rule}", self._formula(entry, payment, order))]
        title = f"{self._kind(entry)}: {bought}, {who}"
        return Told(title, [*trail, ("Makes", usd(entry.amount))])

    def _override(self, entry: Any) -> Told:
        payment = self.payments[entry.payment_id]
        order = self.orders[payment.order_id]
        through = self.through[order.credited_to_id]
        trail = [
            ("Payment", f"{usd(payment.amount)}, {self._when(payment.paid_at)}"),
            ("Through", f"{through.name}, who is credited with it"),
        ]
        if through.attached_at:
            how = ATTACHED.get(through.attached_by or "", "is attached to you")
            since = day(through.attached_at, self.zone, self.now)
            trail.append(("Because", f"{through.name} {how}, {since} (R12)"))
        trail += self._refund(entry)
        trail += [(f"Rule {entry.rule}", self._formula(entry, payment, order))]
        rate = percent(self.terms[order.terms_id].override_rate)
        title = f"{self._kind(entry)}: {rate} of a sale by {through.name}"
        return Told(title, [*trail, ("Makes", usd(entry.amount))])

    def _kind(self, entry: Any) -> str:
        refund = self.refunds.get(entry.fact_id)
        if entry.kind == rules.REVERSAL:
            return REFUNDS[refund.kind] if refund else "Refund"
        return "Second tier" if entry.kind == rules.OVERRIDE else "Commission"

    def _click(self, order: Any) -> Trail:
        because = f"{BECAUSE.get(order.rule, order.reason)} ({order.rule})"
        click = self.clicks.get(order.click_id)
        if click is None:
            return [("Because", because)]
        link = self.links[click.link_id].name if click.link_id in self.links else "Main link"
        label = f", label {click.sub_id}" if click.sub_id else ""
        before = apart(click.clicked_at, order.ordered_at)
        said = f"{link}{label}, {self._when(click.clicked_at)}, {before} before the order"
        return [("Click", said), ("Because", because)]

    def _refund(self, entry: Any) -> Trail:
        refund = self.refunds.get(entry.fact_id)
        if refund is None:
            return []
        given = f"{usd(abs(refund.amount))}, {self._when(refund.happened_at)}"
        return [(REFUNDS[refund.kind], given)]

    def _formula(self, entry: Any, payment: Payment, order: Any) -> str:
        """The totals before and after, as the rules make them, and the numbers multiplied."""
        terms = self.terms[order.terms_id].terms()
        what = rules.Plan(payment.interval, payment.price)
        second = entry.rule == "R13"

        def in_all(paid: int) -> int:
            if second:
                return rules.override_in_all(terms, paid)
            return rules.earned_in_all(what, terms, paid)

        said = _numbers(what, terms, entry.paid_after, second)
        if not entry.paid_before:
            return said
        before, after = in_all(entry.paid_before), in_all(entry.paid_after)
        return f"{said} = {usd(after)}, less {usd(before)} before"

    # --- Payouts and corrections ---

    def _adjustment(self, entry: Any) -> Told:
        fact = self.facts.get(entry.fact_id)
        reason = fact.content.get("reason", "") if fact else ""
        trail = [
            ("By", "the program office"),
            ("When", self._when(entry.happened_at)),
            ("Reason", reason),
            (f"Rule {entry.rule}", "a correction is an entry of its own"),
        ]
        return Told(f"Adjustment: {reason}", [*trail, ("Makes", usd(entry.amount))])

    def _payout(self, entry: Any) -> Told:
        payout = self.payouts[entry.payout_id]
        part = int(entry.source.split(":")[2])
        check = self.checks.get((payout.id, part))
        number = f"Check {check.number}" if check and check.number else "Check"
        given_back = entry.kind == rules.PAYOUT_VOID
        trail = [("For", month(payout.run_id)), ("Run", self._when(entry.happened_at))]
        if given_back:
            trail[1] = ("Void", self._when(entry.happened_at))
        if check:
            trail += self._check(check)
        rule = "what was due in the run" if entry.rule == "R18" else "a check of the same payout"
        trail.append((f"Rule {entry.rule}", "a void check gives back" if given_back else rule))
        title = f"{number} for {month(payout.run_id)}{', given back' if given_back else ''}"
        return Told(title, [*trail, ("Makes", usd(entry.amount))])

    def _check(self, check: PaperCheck) -> Trail:
        states = {
            rules.ISSUED: "waits to be printed",
            rules.PRINTED: "printed, to be mailed",
            rules.CHECK_PAID: "mailed",
            rules.CLEARED: "cleared by the bank",
            rules.VOID: f"void: {check.void_reason}",
        }
        found = [("State", states[check.status])]
        for label, on in (("Dated", check.check_date), ("Mailed", check.mailed_on)):
            if on:
                found.append((label, day(datetime.fromisoformat(on).date(), self.zone, self.now)))
        return found

    # --- Words ---

    def _when(self, at: datetime) -> str:
        return f"{day(at, self.zone, self.now)}, {clock(at, self.zone)}"

    def _customer(self, order: Any) -> str:
        customer = self.customers[order.customer_id]
        if self.names:
            return customer.name or customer.email or customer.customer_id
        return initials(customer.name, customer.email)


def _by_id(table: Any, ids: Iterable[Any]) -> dict[Any, Any]:
    wanted = {key for key in ids if key is not None}
    return {row.id: row for row in table.select().where(table.id.in_(wanted))} if wanted else {}


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
