"""The console script `portal`: the commands of contract.md. Each has --help with an example."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from portal import database, demo, program, starter, transfer, vault
from portal import verify as books_check
from portal.cli_access import admin, affiliate, key
from portal.cli_backup import backup, restore, restored
from portal.cli_money import checks, payouts, tax
from portal.database import utcnow
from portal.serve import serve, try_address
from portal.terminal import BY, Sentences, as_json, connected, opened, show

PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The affiliate portal. `portal COMMAND --help` shows an example of each command."""


def main() -> None:
    cli(prog_name="portal")


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
    vault.begin()  # so that it is there to be copied before the first tax ID comes
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
    """Serve a throw-away program with a year of lively activity. It sends no mail.

    Example: portal demo --port 8080
    """
    try_address("127.0.0.1", port)
    with TemporaryDirectory(prefix="portal-demo-") as folder:
        environ = {"DATABASE_URL": f"sqlite:///{folder}/demo.db", "PORTAL_DATA": folder}
        environ["PORTAL_URL"] = os.environ.get("PORTAL_URL") or f"http://127.0.0.1:{port}"
        found = connected(environ)
        passwords = demo.build(utcnow())
        database.db.close_all()
        click.echo("Logins (TOTP is off, no mail is sent, and all is gone when you stop it):")
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

    def tell(done: int) -> None:
        click.echo(f"{done} of {rows}", err=True)

    new = transfer.apply(kind, lines, by=BY, clock=utcnow, progress=tell)
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
