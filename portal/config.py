"""The environment: where things are and what they are reached with, read once, at the start.

An unusable value stops the start with a sentence that names it. Rates, windows and texts are not
here: they are the program's own settings (settings.py) and live in the database.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

SHORTEST_SECRET = 16


class Unusable(Exception):
    """A value of the environment that the portal cannot start with. The text is a sentence."""

    def __init__(self, name: str, why: str):
        super().__init__(f"{name} {why}")
        self.name = name


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in; `tls` means TLS from the start, before any greeting."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Config:
    """The environment, read and found usable."""

    database_url: str = field(repr=False)
    data: Path
    secret_key: str = field(repr=False)
    url: str
    proxies: int
    mail: MailServer | None
    stripe_secrets: tuple[str, ...] = field(repr=False)


def load(environ: Mapping[str, str]) -> Config:
    """The configuration that an environment says; an empty value is as good as none.

    Makes the data folder and, where none is given, the secret key. Raises Unusable.
    """

    def told(name: str, default: str = "") -> str:
        return environ.get(name, "").strip() or default

    data = Path(told("PORTAL_DATA", "instance"))
    _make_folder("PORTAL_DATA", data)
    return Config(
        database_url=_database(told("DATABASE_URL", "sqlite:///instance/portal.db")),
        data=data,
        secret_key=_secret_key(told("PORTAL_SECRET_KEY"), data),
        url=_public_address(told("PORTAL_URL", "http://127.0.0.1:8000")),
        proxies=_proxies(told("PORTAL_PROXIES", "0")),
        mail=_mail_server(told("MAIL_URL")),
        stripe_secrets=_stripe_secrets(told("STRIPE_WEBHOOK_SECRET")),
    )


def _make_folder(name: str, folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(name, f"names a folder that cannot be made: {error}.") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Unusable(name, f"names a folder that cannot be written: {folder}.")


def _split(name: str, url: str) -> SplitResult:
    """A URL in its parts. The URL itself is in no message: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here, because a bad port is found only when it is asked for
    except ValueError as error:
        raise Unusable(name, f"is not an address: {error}.") from error
    return parts


def _database(url: str) -> str:
    parts = _split("DATABASE_URL", url)
    if parts.scheme == "postgresql":
        if parts.path in ("", "/"):
            raise Unusable("DATABASE_URL", "names no database after the host: …@host/name.")
        return url
    if parts.scheme != "sqlite":
        raise Unusable("DATABASE_URL", "must begin with sqlite:/// or postgresql://.")
    file = url.removeprefix("sqlite:///")
    if file == url or not file:
        why = "needs three slashes and a file, like sqlite:///instance/portal.db."
        raise Unusable("DATABASE_URL", why)
    if ":memory:" in file or "?" in file or "#" in file:
        raise Unusable("DATABASE_URL", "must name a plain file for SQLite, without options.")
    _make_folder("DATABASE_URL", Path(file).parent)
    if Path(file).is_dir():
        raise Unusable("DATABASE_URL", f"names a folder where a file is needed: {file}.")
    return url


def _secret_key(given: str, data: Path) -> str:
    if given:
        if len(given) < SHORTEST_SECRET:
            raise Unusable("PORTAL_SECRET_KEY", f"is shorter than {SHORTEST_SECRET} characters.")
        return given
    path = data / "secret-key"
    if not path.exists():
        _make_secret(path)
    key = path.read_text().strip()
    if len(key) < SHORTEST_SECRET:
        raise Unusable("PORTAL_DATA", f"holds a secret key that is too short: {path}.")
    return key


def _make_secret(path: Path) -> None:
    """Keep a new secret, unless another process was first.

    It is written aside and linked into place, so nobody ever reads half a key.
    """
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    opened = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink()


def _public_address(url: str) -> str:
    parts = _split("PORTAL_URL", url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unusable("PORTAL_URL", "must be like https://affiliates.example.com.")
    if parts.path not in ("", "/") or "?" in url or "#" in url or "@" in parts.netloc:
        raise Unusable("PORTAL_URL", "must be scheme and host alone, without a path or a query.")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _proxies(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text):
        raise Unusable("PORTAL_PROXIES", f"must be a whole number from 0 to 99, not {text!r}.")
    return int(text)


def _mail_server(url: str) -> MailServer | None:
    if not url:
        return None
    parts = _split("MAIL_URL", url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise Unusable("MAIL_URL", "must be like smtp://user:password@host:587.")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.port == 0:
        raise Unusable(
            "MAIL_URL", "must end after the port; write %23, %2F and %3F for #, / and ?."
        )
    tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=parts.port or (465 if tls else 587),
        tls=tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _stripe_secrets(text: str) -> tuple[str, ...]:
    listed = tuple(secret.strip() for secret in text.split(",")) if text else ()
    if not all(listed):
        raise Unusable("STRIPE_WEBHOOK_SECRET", "has an empty place between its commas.")
    return listed
