"""CSV files as rows of named values, and back: columns, cells, line numbers. Pure.

The columns are the API's names, nested ones joined by `_`; an import takes those that are not
computed. Text that a spreadsheet would take for a formula gets an apostrophe, undone on reading.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from portal.fields import Problem

_ADDRESS = ("line1", "line2", "city", "state", "postal_code")
_PLAN = ("interval", "price", "name")
_NESTED = {f"address_{name}": ("address", name) for name in _ADDRESS}
_NESTED |= {f"plan_{name}": ("plan", name) for name in _PLAN}

TAKEN = {
    "affiliates": (
        "email name company payee address_line1 address_line2 address_city address_state "
        "address_postal_code country us_person tax_id code click_id status referrer applied_at"
    ),
    "customers": "customer_id email name belongs_to paid_before",
    "clicks": "click_id code slug sub_id clicked_at referrer marked visitor",
    "sales": (
        "event_id customer_id email name order_id amount currency plan_interval plan_price "
        "plan_name click_id referral_code ordered_at occurred_at"
    ),
    "refunds": "event_id sale_event_id amount kind occurred_at",
}
COMPUTED = {
    "affiliates": "tax_id_on_file clicks orders earned paid balance hold",
    "orders": (
        "order_id customer_id ordered_at credited_to rule reason plan_interval plan_price "
        "plan_name paid refunded earned"
    ),
    "ledger": ("affiliate id kind amount happened_at recorded_at rule event_id order_id payout_id"),
    "payouts": "affiliate payout_id month amount status check_number check_date",
}
_NUMBERS = {"amount", "plan_price", "clicks", "orders", "earned", "paid", "balance", "refunded"}
_NUMBERS |= {"id", "payout_id", "check_number"}
_NO_TEXT = {*_NUMBERS, "visitor"}
_TRUTHS = {"us_person", "paid_before"}
_FORMULA = re.compile(r"[=+\-@\t\r\x00']")


class Line(NamedTuple):
    """A row of a file: where it begins, and what it says as the API's JSON would."""

    number: int
    data: dict[str, Any]


def columns(kind: str) -> list[str]:
    """The columns of a file, those that an import takes first."""
    return f"{TAKEN.get(kind, '')} {COMPUTED.get(kind, '')}".split()


def sentence(line: int, problem: Problem) -> str:
    """A problem with its place: line and column."""
    column = (problem.field or "").replace(".", "_")
    return f"Line {line}, column {column or '1'}: {problem.message}"


# --- Reading -----------------------------------------------------------------------------------


def read(kind: str, file: Path) -> Iterator[Line | str]:
    """The rows of a file, with a sentence in the place of each that cannot be read."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            wrong = list(_wrong_header(kind, header))
            yield from wrong
            if not wrong:
                yield from _rows(kind, reader, header)
        except UnicodeDecodeError:
            yield f"Line {reader.line_num + 1}, column 1: The file is not in UTF-8 from here on."
        except csv.Error as error:
            yield f"Line {reader.line_num}, column 1: This is not CSV: {error}."


def _wrong_header(kind: str, header: list[str]) -> Iterator[str]:
    known = columns(kind)
    if not header:
        yield f"Line 1, column 1: The first line names the columns, of: {', '.join(known)}."
    for place, name in enumerate(header, 1):
        if name not in known:
            yield f"Line 1, column {place}: There is no column {name[:64]!r} in {kind}."
        elif name in header[: place - 1]:
            yield f"Line 1, column {name}: This column is there twice."


def _rows(kind: str, reader: Any, header: list[str]) -> Iterator[Line | str]:
    taken = set(TAKEN[kind].split())
    number = reader.line_num + 1
    for cells in reader:
        if cells and len(cells) != len(header):
            place = header[min(len(cells), len(header) - 1)]
            said = f"There are {len(cells)} cells and {len(header)} columns."
            yield f"Line {number}, column {place}: {said}"
        elif cells:
            named = zip(header, cells, strict=True)
            yield Line(number, _data((n, cell) for n, cell in named if n in taken))
        number = reader.line_num + 1


def _data(cells: Iterable[tuple[str, str]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, cell in cells:
        value = _value(name, cell)
        if value == "":
            continue
        if name in _NESTED:
            outer, inner = _NESTED[name]
            data.setdefault(outer, {})[inner] = value
        else:
            data[name] = value
    return data


def _value(name: str, cell: str) -> Any:
    plain = cell.strip()
    if name in _NUMBERS:
        return int(plain) if re.fullmatch(r"-?[0-9]{1,18}", plain) else plain
    if name in _TRUTHS:
        return {"true": True, "false": False}.get(plain.lower(), plain)
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell


# --- Writing -----------------------------------------------------------------------------------


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """The API's JSON with nested names joined."""
    row: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            row |= {f"{name}_{inner}": inside for inner, inside in value.items()}
        else:
            row[name] = value
    return row


def cell(name: str, value: Any) -> str:
    """A value as the text of its cell; only text can be taken for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if name not in _NO_TEXT and _FORMULA.match(text) else text


def write(kind: str, file: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a file, whole or not at all; returns the number of its rows."""
    names, count = columns(kind), 0
    aside = file.with_name(f"{file.name}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(names)
            for row in rows:
                writer.writerow([cell(name, row.get(name)) for name in names])
                count += 1
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    return count
