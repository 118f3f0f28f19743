"""`portal demo`: a throw-away program with a year of activity, played through the real deeds.

Nothing here writes a table of its own accord: people apply, click, buy, are refunded and paid as
they are in earnest, at the times when it would have happened. The same seed plays the same year.
"""

from __future__ import annotations

import os
import random
import secrets
import tempfile
from datetime import datetime, timedelta
from typing import Any

from portal import (
    access,
    affiliates,
    checks,
    config,
    database,
    feeds,
    links,
    mail,
    orders,
    payouts,
    program,
    refunds,
    rules,
    starter,
    traffic,
    vault,
    visits,
)
from portal import verify as books_check
from portal.affiliates import Application
from portal.models import Admin, Affiliate
from portal.months import Month, month_of

DAYS = 365
ADMIN = "office@maestro.example"
SETTINGS = {
    "program_name": "MaestroConference Affiliate Program",
    "program_address": "410 Harbor Way, Oakland, CA 94607",
    "support_email": "partners@maestro.example",
    "product_url": "https://www.maestro.example/",
    "allowed_hosts": "www.maestro.example",
    "landing_pages": "Pricing = https://www.maestro.example/pricing\n"
    "Free trial = https://www.maestro.example/trial",
}
PLANS = (("month", 9_700, "Pro"), ("month", 4_900, "Solo"), ("month", 19_700, "Team"))
YEARLY, ONCE = ("year", 97_000, "Pro"), ("once", 25_000, "Event pack")
FIRST = "Ada Ben Carla Dev Elsa Femi Gina Hugo Iris Jun Kofi Lena Milo Nora Omar Pia Quinn Rosa Sam"
LAST = "Adler Brook Costa Diaz Ekberg Fisher Grant Haddad Ito Jansen Kaya Lopez Moreau Novak Olsen"
AGENT = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
ROBOT = {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
PAGES = ("https://mail.example/", "https://social.example/post", "https://guide.example/calls", "")
LABELS = ("spring", "footer", "podcast-31", "ch-4", "")
LINKS = {"guide": ("Facilitation guide", "/trial"), "spring": ("Spring newsletter", "/pricing")}
LINKED = ("Jordan Reyes", "Samuel Brook")  # who made these links; an unknown one is the main link


# Name, e-mail, address, day they apply, clicks a day, tax ID; a U.S. address is a U.S. person's.
CAST = """
Jordan Reyes|jordan@reyesfacilitation.example|18 Alder Court|Portland|OR|97214|US|0|1.2|12-3456780
Moira Fenn|moira@northlight.example|9 Mill Lane|Leeds||LS1 4AP|GB|15|0.5|
North Ad Co.|ads@northad.example|400 Main Street|Denver|CO|80202|US|30|0.4|98-7654321
Priya Nair|priya@nair.example|77 Lamar Street|Austin|TX|78701|US|40|0.5|219-45-6789
Hanna Lindqvist|hanna@lindqvist.example|Storgatan 4|Malmö||211 42|SE|60|0.5|
Samuel Brook|samuel@brook.example|5 Elm Street|Dayton|OH|45402|US|90|1.1|
Łukasz Şahin|lukasz@sahin.example|ul. Długa 12|Kraków||31-147|PL|120|0.5|
Grace Okafor|grace@okafor.example|||||NG|150|0.5|
Yuki Tanaka|yuki@tanaka.example|2-1 Umeda|Osaka||530-0001|JP|200|0.4|
"""
_COLUMNS = "name email line1 city state postal_code country day clicks tax_id".split()
PEOPLE = [dict(zip(_COLUMNS, row.split("|"), strict=True)) for row in CAST.strip().splitlines()]


class Year:
    """The year as it is played: what the cast and its customers do on each day."""

    def __init__(self, now: datetime):
        self.chance = random.Random(20)  # noqa: S311 - a play, no secret
        self.now, self.start = now, now - timedelta(days=DAYS)
        self.accounts: dict[str, Affiliate] = {}
        self.renewals: list[tuple[datetime, dict[str, Any]]] = []
        self.events = 0

    def play(self) -> None:
        """Play every day up to now, with the runs and checks of every month."""
        for day in range(DAYS + 1):
            at = self.start + timedelta(days=day)
            with database.transaction():
                self._pay(at)
                self._join(day, at)
                self._office(day, at)
                self._traffic(day, at)
                self._renew(at)

    def _join(self, day: int, at: datetime) -> None:
        for person in PEOPLE:
            if int(person["day"]) == day:
                said: dict[str, Any] = {**person, "us_person": person["country"] == "US"}
                del said["day"], said["clicks"]
                if person["name"] == "Samuel Brook":  # who is referred by a click
                    said["click_id"] = self._click(self.accounts["Jordan Reyes"], at)
                made = affiliates.apply(Application(**said), now=at)[0]
                self.accounts[person["name"]] = made
                for slug, (name, page) in LINKS.items() if person["name"] in LINKED else ():
                    links.make(made, name, page, slug, now=at)

    def _office(self, day: int, at: datetime) -> None:
        """Jordan's customer Priya pays before she applies; North Ad Co. is suspended in time."""
        if day == 20:
            click = self._click(self.accounts["Jordan Reyes"], at)
            self._order(at, click, ("month", 9_700, "Pro"), "Priya Nair", "priya@nair.example")
        if day == 330:
            account = self.accounts["North Ad Co."]
            affiliates.set_status(account, rules.SUSPENDED, by=ADMIN, now=at)

    def _traffic(self, day: int, at: datetime) -> None:
        for person in PEOPLE:
            account, pull = self.accounts.get(person["name"]), float(person["clicks"])
            if account is None:
                continue
            for _ in range(int(self.chance.gauss(pull, pull / 3) + 0.5)):
                moment = at - timedelta(seconds=self.chance.randrange(1, 80_000))
                moment = moment if moment > account.applied_at else at
                click = self._click(account, moment)
                if click and self.chance.random() < 0.08 and person["name"] != "Yuki Tanaka":
                    plan = self.chance.choices((*PLANS, YEARLY, ONCE), (8, 4, 2, 1, 2))[0]
                    name = f"{self._pick(FIRST)} {self._pick(LAST)}"
                    bought = min(at, moment + self._minutes(1, 90))
                    self._order(bought, click, plan, name, f"buyer{self.events}@customer.example")

    def _minutes(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self.chance.randrange(least, most))

    def _pick(self, words: str) -> str:
        return self.chance.choice(words.split())

    def _click(self, account: Affiliate, at: datetime) -> str:
        headers = ROBOT if self.chance.random() < 0.08 else AGENT
        label, page = self.chance.choice(LABELS), self.chance.choice(PAGES)
        slug = self.chance.choice(("", *LINKS))
        visit = visits.read(
            account.code, slug, headers=headers, now=at, sub_id=label, referrer=page
        )
        return traffic.record_click(visit).click_id

    def _order(
        self, at: datetime, click: str, plan: tuple[str, int, str], name: str, email: str
    ) -> None:
        interval, price, called = plan
        self.events += 1
        sale = {
            "event_id": f"pay-{self.events}",
            "customer_id": f"cus-{self.events}",
            "order_id": f"{20_000 + self.events}",
            "email": email,
            "name": name,
            "amount": price if self.chance.random() < 0.9 else price * 3 // 4,
            "plan": {"interval": interval, "price": price, "name": called},
            "click_id": click,
        }
        self._sale(sale, at)

    def _sale(self, sale: dict[str, Any], at: datetime) -> None:
        event = feeds.sale(sale, at)
        assert isinstance(event, feeds.SaleIn)  # noqa: S101
        orders.record_sale(event, now=at)
        if self.chance.random() < 0.04:
            self._refund(sale["event_id"], at)
        elif sale["plan"]["interval"] == "month" and self.chance.random() < 0.85:
            self.renewals.append((at + timedelta(days=30) + self._minutes(0, 600), sale))

    def _refund(self, event_id: str, at: datetime) -> None:
        kind = rules.CHARGEBACK if self.chance.random() < 0.3 else rules.REFUND
        told = {"event_id": f"back-{event_id}", "sale_event_id": event_id, "kind": kind}
        event = feeds.refund(told, at)
        assert isinstance(event, feeds.RefundIn)  # noqa: S101
        refunds.record_refund(event, now=at)

    def _renew(self, at: datetime) -> None:
        due = [one for one in self.renewals if one[0] <= at]
        self.renewals = [one for one in self.renewals if one[0] > at]
        for when, sale in due:
            self.events += 1
            again = {"event_id": f"pay-{self.events}", "amount": sale["plan"]["price"]}
            self._sale({**sale, **again, "click_id": None}, when)

    def _pay(self, at: datetime) -> None:
        """Run the month before as the timetable does, and move its checks as the office does."""
        current = program.load()
        month = month_of(at, current.zone).plus(-1)
        due = month.payout_at(current.payout_day, current.zone)
        if at - timedelta(days=1) < due <= at:
            told = payouts.run_month(month, now=due, by="timetable")
            if at < self.now - timedelta(days=25) and told["payouts"]:
                self._post(month, due)

    def _post(self, month: Month, at: datetime) -> None:
        by, first = ADMIN, max(checks.next_number(), 10_481)
        checks.print_checks(month, by=by, now=at, first=first)
        posted = at + timedelta(days=1)
        checks.mark_paid(month, by=by, now=posted)
        if self.chance.random() < 0.2:
            code = self.accounts["Moira Fenn"].code
            reason, later = "lost in the mail", at + timedelta(days=12)
            checks.void(month, codes=[code], by=by, now=later, reason=reason)
            checks.reissue(month, codes=[code], by=by, now=later)
            checks.print_checks(month, codes=[code], by=by, now=later)
            checks.mark_paid(month, codes=[code], by=by, now=later)
        checks.clear(month, by=by, now=at + timedelta(days=14))


def build(environ: dict[str, str], now: datetime) -> dict[str, str]:
    """Play the year into a fresh program; returns the passwords by user name."""
    found = config.load(environ)
    database.connect(found.database_url)
    database.db.connect(reuse_if_open=True)
    vault.use(found.data)
    database.migrate()
    program.initialize(now - timedelta(days=DAYS))
    starter.offer(now=now - timedelta(days=DAYS))
    for name, value in SETTINGS.items():
        program.change(name, value, by="demo", now=now - timedelta(days=DAYS))
    year = Year(now)
    year.play()
    mail.Message.delete().where(mail.Message.queued_at < now - timedelta(days=30)).execute()
    passwords = {account.code: _password(account, now) for account in year.accounts.values()}
    key = rules.email_key(ADMIN)
    admin = Admin.create(email=ADMIN, email_key=key, name="Ana Whitfield", created_at=now)
    passwords[ADMIN] = _password(admin, now)
    books_check.run(now=now)
    database.db.close()
    return passwords


def _password(account: Admin | Affiliate, now: datetime) -> str:
    password = secrets.token_urlsafe(12)
    access.set_password(account, password, now=now)
    return password


def environment(folder: str, port: int) -> dict[str, str]:
    """The environment of a demo in a folder of its own; nothing of the real one is used."""
    kept = {name: os.environ[name] for name in ("PORTAL_URL",) if name in os.environ}
    own = {"DATABASE_URL": f"sqlite:///{folder}/demo.db", "PORTAL_DATA": folder}
    return {"PORTAL_URL": f"http://127.0.0.1:{port}", **kept, **own}


def folder() -> tempfile.TemporaryDirectory:
    """A folder that goes when the demo ends."""
    return tempfile.TemporaryDirectory(prefix="portal-demo-")
