"""Counting tries in the database, exactly, however many processes count.

What is counted is kept only as a hash, so neither names nor addresses stand in the table. A window
is a fixed piece of the clock; while the clock stands still it does not end.
"""

import hashlib
import ipaddress
from datetime import datetime, timedelta

from peewee import CharField, CompositeKey, IntegerField

from portal.database import Table, UtcField, transaction
from portal.rules import Refused

QUARTER, HOUR = 900, 3600  # windows in seconds
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


class NotSignedIn(Refused):
    """A try that failed: `tries_left` from here, and in how many seconds the next is possible.

    `retry_after` is 0 unless the throttle refused (answer 429 with Retry-After then).
    """

    def __init__(self, message: str, tries_left: int = 0, retry_after: int = 0):
        super().__init__(message, "current")
        self.tries_left, self.retry_after = tries_left, retry_after


def _network(ip: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def count(key: str, window: int, now: datetime) -> int:
    """Count one more try of what `key` names; returns how many there are now in this window."""
    row = {"key": _hashed(key), "ends_at": _end(window, now), "count": 1}
    target, more = [Throttle.key, Throttle.ends_at], {Throttle.count: Throttle.count + 1}
    insert = Throttle.insert(row).on_conflict(conflict_target=target, update=more)
    with transaction():
        return next(iter(insert.returning(Throttle.count).execute())).count


def limit(what: str, ip: str, most: int, now: datetime) -> None:
    """Count what an address asks for, and refuse more than so many in an hour by NotSignedIn."""
    if count(f"{what} {_network(ip)}", HOUR, now) > most:
        raise _too_many(HOUR, now)


def _too_many(window: int, now: datetime) -> NotSignedIn:
    seconds = int((_end(window, now) - now).total_seconds())
    wait = f"{-(-seconds // 60)} minutes" if seconds > 60 else "a minute"
    return NotSignedIn(f"Too many tries. The next one is possible in {wait}.", 0, seconds)


def _hashed(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def _end(window: int, now: datetime) -> datetime:
    return now + timedelta(seconds=window - int(now.timestamp()) % window)


def _keys(who: str, ip: str) -> tuple[str, str, str]:
    address = _network(ip)
    return f"password {address} {who}", f"address {address}", f"account {who}"


def take(who: str, ip: str, now: datetime) -> int:
    """Count a password before it is looked at; returns the tries left. Raises NotSignedIn."""
    here, address, anywhere = _keys(who, ip)
    with transaction():
        from_here, from_address = count(here, QUARTER, now), count(address, QUARTER, now)
        free = from_here <= TRIES and from_address <= ADDRESS_TRIES
        # What was refused anyway counts against nobody else at this account.
        attacked = free and count(anywhere, QUARTER, now) > ATTACK
    limit = TRIES_UNDER_ATTACK if attacked else TRIES
    left = min(limit - from_here, ADDRESS_TRIES - from_address)
    if left < 0:
        raise _too_many(QUARTER, now)
    return left


def was_right(who: str, ip: str, now: datetime) -> None:
    """A right password counts as no try, and forgives the wrong ones from the same address."""
    here, *others = map(_hashed, _keys(who, ip))
    fewer = Throttle.update(count=Throttle.count - 1).where(Throttle.key.in_(others))
    with transaction():
        Throttle.delete().where(Throttle.key == here).execute()
        fewer.where(Throttle.ends_at == _end(QUARTER, now), Throttle.count > 0).execute()


def forget_old(now: datetime) -> None:
    """Delete the windows that ended more than a day ago."""
    Throttle.delete().where(Throttle.ends_at < now - timedelta(days=1)).execute()
