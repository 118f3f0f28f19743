"""The model's leads, sales and refunds: who gets an order, and what each payment makes.

Every entry is what is earned in all, added up again from the sales, less what is in the books.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from tests.model import No, People, same


def half_up(share: Fraction) -> int:
    return floor(share + Fraction(1, 2))


def tier_1(terms: dict, plan: tuple[str, int], paid: int) -> int:
    """R9: what payments that total `paid` have earned in all."""
    interval, price = plan
    if paid == 0:
        return 0
    if interval == "once":
        return half_up(Fraction(terms["once_rate"] * paid, 100_00))
    if interval == "month" and price < terms["month_threshold"]:
        return half_up(Fraction(terms["month_rate"] * paid, 100_00))
    return half_up(Fraction(terms[f"{interval}_amount"] * paid, price))


def tier_2(terms: dict, plan: tuple[str, int], paid: int) -> int:
    """R13: the same for the referrer."""
    return half_up(Fraction(terms["override_rate"] * paid, 100_00))


class Sales(People):
    """What customers did and what it earned."""

    def __init__(self, zone: str = "America/Los_Angeles"):
        super().__init__(zone)
        self.orders: dict[str, dict] = {}
        self.sales: dict[str, dict] = {}
        self.refunds: dict[str, dict] = {}
        self.told: dict[str, Any] = {}  # every event id, with the content it came with
        self.answers: dict[str, dict] = {}

    # --- Leads and sales -----------------------------------------------------------------------

    def repeat(self, event: str, content: Any) -> dict | None:
        """R11: the answer that this event had already, if it is not new."""
        if event not in self.told:
            return None
        if self.told[event] != content:
            raise No(conflict=True)
        return self.answers[event]

    def meet(self, customer: str, email: str, click: int | None) -> dict:
        new = {"email": "", "visitors": set(), "owner": None, "paid": None}
        known = self.customers.setdefault(customer, new)
        known["email"] = email or known["email"]
        known["visitors"] |= set() if click is None else self.visitors_of(click)
        return known

    def lead(self, event: str, customer: str, email: str = "", click: int | None = None) -> dict:
        content = ("lead", customer, email, click)
        if (told := self.repeat(event, content)) is not None:
            return told
        self.recorded += 1
        self.told[event], self.answers[event] = content, {}
        self.meet(customer, email, click)
        return self.answers[event]

    def buyer(self, customer: str) -> str | None:
        """R15: the affiliate who this customer is."""
        email = self.customers[customer]["email"]
        linked = [code for code, a in self.affiliates.items() if a["customer"] == customer]
        alike = [code for code, a in self.affiliates.items() if same(a["email"]) == same(email)]
        return (linked or alike or [None])[0]

    def sale(
        self,
        event: str,
        customer: str,
        amount: int,
        now: int,
        *,
        email: str = "",
        order: str | None = None,
        plan: tuple[str, int] | None = None,
        click: int | None = None,
        named: str | None = None,
        at: int | None = None,
        ordered: int | None = None,
    ) -> dict:
        content = ("sale", customer, amount, email, order, plan, click, named, at, ordered)
        if (told := self.repeat(event, content)) is not None:
            return told
        order = order or event
        self.may_sell(customer, amount, email, order, plan)
        self.recorded += 1
        self.told[event] = content
        known, first = self.meet(customer, email, click), len(self.entries)
        at = now if at is None else at
        if order not in self.orders:
            self.place(
                order, customer, plan or ("once", amount), at if ordered is None else ordered, named
            )
        bought = self.orders[order]
        if plan and plan != bought["plan"]:
            bought["plan"], bought["count"] = plan, bought["count"] + 1
        if amount and known["paid"] is None:
            known["paid"], known["owner"] = self.recorded, bought["credited_to"]
        tier1, tier2 = self.earners(bought["credited_to"], self.buyer(customer))
        self.sales[event] = {
            "order": order, "count": bought["count"], "plan": bought["plan"], "amount": amount,
            "back": 0, "disputed": 0, "commission": tier1, "override": tier2, "at": at,
        }  # fmt: skip
        self.settle(event, at, now, payment=True)
        self.apply_waiting(event, now)
        self.answers[event] = {
            "credited_to": bought["credited_to"], "rule": bought["rule"],
            "entries": self.shown(self.entries[first:]),
        }  # fmt: skip
        return self.answers[event]

    def may_sell(
        self, customer: str, amount: int, email: str, order: str, plan: tuple[str, int] | None
    ) -> None:
        placed = self.orders.get(order)
        if placed and placed["customer"] != customer:
            raise No("order_id")
        if not email and not self.customers.get(customer, {"email": ""})["email"]:
            raise No("email")
        kept = placed["plan"] if placed and not plan else None
        price_0 = (plan and not plan[1]) or (kept and kept[0] != "once" and not kept[1])
        if amount and price_0:
            raise No("plan.price")

    def place(
        self, order: str, customer: str, plan: tuple[str, int], at: int, named: str | None
    ) -> None:
        """R7: the order's credit is decided now and never again."""
        credited_to, rule = self.credit(customer, at, named)
        self.orders[order] = {
            "customer": customer, "at": at, "credited_to": credited_to, "rule": rule,
            "terms": dict(self.terms), "plan": plan, "count": 1,
        }  # fmt: skip

    def credit(self, customer: str, at: int, named: str | None) -> tuple[str | None, str]:
        known, buyer = self.customers[customer], self.buyer(customer)
        if known["paid"] is not None:
            return (None if known["owner"] == buyer else known["owner"]), "R7.1"
        if buyer and self.affiliates[buyer]["referrer"]:
            return self.affiliates[buyer]["referrer"], "R7.2"
        if (
            named in self.affiliates
            and named != buyer
            and self.affiliates[named]["status"] == "active"
        ):
            return named, "R7.3"
        won = self.last_click(known["visitors"], at, buyer)
        return (won["affiliate"], "R7.4") if won else (None, "R7.5")

    def earners(self, credited: str | None, buyer: str | None) -> tuple[str | None, str | None]:
        """R13, R14, R16: whom a payment earns a commission, and whom an override."""
        if credited is None or credited == buyer:
            return None, None
        above = self.affiliates[credited]["referrer"]
        one, two = [
            who if who and self.affiliates[who]["status"] != "suspended" else None
            for who in (credited, above)
        ]
        return one, None if two == buyer else two

    # --- Refunds -------------------------------------------------------------------------------

    def refund(
        self,
        event: str,
        sale: str,
        now: int,
        *,
        amount: int | None = None,
        kind: str = "refund",
        at: int | None = None,
    ) -> dict:
        content = ("refund", sale, amount, kind, at)
        if self.repeat(event, content) is not None:
            return self.refund_answer(event)
        new = {
            "sale": sale,
            "amount": amount,
            "kind": kind,
            "at": now if at is None else at,
            "status": "waiting",
            "entries": [],
        }
        if sale in self.sales and self.left(new):
            self.give_back(new, now)
        elif sale in self.told and sale not in self.sales:
            raise No("sale_event_id")
        self.recorded += 1
        self.told[event], self.answers[event], self.refunds[event] = content, {}, new
        if new["status"] == "applied":
            self.apply_waiting(sale, now)
        return self.refund_answer(event)

    def refund_answer(self, event: str) -> dict:
        refund = self.refunds[event]
        return {"status": refund["status"], "entries": refund["entries"]}

    def left(self, refund: dict) -> bool:
        """Whether the sale is such that this can be decided now; else it waits."""
        return refund["kind"] != "chargeback_reversed" or self.sales[refund["sale"]]["disputed"] > 0

    def give_back(self, refund: dict, now: int) -> None:
        sale, first = self.sales[refund["sale"]], len(self.entries)
        won = refund["kind"] == "chargeback_reversed"
        left = sale["disputed"] if won else sale["amount"] - sale["back"]
        amount = left if refund["amount"] is None else refund["amount"]
        if amount > left or (left == 0 and sale["amount"] > 0):
            raise No("amount")
        sale["back"] += -amount if won else amount
        sale["disputed"] += -amount if won else amount if refund["kind"] == "chargeback" else 0
        refund["status"] = "applied"
        self.settle(refund["sale"], refund["at"], now, payment=False)
        refund["entries"] = self.shown(self.entries[first:])

    def apply_waiting(self, sale: str, now: int) -> None:
        """R11: what waited for this is applied in order of arrival, as long as something can be."""
        waiting = [
            r
            for r in self.refunds.values()
            if r["sale"] == sale and r["status"] == "waiting" and self.left(r)
        ]
        if waiting:
            try:
                self.give_back(waiting[0], now)
            except No:
                waiting[0]["status"] = "refused"
            self.apply_waiting(sale, now)

    # --- The books -----------------------------------------------------------------------------

    def settle(self, event: str, happened: int, now: int, *, payment: bool) -> None:
        """R9 to R16: post what is earned in all less what stands in the books already."""
        sale = self.sales[event]
        terms = self.orders[sale["order"]]["terms"]
        for tier, formula in (("commission", tier_1), ("override", tier_2)):
            who = sale[tier]
            account = (sale["order"], sale["count"], tier, who)
            paid = sum(
                s["amount"] - s["back"]
                for s in self.sales.values()
                if (s["order"], s["count"], tier, s[tier]) == account
            )
            posted = sum(e["amount"] for e in self.entries if e["account"] == account)
            change = formula(terms, sale["plan"], paid) - posted if who else 0
            if change:
                kind = tier if payment else "reversal"
                self.post(who, kind, change, happened, now, account, sale["at"])

    @staticmethod
    def shown(entries: list[dict]) -> list[tuple]:
        return sorted((e["affiliate"], e["kind"], e["amount"]) for e in entries)
