"""The commands of backups: `portal backup`, `portal restore` and `portal restored`."""

from pathlib import Path

import click

from portal import backup as backups
from portal import database, formats
from portal.database import utcnow
from portal.terminal import BY, connected, opened

KEYS_ARE_NOT = (
    "The keys in PORTAL_DATA are not in it: keep a copy of that folder elsewhere. "
    "Tax IDs can be read only with the vault-keys.json they were sealed with."
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write a copy of the running program to a file: the database, images among it.

    Example: portal backup /mnt/safe/portal.db
    """
    opened()
    click.echo(f"{file}: {formats.size(backups.make(file))}. {KEYS_ARE_NOT}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put a backup in the place of everything; the program may go on running.

    Nothing is paid, printed or mailed until `portal restored`. Example: portal restore portal.db
    """
    data = connected().data
    database.migrate()
    kept = backups.restore(file, now=utcnow(), data=data)
    aside = f"What was here before is in {kept}.\n" if kept else ""
    click.echo(f"Restored. {KEYS_ARE_NOT}\n{aside}{backups.UNCONFIRMED}")


@click.command()
@click.option("--highest-check", required=True, type=click.IntRange(0, 999_999_999))
def restored(highest_check: int) -> None:
    """Say after a restore which check number was the highest on paper, and go on paying.

    Example: portal restored --highest-check 1044
    """
    opened()
    backups.confirm(highest_check, by=BY, now=utcnow())
    click.echo("Confirmed. Payouts, printing and mail go on.")
