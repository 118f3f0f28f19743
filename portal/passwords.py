"""Passwords: how they are made and compared, and which are too easily guessed. Pure.

Argon2id with 19 MiB, two passes, one lane. Letters are compared in one Unicode form (NFKC), so
another keyboard that spells an accent otherwise still signs in.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.rules import Refused

SHORTEST, LONGEST = 12, 1_000
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 that are not mistaken for one another
_ONE_TIME_FORM = rf"[{_LETTERS}]{{5}}(-[{_LETTERS}]{{5}}){{3}}"
_OBVIOUS = (
    "password passwort passw0rd letmein welcome iloveyou affiliate 1234567890 0987654321 12345678 "
    "123456 abcdefghijkl qwertyuiop asdfghjkl zxcvbnm qwerty changeme monkey dragon football"
).split()
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def one_time() -> str:
    """A new one-time password: 20 letters of 32, 100 random bits, in four groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def as_one_time(typed: str) -> str:
    """What was typed as a one-time password, blanks and capitals forgiven; empty for no such."""
    text = typed.strip().lower()
    return text if re.fullmatch(_ONE_TIME_FORM, text) else ""


def hashed(password: str) -> str:
    """The Argon2id hash to keep."""
    return _hasher.hash(unicodedata.normalize("NFKC", password))


def matches(kept: str | None, password: str) -> bool:
    """Compare with a kept hash, or with nobody's where there is none: both take the same time."""
    text = unicodedata.normalize("NFKC", password[: LONGEST + 1])
    try:
        return _hasher.verify(kept or _nobody(), text) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with weaker numbers than those of now."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


def check(new: str, own: Iterable[str]) -> None:
    """Refuse a poor new password on `new`; `own` are the person's names and addresses."""
    advice = "A few words that only you put together are better."
    for poor, said in (
        (len(new) < SHORTEST, f"A password has at least {SHORTEST} characters."),
        (len(new) > LONGEST, f"A password has at most {LONGEST:,} characters."),
        (as_one_time(new), "This looks like a one-time password. Choose one of your own."),
        (_is_obvious(new[:LONGEST], own), f"This password is easily guessed. {advice}"),
    ):
        if poor:
            raise Refused(said, "new")


def _is_obvious(new: str, own: Iterable[str]) -> bool:
    """Whether little is left without the person's own names and what everybody tries first."""
    left = _plain(new)
    for word in sorted((*map(_plain, own), *_OBVIOUS), key=len, reverse=True):
        left = left.replace(word, "") if len(word) > 2 else left
    return len(left) < 6 or len(set(left)) < 4


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
