"""What every command shares: an open program, problems as one sentence, results as text or JSON."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import click
import peewee

from portal import config, database, vault
from portal.formats import usd
from portal.rules import Refused
from portal.settings import as_text

BY = "console"
as_json = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


class Sentences(click.Group):
    """Commands whose problems are one sentence on stderr and status 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort):
            raise
        except peewee.PeeweeException as problem:
            words = f"The database cannot be used just now: {problem}"
        except OSError as problem:
            where = f"{problem.filename}: " if problem.filename else ""
            words = f"{where}{problem.strerror or problem}."
        except (Refused, RuntimeError, config.Unusable, vault.Unavailable) as problem:
            words = str(problem)
        raise click.ClickException(words)


def connected(environ: Mapping[str, str] = os.environ) -> config.Config:
    """Read an environment and connect to its database, whatever is in there."""
    found = config.load(environ)
    database.connect(found.database_url)
    vault.use(found.data)
    click.get_current_context().call_on_close(database.db.close_all)
    database.connect_first()
    return found


def opened() -> config.Config:
    """Connect to a program that was set up."""
    found = connected()
    if not database.db.table_exists("setting"):
        raise click.ClickException("There is no program in this database yet. Run: portal init")
    return found


def show(value: dict[str, Any], json_wanted: bool, text: str = "") -> None:
    """Print a result: as JSON where that was asked for, else as `text` or line by line."""
    lines = [line for name, said in value.items() for line in _lines(name, said)]
    as_json = json.dumps(value, indent=2, ensure_ascii=False)
    click.echo(as_json if json_wanted else text or "\n".join(lines))


def _lines(name: str, said: Any) -> Iterator[str]:
    """A value, or rows below their number and the sum of their amounts."""
    if not isinstance(said, list):
        yield f"{name} = {as_text(said)}"
        return
    amounts = [row["amount"] for row in said if "amount" in row]
    yield f"{name}: {len(said)}" + (f", {usd(sum(amounts))}" if amounts else "")
    for row in said:
        words = (usd(word) if key == "amount" else str(word or "") for key, word in row.items())
        yield f"  {' '.join(filter(None, words))}"
