"""The model's runs and checks, and with them the whole program."""

from __future__ import annotations

from datetime import datetime

from tests.model import No
from tests.model_sales import Sales

EARNED = ("commission", "override", "reversal")
STEPS = {"print": ("issued", "printed"), "spoil": ("printed", "issued"),
         "paid": ("printed", "paid"), "clear": ("paid", "cleared")}  # fmt: skip


class Program(Sales):
    """Everything: what is due, runs, checks, and how an affiliate stands."""

    def __init__(self, zone: str = "America/Los_Angeles"):
        super().__init__(zone)
        self.runs: dict[str, dict] = {}
        self.payouts: dict[tuple[str, str], dict] = {}

    # --- Runs ----------------------------------------------------------------------------------

    def due(self, code: str, month: str) -> int:
        """R18: negative entries and what voids gave back never wait for their month."""
        return sum(
            e["amount"]
            for e in self.entries
            if e["affiliate"] == code
            and (e["amount"] < 0 or e["kind"] == "payout_void" or e["at"] < self.end(month))
        )

    def hold(self, code: str, month: str) -> str | None:
        """R16, R20."""
        mine, years = self.affiliates[code], {}
        if mine["status"] == "suspended":
            return "suspended"
        for e in self.entries:
            if e["affiliate"] == code and e["kind"] in EARNED and e["paid_at"] < self.end(month):
                year = datetime.fromtimestamp(e["paid_at"], self.zone).year
                years[year] = years.get(year, 0) + e["amount"]
        above = max(years.values(), default=0) > self.terms["tax_threshold"]
        return "tax_id" if above and mine["us"] and not mine["tax_id"] else None

    def preview(self, month: str) -> dict:
        lists: dict = {"payouts": {}, "held": {}, "carried": {}}
        for code in self.affiliates:
            due, hold = self.due(code, month), self.hold(code, month)
            if due < 0 or (0 < due < self.terms["minimum_payout"] and not hold):
                lists["carried"][code] = due
            elif due > 0 and hold:
                lists["held"][code] = (due, hold)
            elif due > 0:
                lists["payouts"][code] = due
        return lists

    def run(self, month: str, now: int) -> dict:
        """R18, R19: the run of a month; the same again when it ran."""
        if month in self.runs:
            return self.runs[month]
        if now < self.end(month) or any(ran > month for ran in self.runs):
            raise No("month")
        lists = self.runs[month] = self.preview(month)
        for code, amount in lists["payouts"].items():
            self.payouts[month, code] = {"amount": amount, "check": "issued", "part": 1, "runs": 0}
            self.post(code, "payout", -amount, now, now)
        return lists

    # --- Checks --------------------------------------------------------------------------------

    def move(self, deed: str, month: str, code: str, now: int) -> str:
        """R21: the state of a payout's last check after the deed."""
        payout = self.payouts.get((month, code))
        if payout is None:
            raise No("affiliate")
        if deed == "void" and payout["check"] in ("issued", "printed", "paid"):
            self.post(code, "payout_void", payout["amount"], now, now)
            payout["check"], payout["runs"] = "void", len(self.runs)
        elif deed == "reissue" and self.may_reissue(payout, code, now):
            self.post(code, "payout", -payout["amount"], now, now)
            payout["check"], payout["part"] = "issued", payout["part"] + 1
        elif STEPS.get(deed, ("", ""))[0] == payout["check"] and self.may_print(deed, code):
            payout["check"] = STEPS[deed][1]
        else:
            raise No("affiliate")
        return payout["check"]

    def may_print(self, deed: str, code: str) -> bool:
        mine = self.affiliates[code]
        return deed != "print" or (mine["status"] != "suspended" and mine["address"])

    def may_reissue(self, payout: dict, code: str, now: int) -> bool:
        ran_since = len(self.runs) > payout["runs"]
        return payout["check"] == "void" and not ran_since and not self.hold(code, self.month(now))

    # --- Standing ------------------------------------------------------------------------------

    def standing(self, code: str, now: int) -> dict:
        """What `GET /affiliates/<code>` tells."""
        mine = self.affiliates[code]
        entries = [e for e in self.entries if e["affiliate"] == code]
        return {
            "code": code,
            "status": mine["status"],
            "referrer": mine["referrer"],
            "tax_id_on_file": mine["tax_id"],
            "clicks": sum(c["affiliate"] == code and not c["marked"] for c in self.clicks),
            "orders": sum(o["credited_to"] == code for o in self.orders.values()),
            "earned": sum(e["amount"] for e in entries if e["kind"] in EARNED),
            "paid": sum(
                p["amount"]
                for (_, who), p in self.payouts.items()
                if who == code and p["check"] != "void"
            ),
            "balance": sum(e["amount"] for e in entries),
            "hold": self.hold(code, self.month(now)),
        }
