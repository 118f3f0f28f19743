"""The console script `portal`: the commands of contract.md. Each has --help with an example."""

import os
import secrets
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from portal import access, affiliates, database, demo, fields, program, rules, starter, transfer
from portal import verify as books_check
from portal.cli_backup import backup, restore, restored
from portal.cli_money import checks, payouts, tax
from portal.database import utcnow
from portal.filing import rotate
from portal.models import Admin, Audit
from portal.serve import serve, try_address
from portal.terminal import BY, Sentences, as_json, connected, opened, show

PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The affiliate portal. `portal COMMAND --help` shows an example of each command."""


def main() -> None:
    cli(prog_name="portal")


admin = click.Group("admin", help="Administrators. Example: portal admin create ada@example.com")
affiliate = click.Group("affiliate", help="Affiliates. Example: portal affiliate password ada")
key = click.Group("key", help="Keys of the API and of tax IDs. Example: portal key create shop")
for command in (payouts, checks, tax, backup, restore, restored, admin, affiliate, key):
    cli.add_command(command)


# --- The program -------------------------------------------------------------------------------


@cli.command()
def init() -> None:
    """Create the database, or bring it up to date. Safe to repeat.

    Example: portal init
    """
    connected()
    ran = database.migrate()
    program.initialize(utcnow())
    starter.offer(now=utcnow())
    click.echo(f"Migrated: {', '.join(ran)}." if ran else "The database is up to date.")


@cli.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@PORT
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def serve_command(host: str, port: int, workers: int) -> None:
    """Serve the portal, with its timetable, until SIGTERM.

    Example: portal serve --host 0.0.0.0 --port 8000
    """
    found = opened()
    database.db.close_all()  # workers open their own
    serve(found, host=host, port=port, workers=workers)


@cli.command("demo")
@PORT
def demo_command(port: int) -> None:
    """Serve a throw-away program with a year of lively activity.

    Example: portal demo --port 8080
    """
    try_address("127.0.0.1", port)
    with TemporaryDirectory(prefix="portal-demo-") as folder:
        environ = {"DATABASE_URL": f"sqlite:///{folder}/demo.db", "PORTAL_DATA": folder}
        environ["PORTAL_URL"] = os.environ.get("PORTAL_URL") or f"http://127.0.0.1:{port}"
        found = connected(environ)
        passwords = demo.build(utcnow())
        database.db.close_all()
        click.echo("Logins (TOTP is off, and all of this is gone when you stop it):")
        for name, password in passwords.items():
            click.echo(f"  {name}  {password}")
        click.echo(f"Serving on http://127.0.0.1:{port}/login")
        serve(found, port=port)


@cli.command("set")
@click.argument("name")
@click.argument("value")
def set_setting(name: str, value: str) -> None:
    """Change a program setting; what changes money holds from now on.

    Example: portal set product_url https://www.example.com/tour
    """
    opened()
    program.change(name, value, by=BY, now=utcnow())
    show({name: program.settings()[name]}, json_wanted=False)


@cli.command()
@as_json
def settings(json_wanted: bool) -> None:
    """Show every program setting. Amounts are cents, rates basis points.

    Example: portal settings
    """
    opened()
    show(program.settings(), json_wanted)


@cli.command()
@as_json
def verify(json_wanted: bool) -> None:
    """Recompute every credit and every cent from the recorded facts (R24).

    Example: portal verify
    """
    opened()
    found = books_check.run(now=utcnow()).differences
    show({"differences": found}, json_wanted, text="\n".join(found) or "Everything agrees.")
    sys.exit(1 if found else 0)


# --- People and keys ---------------------------------------------------------------------------


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


# --- Files -------------------------------------------------------------------------------------


@cli.command("import")
@click.argument("kind", type=click.Choice(transfer.IMPORTS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(kind: str, file: Path) -> None:
    """Take in a CSV file, all of it or, where anything is wrong, nothing.

    Stopped half-way it is finished by giving it again. Example: portal import sales sales.csv
    """
    opened()
    lines, problems = transfer.check(kind, file, now=utcnow())
    if problems:
        click.echo("\n".join(problems), err=True)
        raise click.ClickException("Nothing was taken in.")
    rows = len(lines)
    tell = partial(click.echo, err=True)
    new = transfer.apply(kind, lines, clock=utcnow, progress=lambda n: tell(f"{n} of {rows}"))
    click.echo(f"{rows} rows: {new} new, {rows - new} known before.")


@cli.command("export")
@click.argument("kind", type=click.Choice(transfer.EXPORTS))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_file(kind: str, file: Path) -> None:
    """Write a CSV file, with the columns that an import takes and those that are computed.

    Example: portal export ledger ledger.csv
    """
    opened()
    click.echo(f"{transfer.export(kind, file, now=utcnow())} rows.")
