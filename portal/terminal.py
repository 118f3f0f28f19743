"""What every command shares: an open program, problems as one sentence, results as text or JSON."""

from __future__ import annotations

import json
import os
from typing import Any

import click
import peewee

from portal import config, database, vault
from portal.rules import Refused

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
        except (Refused, RuntimeError, config.Unusable) as problem:
            words = str(problem)
        raise click.ClickException(words)


def connected() -> config.Config:
    """Read the environment and connect to its database, whatever is in there."""
    found = config.load(os.environ)
    database.connect(found.database_url)
    vault.use(found.data)
    click.get_current_context().call_on_close(database.db.close_all)
    database.db.connect(reuse_if_open=True)
    return found


def opened() -> config.Config:
    """Connect to a program that was set up."""
    found = connected()
    if not database.db.table_exists("setting"):
        raise click.ClickException("There is no program in this database yet. Run: portal init")
    return found


def show(value: Any, text: str, json_wanted: bool) -> None:
    """Print a result: for people, or as JSON where it was asked for."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False) if json_wanted else text)
