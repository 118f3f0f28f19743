"""The commands of who may come in: administrators, one-time passwords, and keys."""

import secrets
import sys

import click

from portal import access, affiliates, database, fields, rules, transfer
from portal.database import utcnow
from portal.filing import rotate
from portal.models import Admin, Audit
from portal.terminal import BY, opened

admin = click.Group("admin", help="Administrators. Example: portal admin create ada@example.com")
affiliate = click.Group("affiliate", help="Affiliates. Example: portal affiliate password ada")
key = click.Group("key", help="Keys of the API and of tax IDs. Example: portal key create shop")


@admin.command("create")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_admin(email: str, password_stdin: bool) -> None:
    """Make somebody an administrator; without a terminal a password is made and printed last.

    Example: echo "a long password" | portal admin create ada@example.com --password-stdin
    """
    opened()
    email, now = email.strip(), utcnow()
    if not fields.is_email(email):
        raise click.UsageError(f"{email!r} is not an e-mail address.")
    made = ""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = made = secrets.token_urlsafe(18)
    with database.transaction():
        key = rules.email_key(email)
        if Admin.get_or_none(email_key=key):
            raise rules.Refused(f"{email} is an administrator already.")
        account = Admin.create(email=email, email_key=key, name=email, created_at=now)
        access.set_password(account, password, now=now)
        Audit.note(BY, "admin created", email, now)
    click.echo(f"{email} is an administrator.")
    if made:
        click.echo(f"The password, shown this once:\n{made}")


@admin.command("list")
def list_admins() -> None:
    """Show every administrator.

    Example: portal admin list
    """
    opened()
    for one in Admin.select().order_by(Admin.email_key):
        click.echo(f"{one.email}, since {one.created_at:%Y-%m-%d}")


@admin.command("remove")
@click.argument("email")
def remove_admin(email: str) -> None:
    """Take an administrator's access away, at once and in every browser.

    Example: portal admin remove ada@example.com
    """
    opened()
    with database.transaction():
        found = Admin.get_or_none(email_key=rules.email_key(email))
        if found is None:
            raise click.ClickException(f"{email} is no administrator. See: portal admin list")
        access.remove(found)
        Audit.note(BY, "admin removed", found.email, utcnow())
    click.echo(f"{found.email} is no administrator any more.")


@affiliate.command("password")
@click.argument("code")
def one_time_password(code: str) -> None:
    """Make a one-time password for an affiliate, printed once, alone on the last line.

    Example: portal affiliate password ada
    """
    opened()
    found, now = affiliates.by_code(code), utcnow()
    if found is None:
        raise click.ClickException(f"There is no affiliate with the code {code!r}.")
    if found.status == rules.DECLINED:
        raise click.ClickException(f"{found.code} is declined or closed and cannot sign in.")
    with database.transaction():
        password = access.one_time_password(found, now=now)
        Audit.note(BY, "one-time password", found.code, now)
    click.echo(f"It works once, for 7 days, for the user name {found.code}:\n{password}")


@key.command("create")
@click.argument("name")
def create_key(name: str) -> None:
    """Make an API key, printed once, alone on the last line. Example: portal key create shop"""
    opened()
    if not name.strip() or not name.isprintable() or len(name) > fields.LONGEST:
        raise click.UsageError("A key's name is one line of 1 to 255 characters.")
    now = utcnow()
    with database.transaction():
        token = access.create_key(name, now=now)
        Audit.note(BY, "key created", name, now)
    click.echo(f"Send it as Authorization: Bearer <key>. Shown this once:\n{token}")


@key.command("revoke")
@click.argument("name")
def revoke_keys(name: str) -> None:
    """Make the API keys of a name worthless at once. Example: portal key revoke shop"""
    opened()
    now = utcnow()
    with database.transaction():
        count = access.revoke_keys(name, now=now)
        if not count:
            raise click.ClickException(f"There is no API key {name!r} in use.")
        Audit.note(BY, "key revoked", name, now, keys=count)
    click.echo(f"Revoked: {count}.")


@key.command("rotate")
def rotate_key() -> None:
    """Seal every tax ID anew, under a new key; an old key opens none of those on file then.

    Old keys stay in vault-keys.json, for backups need them: copy that file of PORTAL_DATA again.
    Stopped half-way, or after restoring an old backup, give it again. Example: portal key rotate
    """
    opened()

    def tell(done: int, rows: int) -> None:
        if done % transfer.BATCH == 0 or done == rows:
            click.echo(f"{done} of {rows}", err=True)

    lost = rotate(by=BY, now=utcnow(), progress=tell)
    click.echo("A new key seals tax IDs from now on. Copy vault-keys.json again.")
    if lost:
        raise click.ClickException(f"No key here opens the tax IDs of: {', '.join(lost)}.")
