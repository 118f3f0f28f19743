"""The whole program once more, small and slow: what the books must say after any history.

Written from the rules alone and on purpose unlike the portal: it imports nothing of it, keeps plain
lists of what happened, and adds everything up again each time it is asked. Instants are Unix
seconds, money is integer cents, shares are fractions until the last step.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

DAY = 86_400
TERMS = {
    "cookie_days": 90, "minimum_payout": 100_00, "tax_threshold": 600_00,
    "month_amount": 20_00, "month_threshold": 97_00, "month_rate": 20_00, "year_amount": 200_00,
    "once_rate": 20_00, "override_rate": 10_00,
}  # fmt: skip


class No(Exception):
    """The program says no: 422 on a field, or 409."""

    def __init__(self, field: str | None = None, conflict: bool = False):
        super().__init__(field)
        self.field, self.conflict = field, conflict


def same(email: str) -> str:
    """What R15 compares."""
    name, _, host = email.strip().casefold().partition("@")
    name = name.split("+")[0]
    google = host in ("gmail.com", "googlemail.com")
    return f"{name.replace('.', '')}@gmail.com" if google else f"{name}@{host}"


class People:
    """Affiliates, their clicks, and what is known of customers."""

    def __init__(self, zone: str = "America/Los_Angeles"):
        self.zone = ZoneInfo(zone)
        self.terms = dict(TERMS)
        self.affiliates: dict[str, dict] = {}
        self.clicks: list[dict] = []
        self.customers: dict[str, dict] = {}
        self.entries: list[dict] = []
        self.recorded = 0  # counts what was recorded: before and after have no other clock

    # --- Months --------------------------------------------------------------------------------

    def month(self, at: int) -> str:
        return f"{datetime.fromtimestamp(at, self.zone):%Y-%m}"

    def end(self, month: str) -> int:
        year, number = int(month[:4]), int(month[5:])
        after = (year + number // 12, number % 12 + 1)
        return int(datetime(*after, 1, tzinfo=self.zone).timestamp())

    # --- Affiliates ----------------------------------------------------------------------------

    def apply(
        self,
        code: str,
        email: str,
        now: int,
        click: int | None = None,
        us: bool = True,
        tax_id: bool = False,
        address: bool = True,
    ) -> bool:
        """R1, R3, R12: whether a new account was made."""
        if any(same(a["email"]) == same(email) for a in self.affiliates.values()):
            return False
        self.recorded += 1
        linked = {a["customer"] for a in self.affiliates.values()}
        paid = [
            c
            for name, c in self.customers.items()
            if c["email"]
            and name not in linked
            and same(c["email"]) == same(email)
            and c["paid"] is not None
        ]
        if paid:
            referrer = min(paid, key=lambda c: c["paid"])["owner"]
        else:
            seen = set() if click is None else self.visitors_of(click)
            won = self.last_click(seen, now, None)
            referrer = won and won["affiliate"]
        self.affiliates[code] = {
            "email": email, "status": "active", "referrer": referrer, "us": us, "tax_id": tax_id,
            "address": address, "customer": None, "applied": self.recorded,
        }  # fmt: skip
        return True

    def change_email(self, code: str, email: str) -> None:
        for other, a in self.affiliates.items():
            if other != code and same(a["email"]) == same(email):
                raise No("email")
        self.affiliates[code]["email"] = email

    def link(self, code: str, customer: str) -> None:
        """R12: the admin's link, once; it attaches by the same test as applying would have."""
        mine, known = self.affiliates[code], self.customers.get(customer)
        taken = any(a["customer"] == customer for a in self.affiliates.values())
        if known is None or taken or mine["customer"] is not None:
            raise No
        mine["customer"] = customer
        before = known["paid"] is not None and known["paid"] < mine["applied"]
        if before and mine["referrer"] is None and known["owner"] not in (None, code):
            mine["referrer"] = known["owner"]

    def adjust(self, code: str, amount: int, now: int) -> None:
        self.post(code, "adjustment", amount, now, now)

    # --- Clicks --------------------------------------------------------------------------------

    def click(self, code: str, now: int, former: int | None = None, robot: bool = False) -> int:
        """R4, R8: stores the click and returns its number; numbers grow in the order of storing."""
        number = len(self.clicks)
        known = former is not None and not self.clicks[former]["marked"]
        self.clicks.append({
            "number": number, "affiliate": code, "at": now, "days": self.terms["cookie_days"],
            "visitor": self.clicks[former]["visitor"] if known else number,
            "marked": robot or self.affiliates[code]["status"] != "active",
        })  # fmt: skip
        return number

    def visitors_of(self, click: int) -> set[int]:
        made = self.clicks[click]
        return set() if made["marked"] else {made["visitor"]}

    def last_click(self, visitors: set[int], at: int, buyer: str | None) -> dict | None:
        """R5, R6."""
        able = [
            c
            for c in self.clicks
            if c["visitor"] in visitors
            and not c["marked"]
            and 0 <= at - c["at"] <= c["days"] * DAY
            and c["affiliate"] != buyer
            and self.affiliates[c["affiliate"]]["status"] == "active"
        ]
        return max(able, key=lambda c: (c["at"], c["number"])) if able else None

    # --- The books -----------------------------------------------------------------------------

    def post(
        self,
        who: str,
        kind: str,
        amount: int,
        happened: int,
        now: int,
        account: tuple | None = None,
        paid_at: int | None = None,
    ) -> None:
        self.entries.append(
            {
                "affiliate": who,
                "kind": kind,
                "amount": amount,
                "at": happened,
                "recorded": now,
                "account": account,
                "paid_at": paid_at,
            }
        )

    def ledger(self, code: str) -> list[tuple]:
        return [
            (e["kind"], e["amount"], e["at"], e["recorded"])
            for e in self.entries
            if e["affiliate"] == code
        ]
