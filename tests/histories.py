"""Random histories by seed, in a program so small that everything collides with everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.player import Player

DAY = 86_400
CODES = ["ann", "bob", "cyd", "dee", "eve"]
CUSTOMERS = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"]
EMAILS = ["ann@gmail.com", "A.nn+x@GoogleMail.com", "bob@shop.example", "BOB+1@shop.example",
          "cyd@x.example", "c.yd@x.example", "dee@x.example"]  # fmt: skip
PLANS = [("month", 97_00), ("month", 97_00), ("month", 96_99), ("month", 149_00)]
PLANS += [("year", 970_00), ("year", 970_00), ("year", 900_00), ("once", 97_00), ("month", 3)]
FREE = [("once", 0), ("month", 0), ("year", 0)]
AMOUNTS = [0, 1, 33, 97_00, 96_99, 49_50, 300_00, 970_00, 500_00, 2_500_00, 10_000_00]
STEPS = [0, 0, 1, 59, 3_600, DAY, DAY * 7, DAY * 29, DAY * 90]
TERMS = [("cookie_days", 30), ("cookie_days", 90), ("month_amount", 25_00), ("year_amount", 333_33),
         ("once_rate", 15_55), ("override_rate", 12_34), ("month_threshold", 96_99),
         ("month_rate", 10_01), ("minimum_payout", 50_00), ("minimum_payout", 150_00),
         ("tax_threshold", 20_00), ("tax_threshold", 200_00),
         ("tax_threshold", 600_00)]  # fmt: skip
KINDS = ["refund", "refund", "chargeback", "chargeback_reversed"]
CHECK_DEEDS = ["print", "spoil", "paid", "clear", "void", "reissue"]
NEXT = {"issued": ["print", "void"], "printed": ["paid", "void", "spoil"],
        "paid": ["clear", "void"], "cleared": [], "void": ["reissue", "reissue"]}  # fmt: skip


class History:
    """Deeds drawn by `choose`: a seeded choice here, or Hypothesis' own."""

    def __init__(self, player: Player, choose: Callable[[list], Any]):
        self.player, self.choose = player, choose
        self.seen: list[tuple[str, tuple, dict]] = []  # events as they were sent

    @property
    def codes(self) -> list[str]:
        return list(self.player.model.affiliates)

    def sometimes(self, values: list) -> Any:
        """One of the values, or nothing, which is as likely as all of them."""
        return self.choose(values) if values and self.choose([True, False]) else None

    def some_click(self) -> int | None:
        clicks = len(self.player.click_ids)
        return self.sometimes(list(range(max(0, clicks - 6), clicks)))

    def some_past(self) -> int | None:
        """Some time ago, or about the beginning of this month, the last one or this year."""
        model, now = self.player.model, self.player.now
        days = self.sometimes([0, 0, 1, 31, 90, 400, "month", "month", "last month", "year"])
        if days is None or isinstance(days, int):
            return days if days is None else now - days * DAY - self.choose([0, 1, 3_600])
        month = model.month(now - 40 * DAY if days == "last month" else now)
        before = (
            f"{int(month[:4]) - 1}-12"
            if days == "year"
            else model.month(model.end(month) - 32 * DAY)
        )
        return min(now, model.end(before) + self.choose([-1, 0, -3_600 * 5]))

    def clicked_at(self) -> int | None:
        """An instant at the end of some click's window, which is where it matters."""
        ends = [c["at"] + c["days"] * DAY + step for c in self.player.model.clicks[-6:]
                for step in (-1, 0, 1)]  # fmt: skip
        ends += [c["at"] + step for c in self.player.model.clicks[-6:] for step in (-1, 0)]
        return self.choose([at for at in ends if at <= self.player.now] or [self.player.now])

    # --- Deeds ---------------------------------------------------------------------------------

    def tick(self) -> None:
        self.player.now += self.choose(STEPS)

    def clock_goes_back(self) -> None:
        """Between two clicks of one browser, where it could change which is the last."""
        clicks = self.player.click_ids
        former = len(clicks) - 1 if clicks else None
        self.player.now -= self.choose([1, 2, 30])
        if self.codes:
            self.player.click(self.choose(self.codes), former)

    def to_a_months_edge(self) -> None:
        model = self.player.model
        end = model.end(model.month(self.player.now))
        near = end + self.choose([-1, 0, 1, -3_600 * 5])
        self.player.now = max(near, self.player.now)
        self.player.run(model.month(end - 1))

    def apply(self) -> None:
        free = [code for code in CODES if code not in self.codes]
        if free:
            about = {name: self.choose([True, False]) for name in ("us", "tax_id", "address")}
            customers = [c["email"] for c in self.player.model.customers.values() if c["owner"]]
            email = self.choose(EMAILS + 4 * customers)
            self.player.apply(free[0], email, self.some_click(), **about)

    def win_a_customer(self) -> None:
        """As it goes in the real world: a click, and then an order by that browser."""
        if self.codes:
            click = self.player.click(self.choose(self.codes))
            self.player.now += self.choose([0, 60, DAY * 5, DAY * 90, DAY * 90 + 1])
            customer = self.choose(CUSTOMERS)
            plan = self.choose(PLANS)
            about = {"email": f"{customer}@x.example", "click": click, "plan": plan}
            about["order"] = f"{customer}-1"
            self.send("sale", (f"s{len(self.seen)}", customer, plan[1]), about)

    def click(self) -> None:
        if self.codes:
            robot = self.choose([False, False, False, True])
            self.player.click(self.choose(self.codes), self.some_click(), robot)

    def lead(self) -> None:
        about = (self.choose(CUSTOMERS), self.sometimes(EMAILS) or "", self.some_click())
        self.send("lead", (f"l{len(self.seen)}", *about), {})

    def sale(self) -> None:
        event = self.choose([f"s{len(self.seen)}", f"s{len(self.seen) + 2}"])
        customer, at = self.choose(CUSTOMERS), self.some_past()
        amount = self.choose(AMOUNTS)
        about = {
            "email": self.choose([*EMAILS, f"{customer}@x.example", ""]),
            "order": self.sometimes([f"{customer}-1", f"{customer}-1", f"{customer}-2", "o"]),
            "plan": self.sometimes(PLANS + FREE * (amount == 0 or self.choose([0, 0, 1]))),
            "click": self.some_click(),
            "named": self.choose([None, None, None, *self.codes, "nobody"]),
            "at": at,
        }
        ordered = self.sometimes([self.clicked_at()])
        if ordered is not None and ordered <= (self.player.now if at is None else at):
            about["ordered"] = ordered
        self.send("sale", (event, customer, amount), about)

    def renew(self) -> None:
        """A further payment toward an order that somebody was credited with."""
        orders = self.player.model.orders
        credited = [order for order in orders if orders[order]["credited_to"]]
        if credited:
            order = self.choose(credited)
            amount = self.choose([orders[order]["plan"][1], 33_33, 1])
            about = {"order": order, "at": self.some_past()}
            if not orders[order]["plan"][1]:
                about["plan"] = ("month", 97_00)
            self.send("sale", (f"s{len(self.seen)}", orders[order]["customer"], amount), about)

    def refund(self) -> None:
        sales = list(self.player.model.sales)[-6:]
        later = [f"s{len(self.seen) + step}" for step in (1, 2)]
        about = {
            "amount": self.sometimes([1, 33, 97_00, 48_50, 300_00]),
            "kind": self.choose(KINDS),
            "at": self.some_past(),
        }
        self.send("refund", (f"r{len(self.seen)}", self.choose(sales * 2 + later)), about)

    def repeat(self) -> None:
        if self.seen:
            kind, args, about = self.choose(self.seen[-8:])
            getattr(self.player, kind)(*args, **about)

    def same_id_other_content(self) -> None:
        sales = [seen for seen in self.seen if seen[0] == "sale"]
        if sales:
            _, (event, customer, amount), about = self.choose(sales[-4:])
            self.player.sale(event, customer, amount + 1, **about)

    def send(self, kind: str, args: tuple, about: dict) -> None:
        self.seen.append((kind, args, about))
        getattr(self.player, kind)(*args, **about)

    def suspend(self) -> None:
        """Rather one who has a referrer: only then is there an override to keep or to lose."""
        second = [code for code in self.codes if self.player.model.affiliates[code]["referrer"]]
        if self.codes:
            self.player.set_status(self.choose(self.codes + 3 * second), "suspended")

    def reinstate(self) -> None:
        self.set_status("active")

    def set_status(self, status: str) -> None:
        if self.codes:
            self.player.set_status(self.choose(self.codes), status)

    def tax_id(self) -> None:
        if self.codes:
            self.player.give_tax_id(self.choose(self.codes))

    def change_email(self) -> None:
        if self.codes:
            self.player.change_email(self.choose(self.codes), self.choose(EMAILS))

    def link(self) -> None:
        if self.codes:
            self.player.link(self.choose(self.codes), self.choose(CUSTOMERS))

    def adjust(self) -> None:
        if self.codes:
            self.player.adjust(self.choose(self.codes), self.choose([1, -1, 100_00, -250_00]))

    def terms(self) -> None:
        self.player.change_terms(*self.choose(TERMS))

    def run(self) -> None:
        model = self.player.model
        ago = self.choose([20, 28, 31, 31, 31, 62, 0])
        self.player.run(model.month(self.player.now - ago * DAY))

    def next_month(self) -> None:
        """As it goes in the real world: the month ends and is run, its checks are printed."""
        model = self.player.model
        month = model.month(self.player.now)
        self.player.now = model.end(month) + self.choose([0, 1, 3_600])
        self.player.run(month)
        for payout in [payout for payout in model.payouts if payout[0] == month]:
            for deed in self.choose([[], ["print"], ["print", "paid"], ["print", "void"]]):
                self.player.move(deed, *payout)

    def preview(self) -> None:
        self.player.preview(self.player.model.month(self.player.now))

    def look(self) -> None:
        self.player.compare_standings()

    def check(self) -> None:
        payouts = list(self.player.model.payouts)[-5:]
        if payouts:
            payout = self.choose(payouts)
            likely = NEXT[self.player.model.payouts[payout]["check"]]
            self.player.move(self.choose([*likely, *likely, *CHECK_DEEDS]), *payout)


OFTEN = {"sale": 16, "click": 9, "refund": 9, "tick": 6, "check": 7, "apply": 4, "lead": 4,
         "repeat": 3, "next_month": 3, "win_a_customer": 8,
         "renew": 8}  # fmt: skip
DEEDS = ["sale", "click", "refund", "tick", "run", "check", "apply", "lead", "repeat", "suspend",
         "reinstate", "tax_id", "change_email", "link", "adjust", "terms", "clock_goes_back",
         "to_a_months_edge", "preview", "same_id_other_content", "next_month",
         "win_a_customer", "look", "renew"]  # fmt: skip


def play(player: Player, seed: int, steps: int = 60) -> None:
    """A history of a seed; raises AssertionError with the whole history where both differ."""
    dice = random.Random(seed)  # noqa: S311
    history = History(player, dice.choice)
    for _ in range(2):
        history.apply()
    weights = [OFTEN.get(name, 1) for name in DEEDS]
    for name in dice.choices(DEEDS, weights, k=steps):
        getattr(history, name)()
    player.compare_standings()
    player.verify()
