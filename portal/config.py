"""The environment: where things are and what they are reached with, read once, at the start.

An unusable value stops the start with a sentence that names it. Rates, windows and texts are not
here: they are the program's own settings (settings.py) and live in the database.
"""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

SHORTEST_SECRET = 16


class Unusable(Exception):
    """A value of the environment that the portal cannot start with. The text is a sentence."""


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

    data, proxies = Path(told("PORTAL_DATA", "instance")), told("PORTAL_PROXIES", "0")
    _need_folder("PORTAL_DATA", data)
    must_be = f"PORTAL_PROXIES must be a whole number from 0 to 99, not {proxies!r}."
    _need(re.fullmatch("[0-9]{1,2}", proxies), must_be)
    stripe = told("STRIPE_WEBHOOK_SECRET")
    stripe_secrets = tuple(secret.strip() for secret in stripe.split(",") if stripe)
    _need(all(stripe_secrets), "STRIPE_WEBHOOK_SECRET has an empty place between its commas.")
    return Config(
        database_url=_database(told("DATABASE_URL", "sqlite:///instance/portal.db")),
        data=data,
        secret_key=_secret_key(told("PORTAL_SECRET_KEY"), data / "secret-key"),
        url=_public_address(told("PORTAL_URL", "http://127.0.0.1:8000")),
        proxies=int(proxies),
        mail=_mail_server(told("MAIL_URL")),
        stripe_secrets=stripe_secrets,
    )


def _need(usable: object, otherwise: str) -> None:
    if not usable:
        raise Unusable(otherwise)


def keep(path: Path, text: str, *, anew: bool = False) -> str:
    """Write a secret file, mode 0600, unless another process was first; returns what it holds.

    `anew` writes in the place of the file that is there, as its owner's.

    It is written aside, put into place and flushed with its folder, so nobody reads half of it
    and no power cut takes it away. Raises OSError.
    """
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if anew:
            os.chown(aside, path.stat().st_uid, -1)  # root may act for the user who serves
        with suppress(FileExistsError):
            (os.replace if anew else os.link)(aside, path)
        os.fsync(folder)
    finally:
        os.close(folder)
        aside.unlink(missing_ok=True)
    return path.read_text()


def _need_folder(name: str, folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"{name} names a folder that cannot be made: {error}.") from error
    writable = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    _need(writable, f"{name} names a folder that cannot be written: {folder}.")


def _split(name: str, url: str) -> SplitResult:
    """A URL in its parts. The URL itself is in no message: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here, because a bad port is found only when it is asked for
    except ValueError as error:
        raise Unusable(f"{name} is not an address: {error}.") from error
    return parts


def _database(url: str) -> str:
    parts = _split("DATABASE_URL", url)
    known = parts.scheme in ("sqlite", "postgresql")
    _need(known, "DATABASE_URL must begin with sqlite:/// or postgresql://.")
    if parts.scheme == "postgresql":
        name = parts.path.strip("/")
        _need(name, "DATABASE_URL names no database after the host: …@host/name.")
        return url
    usable = re.fullmatch("sqlite:///(?!.*:memory:)[^?#]+", url)
    form = "three slashes and a plain file without options, like sqlite:///instance/portal.db"
    _need(usable, f"DATABASE_URL needs {form}.")
    file = Path(url.removeprefix("sqlite:///"))
    _need_folder("DATABASE_URL", file.parent)
    _need(not file.is_dir(), f"DATABASE_URL names a folder where a file is needed: {file}.")
    return url


def _secret_key(given: str, path: Path) -> str:
    if not given and not path.exists():
        keep(path, secrets.token_urlsafe(32))
    key = given or path.read_text().strip()
    where = "PORTAL_SECRET_KEY is" if given else f"PORTAL_DATA holds a key too short, {path}:"
    _need(len(key) >= SHORTEST_SECRET, f"{where} shorter than {SHORTEST_SECRET} characters.")
    return key


def _public_address(url: str) -> str:
    parts = _split("PORTAL_URL", url)
    usable = re.fullmatch("https?://[^/?#@]+/?", url, re.IGNORECASE) and parts.hostname
    form = "like https://affiliates.example.com, scheme and host alone, without a path or a query"
    _need(usable, f"PORTAL_URL must be {form}.")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _mail_server(url: str) -> MailServer | None:
    if not url:
        return None
    parts = _split("MAIL_URL", url)
    usable = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    alone = parts.path in ("", "/") and not parts.query and not parts.fragment
    form = "like smtp://user:password@host:587 and end after the port"
    _need(usable and alone, f"MAIL_URL must be {form}; write %23, %2F and %3F for #, / and ?.")
    tls = parts.scheme == "smtps"
    port = parts.port or (465 if tls else 587)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname or "", port, tls, user, password)
