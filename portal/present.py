"""What is known of everyone else when something is recorded: a World, here the present one.

Everything is read within the deed's own transaction, so nothing changes between reading and
writing. past.py has the same for any moment before (R24).
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from datetime import datetime
from math import inf

from portal import rules
from portal.models import Affiliate, AffiliateCode, Click, last_click


class World(ABC):
    """What is known just before the fact of a number.

    Clicks are stored beside deeds: those up to `clicks_to` are known, and the fact says so.
    """

    def __init__(self, before: float, clicks_to: int):
        self.before, self.clicks_to = before, clicks_to
        self._buyers: dict[tuple[int, str], int | None] = {}

    @abstractmethod
    def status(self, affiliate: int) -> str:
        """The status of an affiliate."""

    @abstractmethod
    def referrer(self, affiliate: int) -> int | None:
        """To whom an affiliate is attached (R12)."""

    @abstractmethod
    def same(self, customer: int, email_key: str) -> int | None:
        """The affiliate of any status who is a customer: linked to it, else by e-mail (R15)."""

    def buyer(self, customer: int, email_key: str) -> int | None:
        """The active or suspended affiliate who is the customer (R15)."""
        asked = (customer, email_key)
        if asked not in self._buyers:
            who = self.same(*asked)
            able = who and self.status(who) in (rules.ACTIVE, rules.SUSPENDED)
            self._buyers[asked] = who if able else None
        return self._buyers[asked]

    def active(self, affiliates: Iterable[int]) -> frozenset[int]:
        return frozenset(a for a in affiliates if self.status(a) == rules.ACTIVE)

    def named(self, code: str) -> int | None:
        """The affiliate who owns a code, in any case, also one given up (R4)."""
        row = AffiliateCode.get_or_none(code=code.casefold())
        return row.affiliate_id if row and row.fact_id < self.before else None

    def clicks(self, visitors: Collection[int], until: datetime) -> tuple[rules.Click, ...]:
        """The unmarked clicks of browsers up to an instant."""
        if not visitors:
            return ()
        query = Click.select(Click.id, Click.affiliate_id, Click.clicked_at, Click.days)
        query = query.where(
            Click.visitor.in_(list(visitors)),
            Click.mark.is_null(),
            Click.clicked_at <= until,
            Click.id <= self.clicks_to,
        )
        return tuple(rules.Click(*row) for row in query.tuples())

    def click(self, click_id: str) -> Click | None:
        """The click of an outside id, marked or not."""
        click = Click.find(click_id) if click_id else None
        return click if click and click.id <= self.clicks_to else None

    def visitor(self, click_id: str) -> int | None:
        """The browser of an unmarked click, for a click id that is known (R6, R8)."""
        click = self.click(click_id)
        return click.visitor if click and not click.mark else None


class Now(World):
    """The world as it stands now. One is made for each deed and reads things once."""

    def __init__(self) -> None:
        super().__init__(inf, last_click())
        self._known: dict[int, Affiliate] = {}

    def _affiliate(self, affiliate: int) -> Affiliate:
        if affiliate not in self._known:
            self._known[affiliate] = Affiliate.get_or_none(id=affiliate)
        return self._known[affiliate]

    def status(self, affiliate: int) -> str:
        return self._affiliate(affiliate).status

    def referrer(self, affiliate: int) -> int | None:
        return self._affiliate(affiliate).referrer_id

    def same(self, customer: int, email_key: str) -> int | None:
        one = Affiliate.customer_id == customer
        if email_key:
            one |= Affiliate.email_key == email_key
        found = {row.id: row for row in Affiliate.select().where(one)}
        self._known |= found
        # Somebody linked to the customer comes before anybody with its e-mail.
        return min(found, key=lambda id: found[id].customer_id != customer, default=None)

    def code(self, affiliate: int | None) -> str | None:
        return None if affiliate is None else self._affiliate(affiliate).code
