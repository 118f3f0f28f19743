"""SQL for the few places where a statement built by the models would cost too much."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from portal.database import db

AT_ONCE = 256  # rows in one statement


def ask(sql: str, *lists: list[Any]) -> Any:
    """A cursor for a query; each "..." in it stands for as many values as its list has."""
    filled = _with_marks(sql, db.param, *map(len, lists))
    return db.execute_sql(filled, [value for values in lists for value in values])


def find(sql: str, *lists: list[Any]) -> list[tuple]:
    """What a query finds; nothing where one of the lists is empty."""
    return ask(sql, *lists).fetchall() if all(lists) else []


@lru_cache(512)
def _with_marks(sql: str, param: str, *counts: int) -> str:
    for count in counts:
        sql = sql.replace("...", ",".join([param] * count), 1)
    return sql


def add(sql: str, rows: Sequence[tuple]) -> None:
    """Insert rows; the "..." in the statement stands for all of them."""
    one = f"({','.join([db.param] * len(rows[0]))})"
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        filled = sql.replace("...", ",".join([one] * len(some)))
        db.execute_sql(filled, [value for row in some for value in row])
