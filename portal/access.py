"""Proofs of identity: accounts, passwords, one-time passwords, reset links, API keys.

An account is an affiliate or an admin; its holder, "affiliate:17", names it in other tables.
Secrets are returned once, to be handed over, and kept only as hashes: Argon2id where people type
them, SHA-256 where they are 256 random bits. What may happen once is compare-and-set.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import CharField, ForeignKeyField

from portal import passwords, rules, throttle
from portal.database import Table, UtcField, transaction
from portal.models import Admin, Affiliate, AffiliateCode
from portal.throttle import NotSignedIn as NotSignedIn

ONE_TIME_LIFE = timedelta(days=7)
RESET_LIFE = timedelta(minutes=60)
Account = Affiliate | Admin


class OneTimePassword(Table):
    """The one-time password of an affiliate (R1); a new one takes the place of the older."""

    affiliate = ForeignKeyField(Affiliate, primary_key=True)
    password_hash = CharField()
    made_at = UtcField()


class ResetToken(Table):
    """A link to choose a new password: its SHA-256, for whom, and at which e-mail address."""

    hash = CharField(64, primary_key=True)
    holder = CharField(32, index=True)
    email_key = CharField()
    made_at = UtcField()
    new_email = CharField(default="")  # the address that this link confirms instead


class LoginSession(Table):
    """A browser that is signed in: the SHA-256 of its session id, for whom, and when last used."""

    hash = CharField(64, primary_key=True)
    holder = CharField(32, index=True)
    browser = CharField(64)
    began_at = UtcField()
    used_at = UtcField()


class ApiKey(Table):
    """A key of the API: its SHA-256. `last_used_on` is a day of UTC, YYYY-MM-DD."""

    name = CharField()
    hash = CharField(64, unique=True)
    created_at = UtcField()
    last_used_on = CharField(10, null=True)
    revoked_at = UtcField(null=True)


class SignedIn(NamedTuple):
    """Who signed in. With `must_replace` only the page to choose a password is open (R1)."""

    who: Account
    must_replace: bool


# --- Accounts ----------------------------------------------------------------------------------


def holder(account: Account) -> str:
    """The text that names an account in other tables: "affiliate:17"."""
    return f"{'admin' if isinstance(account, Admin) else 'affiliate'}:{account.id}"


def of(holder: str) -> Account | None:
    """The account that a holder names, read fresh, or None; also for text that names none."""
    kind, _, number = holder.partition(":")
    tables: dict[str, type[Account]] = {"admin": Admin, "affiliate": Affiliate}
    table = tables.get(kind)
    is_number = number.isascii() and number.isdigit()
    return table.get_or_none(id=int(number)) if table and is_number else None


def find(name: str) -> Account | None:
    """The account of a user name (a code, also one given up, R4) or of an e-mail address (R15).

    Of an admin and an affiliate with one address the address means the admin; the affiliate
    signs in by code. So every name means one account, and every try takes the same time.
    """
    if "@" in name:
        key = rules.email_key(name)
        return Admin.get_or_none(email_key=key) or Affiliate.get_or_none(email_key=key)
    known = AffiliateCode.get_or_none(code=name.strip().lower())
    return known.affiliate if known else Affiliate.get_or_none(code=name.strip().lower())


def may_sign_in(account: Account) -> bool:
    """Whether an account signs in at all: a suspended affiliate does (R16), a declined one not."""
    return isinstance(account, Admin) or account.status in (rules.ACTIVE, rules.SUSPENDED)


# --- Signing in --------------------------------------------------------------------------------


def sign_in(name: str, password: str, *, now: datetime, ip: str) -> SignedIn:
    """The account of this user name or e-mail and this password, own or one-time (R1, R16).

    An unknown name, a wrong password and an account in review or declined are one and the same
    NotSignedIn, after the same time. A right password counts no try, so nobody is locked out
    by what others try elsewhere. A one-time password is used up.
    """
    account = find(name)
    who = holder(account) if account else name.strip().casefold()
    left = throttle.take(who, ip, now)
    known = account if account and may_sign_in(account) else None
    one_time = passwords.as_one_time(password)
    proven = _use_one_time(known, one_time, now) if one_time else _proven(known, password)
    if not proven or known is None:
        raise NotSignedIn("The user name or the password is not right.", tries_left=left)
    throttle.was_right(who, ip, now)
    return SignedIn(known, must_replace=bool(one_time))


def check_password(account: Account, password: str, *, now: datetime, ip: str) -> None:
    """Ask somebody who is signed in for their own password again. Raises NotSignedIn."""
    left = throttle.take(holder(account), ip, now)
    if not _proven(account, password):
        raise NotSignedIn("The password is not right.", tries_left=left)
    throttle.was_right(holder(account), ip, now)


def _proven(account: Account | None, password: str) -> bool:
    stored = account.password_hash if account else None
    if not passwords.matches(stored, password):
        return False
    if account and stored and passwords.is_outdated(stored):
        table = type(account)
        renewed = table.update(password_hash=passwords.hashed(password))
        renewed.where(table.id == account.id, table.password_hash == stored).execute()
    return True


# --- One-time passwords ------------------------------------------------------------------------


def one_time_password(affiliate: Affiliate, *, now: datetime, new_email: str = "") -> str:
    """A fresh one-time password, shown here and never again; the affiliate's older one is dead.

    20 letters of 32 (100 bits), works once, for 7 days, and must be replaced then (R1).
    """
    text = passwords.one_time()
    row = {"password_hash": passwords.hashed(text), "made_at": now}
    with transaction():
        OneTimePassword.put({"affiliate": affiliate}, **row)
    return text


def _use_one_time(account: Account | None, password: str, now: datetime) -> bool:
    """Whether this is the account's live one-time password, which is used up then (R1)."""
    has_one = isinstance(account, Affiliate)
    row = OneTimePassword.get_or_none(affiliate=account.id) if account and has_one else None
    stored = row.password_hash if row and _within(row.made_at, ONE_TIME_LIFE, now) else None
    if not passwords.matches(stored, password):
        return False
    with transaction():
        once = OneTimePassword.delete().where(OneTimePassword.password_hash == stored)
        return once.execute() == 1


def _within(made_at: datetime, life: timedelta, now: datetime) -> bool:
    """Whether a secret is still alive; a clock that was put back does not give it a longer life."""
    return abs(now - made_at) < life


# --- Own passwords and reset links -------------------------------------------------------------


def set_password(account: Account, new: str, *, now: datetime) -> None:
    """Make this the own password: every session, one-time password and reset link ends.

    Raises Refused on `new` for a poor one.
    """
    own = [account.email, account.email.split("@")[0], *account.name.split()]
    passwords.check(new, [*own, account.code] if isinstance(account, Affiliate) else own)
    table, password_hash = type(account), passwords.hashed(new)
    changed = table.update(password_hash=password_hash, password_at=now)
    with transaction():
        changed.where(table.id == account.id).execute()
        forget_tokens(account)
        LoginSession.delete().where(LoginSession.holder == holder(account)).execute()
        if isinstance(account, Affiliate):
            OneTimePassword.delete().where(OneTimePassword.affiliate == account.id).execute()
        account.password_hash = password_hash
        account.password_at = now  # type: ignore[assignment]


def remove(admin: Admin) -> None:
    """Take an administrator's account away, with its tokens and every session."""
    forget_tokens(admin)
    LoginSession.delete().where(LoginSession.holder == holder(admin)).execute()
    admin.delete_instance()


def reset_token(account: Account, *, now: datetime, new_email: str = "") -> str:
    """A fresh token to choose a new password with, or to confirm a new address, once, within 60
    minutes; older ones for the same die.
    """
    same = ResetToken.new_email != "" if new_email else ResetToken.new_email == ""
    token = secrets.token_urlsafe(32)
    row = {"holder": holder(account), "email_key": account.email_key, "made_at": now}
    row["new_email"] = new_email
    with transaction():
        ResetToken.delete().where(ResetToken.holder == holder(account), same).execute()
        ResetToken.create(hash=sha256(token), **row)
    return token


def reset_holder(token: str, *, now: datetime) -> Account | None:
    """Who may choose a new password by this token, or None. Looking does not use it up."""
    return _holder(token, now)[0]


def email_of(token: str, *, now: datetime) -> tuple[Account | None, str]:
    """Whose new address this token confirms, and the address, or None."""
    return _holder(token, now, for_email=True)


def _holder(token: str, now: datetime, for_email: bool = False) -> tuple[Account | None, str]:
    row = ResetToken.get_or_none(hash=sha256(token))
    if row is None or bool(row.new_email) != for_email or not _within(row.made_at, RESET_LIFE, now):
        return None, ""
    account = of(row.holder)
    same = account and account.email_key == row.email_key and may_sign_in(account)
    return (account, row.new_email) if same else (None, "")


def forget_tokens(account: Account) -> None:
    """End every link that was mailed to an account."""
    ResetToken.delete().where(ResetToken.holder == holder(account)).execute()


# --- API keys ----------------------------------------------------------------------------------


def create_key(name: str, *, now: datetime) -> str:
    """A new API key, shown here and never again: "ap_live_" and 256 random bits."""
    token = f"ap_live_{secrets.token_urlsafe(32)}"
    ApiKey.create(name=name, hash=sha256(token), created_at=now)
    return token


def revoke_keys(name: str, *, now: datetime) -> int:
    """Make the API keys of a name worthless from now on; how many there were."""
    mine = (ApiKey.name == name) & ApiKey.revoked_at.is_null()
    return ApiKey.update(revoked_at=now).where(mine).execute()


def key_of(token: str) -> ApiKey | None:
    """The API key that a token is, or None: one look-up by a unique index, no slow hash."""
    return ApiKey.get_or_none(ApiKey.hash == sha256(token), ApiKey.revoked_at.is_null())


def used(key: ApiKey, *, now: datetime) -> None:
    """Keep on which day (UTC) a key was last used: one write a day and key."""
    today = now.date().isoformat()
    if key.last_used_on != today:
        ApiKey.update(last_used_on=today).where(ApiKey.id == key.id).execute()


def sha256(token: str) -> str:
    """The form in which a random secret is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
