"""Counting tries in the database, exactly, however many processes count.

What is counted is kept only as a hash, so neither names nor addresses stand in the table. A window
is a fixed piece of the clock; while the clock stands still it does not end.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from peewee import CharField, CompositeKey, Expression, IntegerField

from portal.database import Table, UtcField, transaction
from portal.rules import Refused

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
TRIES = 5  # wrong passwords for one account from one address in QUARTER
TRIES_UNDER_ATTACK = 2  # the same, once ATTACK tries came for the account from anywhere
ATTACK = 50
ADDRESS_TRIES = 20  # wrong passwords from one address, whatever the account


class Throttle(Table):
    """How often one thing was tried in the window that ends at an instant."""

    key = CharField(32)
    ends_at = UtcField()
    count = IntegerField()

    class Meta:
        primary_key = CompositeKey("key", "ends_at")


def network(ip: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Counter:
    """One thing that is counted: `what` in words, `of` whom, within windows of a length."""

    def __init__(self, what: str, *of: str, window: timedelta):
        text = "\0".join((what, *of))
        self.key = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        self.seconds = int(window.total_seconds())

    def _end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.seconds_left(now))

    def _row(self, now: datetime) -> Expression:
        return (Throttle.key == self.key) & (Throttle.ends_at == self._end(now))

    def add(self, now: datetime) -> int:
        """Count one more; returns how many there are now in this window."""
        insert = Throttle.insert(key=self.key, ends_at=self._end(now), count=1).on_conflict(
            conflict_target=[Throttle.key, Throttle.ends_at],
            update={Throttle.count: Throttle.count + 1},
        )
        with transaction():
            return next(iter(insert.returning(Throttle.count).execute())).count

    def take_back(self, now: datetime) -> None:
        """Count one less: what was tried turned out to be right."""
        fewer = Throttle.update(count=Throttle.count - 1)
        fewer.where(self._row(now), Throttle.count > 0).execute()

    def clear(self, now: datetime) -> None:
        """Start this window anew."""
        Throttle.delete().where(self._row(now)).execute()

    def seconds_left(self, now: datetime) -> int:
        """Seconds until this window ends; at least 1."""
        return self.seconds - int(now.timestamp()) % self.seconds


class NotSignedIn(Refused):
    """A try that failed: `tries_left` from here, and in how many seconds the next is possible.

    `retry_after` is 0 unless the throttle refused (answer 429 with Retry-After then).
    """

    def __init__(self, message: str, tries_left: int = 0, retry_after: int = 0):
        super().__init__(message, "password")
        self.tries_left, self.retry_after = tries_left, retry_after


def throttled(seconds: int) -> NotSignedIn:
    """The refusal of a try that is possible again in so many seconds."""
    minutes = -(-seconds // 60)
    wait = f"{minutes} minutes" if minutes > 1 else "a minute"
    return NotSignedIn(f"Too many tries. The next one is possible in {wait}.", 0, seconds)


class Tries:
    """The counts that one try touches. It is counted before it is looked at, so they are exact."""

    def __init__(self, who: str, ip: str):
        address = network(ip)
        self.here = Counter("password", who, address, window=QUARTER)
        self.address = Counter("address", address, window=QUARTER)
        self.anywhere = Counter("account", who, window=QUARTER)

    def take(self, now: datetime) -> int:
        """Count a try; returns how many more there are. Raises NotSignedIn when there was none."""
        with transaction():
            here, address = self.here.add(now), self.address.add(now)
            free = here <= TRIES and address <= ADDRESS_TRIES
            # What was refused anyway counts against nobody else at this account.
            limit = TRIES_UNDER_ATTACK if free and self.anywhere.add(now) > ATTACK else TRIES
        if here > limit or address > ADDRESS_TRIES:
            raise throttled(self.here.seconds_left(now))
        return max(0, min(limit - here, ADDRESS_TRIES - address))

    def were_right(self, now: datetime) -> None:
        """A right password counts as no try."""
        with transaction():
            self.here.clear(now)
            self.address.take_back(now)
            self.anywhere.take_back(now)


def forget_old(now: datetime) -> None:
    """Delete the windows that ended more than a day ago."""
    Throttle.delete().where(Throttle.ends_at < now - timedelta(days=1)).execute()
