"""Plays one deed on the portal and on the model and compares what both say.

The use cases are the real ones on a real database; nothing is stood in for. Instants are Unix
seconds here, as in the model.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal import (
    accounts,
    affiliates,
    checks,
    feeds,
    orders,
    payouts,
    program,
    rules,
    traffic,
    vault,
    verify,
    visits,
)
from portal.books import Entry, PaperCheck, Payout
from portal.models import Affiliate, Click
from tests import model
from tests.model_payouts import Program

START = int(datetime(2026, 1, 10, 18, 0, tzinfo=UTC).timestamp())
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
ROBOT = "Googlebot/2.1 (+http://www.google.com/bot.html)"
TAX_ID = "219-45-6780"
STANDING = ("code", "status", "referrer", "tax_id_on_file", "clicks", "orders", "earned", "paid")
STANDING += ("balance", "hold")


def utc(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def text(seconds: int | None) -> str | None:
    return None if seconds is None else f"{utc(seconds):%Y-%m-%dT%H:%M:%SZ}"


def told(entries: list[dict]) -> list[tuple]:
    return sorted((e["affiliate"], e["kind"], e["amount"]) for e in entries)


def said(deed: Callable[[], Any]) -> tuple[str, Any]:
    """What a deed came to: done and its answer, or how it was refused."""
    try:
        return "done", deed()
    except (rules.Refused, model.No) as no:
        return ("conflict" if getattr(no, "conflict", False) else "refused"), no.field
    except orders.Conflict:
        return "conflict", None


def spoil(month: str, *, codes: list[str], **about) -> dict:
    """The sheet on which the last check of somebody was printed is spoiled."""
    check = PaperCheck.last(Payout.run == month, Affiliate.code == codes[0]).first()
    if check is None or check.number is None:
        raise rules.Refused("There is no such sheet.", "affiliate")
    return checks.spoil(month, check.number, check.number, **about)


class Player:
    """The portal and the model side by side, and the clock of both."""

    def __init__(self, folder: Path):
        self.now = START
        self.model = Program()
        self.click_ids: list[str] = []
        self.deeds: list[str] = []  # to tell the history of a disagreement
        program.initialize(self.at)
        vault.use(folder)

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def agree(self, portal: Any, expected: Any, what: str) -> None:
        history = "\n  ".join(self.deeds)
        assert portal == expected, f"{what}\n  portal {portal}\n  model  {expected}\n  {history}"

    def note(self, *deed: Any) -> None:
        self.deeds.append(f"{text(self.now)} {' '.join(map(str, deed))}")

    def both(self, portal: Callable[[], Any], mine: Callable[[], Any], *deed: Any) -> tuple:
        """Do a deed on both sides; they come to the same."""
        self.note(*deed)
        came = said(mine)
        self.agree(said(portal), came, "the answer")
        self.compare_ledgers()
        return came

    # --- Affiliates ----------------------------------------------------------------------------

    def row(self, code: str) -> Affiliate:
        return Affiliate.get(Affiliate.code == code)

    def apply(self, code: str, email: str, click: int | None = None, **about: Any) -> bool:
        us, tax_id, address = (about.get(name, True) for name in ("us", "tax_id", "address"))
        where = {"line1": "1 Main St", "city": "Springfield"} if address else {}
        said = {"name": code.title(), "tax_id": TAX_ID if tax_id else "", "us_person": us} | where
        said |= {"email": email, "code": code, "click_id": self.click_id(click)}
        about = {"us": us, "tax_id": tax_id, "address": address}
        return self.both(
            lambda: affiliates.apply(now=self.at, by="api", **said)[1],
            lambda: self.model.apply(code, email, self.now, click, **about),
            "apply", code, email, click, about,
        )[1]  # fmt: skip

    def set_status(self, code: str, status: str) -> None:
        def mine() -> None:
            self.model.affiliates[code]["status"] = status

        def portal() -> None:
            affiliates.set_status(self.row(code), status, by="test", now=self.at)

        self.both(portal, mine, "status", code, status)

    def give_tax_id(self, code: str) -> None:
        def mine() -> None:
            self.model.affiliates[code]["tax_id"] = True

        def portal() -> None:
            affiliates.change_tax_id(self.row(code), TAX_ID, by="test", now=self.at)

        self.both(portal, mine, "tax id", code)

    def change_email(self, code: str, email: str) -> None:
        def portal() -> None:
            affiliates.change_email(self.row(code), email, by="test", now=self.at)

        self.both(portal, lambda: self.model.change_email(code, email), "e-mail", code, email)

    def link(self, code: str, customer: str) -> None:
        def portal() -> str | None:
            try:
                affiliates.link_customer(self.row(code), customer, by="test", now=self.at)
            except rules.Refused:  # the model does not know which field
                raise rules.Refused("Not so.") from None
            return None

        self.both(portal, lambda: self.model.link(code, customer), "link", code, customer)

    def adjust(self, code: str, amount: int) -> None:
        def portal() -> None:
            accounts.adjust(self.row(code), amount, "by hand", by="test", now=self.at)

        self.both(portal, lambda: self.model.adjust(code, amount, self.now), "adjust", code, amount)

    def change_terms(self, name: str, value: int) -> None:
        def mine() -> None:
            self.model.terms[name] = value

        def portal() -> None:
            program.change(name, str(value), by="test", now=self.at)

        self.both(portal, mine, "set", name, value)

    # --- Clicks, leads, sales, refunds ---------------------------------------------------------

    def click_id(self, number: int | None) -> str:
        return "" if number is None else self.click_ids[number]

    def click(self, code: str, former: int | None = None, robot: bool = False) -> int:
        self.note("click", len(self.click_ids), code, f"former {former}", "robot" * robot)
        number = self.model.click(code, self.now, former, robot)
        agent = {"user-agent": ROBOT if robot else BROWSER}
        visit = visits.read(code, headers=agent, now=self.at, former=self.click_id(former))
        outcome = traffic.record_click(visit)
        marked = self.model.clicks[number]["marked"]
        last = Click.select().order_by(Click.id.desc()).first()
        self.agree((not outcome.click_id, bool(last.mark)), (marked, marked), "the mark")
        self.agree(outcome.click_id or last.outside_id, last.outside_id, "ids grow")
        self.click_ids.append(last.outside_id)
        return number

    def read(self, door: Callable, **sent: Any) -> Any:
        """What the API would make of the fields that are there."""
        return door({k: v for k, v in sent.items() if v not in (None, "")}, self.at)

    def lead(self, event: str, customer: str, email: str = "", click: int | None = None) -> None:
        def portal() -> dict:
            sent = {"event_id": event, "customer_id": customer, "email": email}
            orders.record_lead(
                self.read(feeds.lead, **sent, click_id=self.click_id(click)), now=self.at
            )
            return {}

        mine = lambda: self.model.lead(event, customer, email, click)  # noqa: E731
        self.both(portal, mine, "lead", event, customer, email, click)

    def sale(self, event: str, customer: str, amount: int, **about: Any) -> tuple:
        """`about` is what the model's sale takes."""

        def portal() -> dict:
            plan = about.get("plan")
            sent = self.read(
                feeds.sale, event_id=event, customer_id=customer, amount=amount,
                email=about.get("email"), order_id=about.get("order"),
                plan=plan and {"interval": plan[0], "price": plan[1]},
                click_id=self.click_id(about.get("click")), referral_code=about.get("named"),
                occurred_at=text(about.get("at")), ordered_at=text(about.get("ordered")),
            )  # fmt: skip
            body = orders.record_sale(sent, now=self.at).body
            return {
                "credited_to": body["credited_to"],
                "rule": body["rule"],
                "entries": told(body["entries"]),
            }

        mine = lambda: self.model.sale(event, customer, amount, self.now, **about)  # noqa: E731
        return self.both(portal, mine, "sale", event, customer, amount, about)

    def refund(self, event: str, sale: str, **about: Any) -> tuple:
        """`about` is what the model's refund takes."""

        def portal() -> dict:
            sent = self.read(
                feeds.refund, event_id=event, sale_event_id=sale, amount=about.get("amount"),
                kind=about.get("kind"), occurred_at=text(about.get("at")),
            )  # fmt: skip
            body = orders.record_refund(sent, now=self.at).body
            return {"status": body["status"], "entries": told(body.get("entries", []))}

        mine = lambda: self.model.refund(event, sale, self.now, **about)  # noqa: E731
        return self.both(portal, mine, "refund", event, sale, about)

    # --- Runs and checks -----------------------------------------------------------------------

    @staticmethod
    def lists(body: dict) -> dict:
        return {
            "payouts": {p["affiliate"]: p["amount"] for p in body["payouts"]},
            "held": {h["affiliate"]: (h["amount"], h["reason"]) for h in body["held"]},
            "carried": {c["affiliate"]: c["amount"] for c in body["carried"]},
        }

    def run(self, month: str) -> None:
        def portal() -> dict:
            return self.lists(payouts.run_month(month, now=self.at, by="test"))

        self.both(portal, lambda: self.model.run(month, self.now), "run", month)

    def preview(self, month: str) -> None:
        def portal() -> dict:
            return self.lists(payouts.preview(month, now=self.at))

        self.both(
            portal,
            lambda: self.model.runs.get(month) or self.model.preview(month),
            "preview",
            month,
        )

    def move(self, deed: str, month: str, code: str) -> None:
        def portal() -> str:
            about = {"codes": [code], "by": "test", "now": self.at}
            if deed == "void":
                about["reason"] = "lost"
            does = {"print": checks.print_checks, "paid": checks.mark_paid, "clear": checks.clear,
                    "void": checks.void, "reissue": checks.reissue, "spoil": spoil}  # fmt: skip
            answer = does[deed](month, **about)
            if answer["refused"]:
                raise rules.Refused(answer["refused"][0]["reason"], "affiliate")
            return answer["moved"][0]["status"]

        self.both(portal, lambda: self.model.move(deed, month, code, self.now), deed, month, code)

    # --- Comparing -----------------------------------------------------------------------------

    def compare_ledgers(self) -> None:
        """Every entry of everybody, in the order of recording."""
        rows = Entry.select(
            Affiliate.code, Entry.kind, Entry.amount, Entry.happened_at, Entry.recorded_at
        ).join(Affiliate)
        kept: dict[str, list[tuple]] = {code: [] for code in self.model.affiliates}
        for code, kind, amount, happened, recorded in rows.order_by(Entry.id).tuples():
            kept[code].append((kind, amount, seconds(happened), seconds(recorded)))
        self.agree(kept, {code: self.model.ledger(code) for code in kept}, "the ledgers")

    def compare_standings(self) -> None:
        for code in self.model.affiliates:
            portal = accounts.standing(self.row(code), now=self.at)
            mine = self.model.standing(code, self.now)
            self.agree({name: portal[name] for name in STANDING}, mine, "the standing")

    def verify(self) -> None:
        """`portal verify` finds nothing."""
        self.agree(verify.run(now=self.at).differences, [], "verify")


def seconds(at: Any) -> int:
    return int(at.timestamp()) if isinstance(at, datetime) else int(at)
