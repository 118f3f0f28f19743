"""`portal demo`: a throw-away program with a year of activity, played through the real deeds.

Nothing here writes a table of its own accord: people apply, click, buy, are refunded and paid as
they are in earnest, at the times when it would have happened. The same seed plays the same year.
"""

import random
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from sched import scheduler
from typing import Any

from portal import access, affiliates, cases, checks, feeds, links, program, starter, verify, visits
from portal.database import migrate, transaction
from portal.mail import Message
from portal.models import Admin, Affiliate
from portal.months import Month, month_of
from portal.orders import record_refund, record_sale
from portal.payouts import run_month
from portal.rules import CHARGEBACK, REFUND, SUSPENDED, email_key
from portal.traffic import record_click

DAY, YEAR = timedelta(days=1), timedelta(days=365)
ADMIN = "office@maestro.example"
SETTINGS = {
    "program_name": "MaestroConference Affiliate Program",
    "program_address": "410 Harbor Way, Oakland, CA 94607",
    "support_email": "partners@maestro.example",
    "product_url": "https://www.maestro.example/",
    "allowed_hosts": "www.maestro.example",
    "landing_pages": "Free trial = https://www.maestro.example/trial\n"
    "Pricing = https://www.maestro.example/pricing",
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
    """The year as it is played: deeds wait for their time, and each plans what follows from it."""

    def __init__(self, now: datetime):
        self.chance = random.Random(20)  # noqa: S311 - a play, no secret
        self.now, self.start = now, now - YEAR
        self.today = self.start
        self.accounts: dict[str, Affiliate] = {}
        self.planned = scheduler(lambda: self.today.timestamp())
        self.events = self.buyers = 0
        self.unlucky = "moira-fenn"  # whose first check is lost in the mail

    def play(self) -> None:
        """Play every day up to now: what was planned for it, in the order of time."""
        for person in PEOPLE:
            self.plan(self.start + int(person["day"]) * DAY, self._join, person)
        self.plan(self.start + 20 * DAY, self._recruit)
        self._plan_run(month_of(self.start, program.load().zone))
        while self.today <= self.now:
            with transaction():
                self.planned.run(blocking=False)
            self.today += DAY

    def plan(self, at: datetime, deed: Callable[..., Any], *said: Any, **about: Any) -> None:
        """Let a deed be done at an instant; of those at the same one the first planned is first."""
        self.planned.enterabs(at.timestamp(), 0, deed, said, {**about, "now": at})

    def _minutes(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self.chance.randrange(least, most))

    # --- People ---

    def _join(self, person: dict[str, str], now: datetime) -> None:
        said: dict[str, Any] = {**person, "us_person": person["country"] == "US"}
        del said["day"], said["clicks"]
        if person["name"] == "Samuel Brook":  # who is referred by a click
            said["click_id"] = self._click(self.accounts["Jordan Reyes"], now)
        account, _ = affiliates.apply(now=now, **said)
        self.accounts[account.name] = account
        if person["name"] == "North Ad Co.":
            suspended = self.start + 330 * DAY
            self.plan(suspended, affiliates.set_status, account, SUSPENDED, by=ADMIN)
        for slug, (name, page) in LINKS.items() if account.name in LINKED else ():
            links.make(account, name, page, slug, now=now)
        self._visits(account, float(person["clicks"]), now)

    def _recruit(self, now: datetime) -> None:
        """Priya is Jordan's customer before she applies, and so in Jordan's second tier."""
        click = self._click(self.accounts["Jordan Reyes"], now)
        self._buy(click, PLANS[0], "Priya Nair", "priya@nair.example", now)

    # --- Clicks and sales ---

    def _visits(self, account: Affiliate, pull: float, now: datetime) -> None:
        """A day's visits by the links of an affiliate, about `pull` of them."""
        for _ in range(int(self.chance.gauss(pull, pull / 3) + 0.5)):
            self.plan(now + self._minutes(1, 1440), self._visit, account)
        self.plan(now + DAY, self._visits, account, pull)

    def _visit(self, account: Affiliate, now: datetime) -> None:
        jordan = self.accounts["Jordan Reyes"]
        around = self._click(jordan, now) if self.chance.random() < 0.05 else ""
        click = self._click(account, now, around)
        if click and self.chance.random() < 0.08 and account.name != "Yuki Tanaka":
            plan = self.chance.choices((*PLANS, YEARLY, ONCE), (8, 4, 2, 1, 2))[0]
            name = f"{self.chance.choice(FIRST.split())} {self.chance.choice(LAST.split())}"
            self.buyers += 1
            email = f"buyer{self.buyers}@customer.example"
            self.plan(now + self._minutes(1, 90), self._buy, click, plan, name, email)

    def _click(self, account: Affiliate, now: datetime, former: str = "") -> str:
        """A click by a new browser, or by the one of a former click."""
        headers = ROBOT if self.chance.random() < 0.08 else AGENT
        label, page = self.chance.choice(LABELS), self.chance.choice(PAGES)
        slug = self.chance.choice(("", "banner.1", *LINKS))
        about = {"sub_id": label, "referrer": page, "former": former}
        visit = visits.read(account.code, slug, headers=headers, now=now, **about)
        return record_click(visit).click_id

    def _buy(
        self, click: str, plan: tuple[str, int, str], name: str, email: str, now: datetime
    ) -> None:
        interval, price, called = plan
        sale = {
            "customer_id": f"cus-{self.events}",
            "order_id": f"{20_000 + self.events}",
            "email": email,
            "name": name,
            "amount": price if self.chance.random() < 0.9 else price * 3 // 4,
            "plan": {"interval": interval, "price": price, "name": called},
            "click_id": click,
        }
        self._pay(sale, now)

    def _pay(self, sale: dict[str, Any], now: datetime) -> None:
        """One payment; a few are given back, and most monthly ones come again."""
        self.events += 1
        event_id, price = f"pay-{self.events}", sale["plan"]["price"]
        record_sale(feeds.sale({**sale, "event_id": event_id}, now), now=now)
        if self.chance.random() < 0.05:
            self.plan(now + self._minutes(0, 30_000), self._give_back, event_id)
        elif sale["plan"]["interval"] == "month" and self.chance.random() < 0.85:
            again = {**sale, "amount": price, "click_id": None}
            self.plan(now + 30 * DAY + self._minutes(0, 600), self._pay, again)

    def _give_back(self, event_id: str, now: datetime) -> None:
        kind = CHARGEBACK if self.chance.random() < 0.3 else REFUND
        told = {"event_id": f"back-{event_id}", "sale_event_id": event_id, "kind": kind}
        record_refund(feeds.refund(told, now), now=now)

    # --- Payouts ---

    def _plan_run(self, month: Month) -> None:
        known = program.load()
        self.plan(month.payout_at(known.payout_day, known.zone), self._run, month)

    def _run(self, month: Month, now: datetime) -> None:
        """Run a month as the timetable does, and move its checks as the office does."""
        self._plan_run(month.plus(1))
        told = run_month(month, now=now, by="timetable")
        if not told["payouts"] or now > self.now - 25 * DAY:
            return
        checks.print_checks(month, by=ADMIN, now=now, first=max(checks.next_number(), 10_481))
        self.plan(now + DAY, checks.mark_paid, month, by=ADMIN)
        if self.unlucky in {row["affiliate"] for row in told["payouts"]}:
            lost, whose = now + 12 * DAY, {"codes": [self.unlucky], "by": ADMIN}
            self.plan(lost, checks.void, month, reason="lost in the mail", **whose)
            for deed in (checks.reissue, checks.print_checks, checks.mark_paid):
                self.plan(lost, deed, month, **whose)
            self.unlucky = ""
        self.plan(now + 14 * DAY, checks.clear, month, by=ADMIN)


def build(now: datetime) -> dict[str, str]:
    """Play the year into the connected, empty database; returns the passwords by user name."""
    year = Year(now)
    migrate()
    program.initialize(year.start)
    for name, value in SETTINGS.items():
        program.change(name, value, by="demo", now=year.start)
    starter.offer(now=year.start)
    year.play()
    Message.delete().where(Message.queued_at < now - 30 * DAY).execute()
    key = email_key(ADMIN)
    admin = Admin.create(email=ADMIN, email_key=key, name="Ana Whitfield", created_at=now)
    accounts = {account.code: account for account in year.accounts.values()} | {ADMIN: admin}
    passwords = {name: secrets.token_urlsafe(12) for name in accounts}
    for name, password in passwords.items():
        access.set_password(accounts[name], password, now=now)
    _ask(year.accounts["Jordan Reyes"], admin, now)
    verify.run(now=now)
    return passwords


def _ask(affiliate: Affiliate, admin: Admin, now: datetime) -> None:
    asked = now - 3 * DAY
    told = "My check of last month came without its voucher. May I have it once more?"
    case = cases.ask(affiliate, "A voucher is missing", told, key="voucher", now=asked)
    answer = "It is on its way. Until then every line of it is on your Payments page."
    seen = cases.notes(case)[-1].id
    cases.answer(case, answer, seen=seen, by=admin, key="voucher", now=asked + DAY)
    told = "Two readers wrote to me that they bought on the phone. Were they asked for my code?"
    cases.ask(affiliate, "Orders by phone", told, key="phone", now=now - DAY)
