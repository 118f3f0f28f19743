"""CSV files as rows of named values, and back. Pure.

The columns are the API's names, nested ones joined by `_`; an import takes those that are not
computed. Text that a spreadsheet would take for a formula gets an apostrophe, undone on reading.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from portal import feeds, fields
from portal.fields import Reader, Shape

_COMPUTED = {
    "affiliates": "tax_id_on_file clicks orders earned paid balance hold",
    "orders": "order_id customer_id ordered_at credited_to rule reason plan_interval plan_price "
    "plan_name paid refunded earned",
    "ledger": "affiliate id kind amount happened_at recorded_at rule event_id order_id payout_id",
    "payouts": "affiliate payout_id month amount status check_number check_date",
}
_FORMULA = re.compile(r"[=+\-@\t\r\x00']")

Row = dict[str, Any]


class Line(NamedTuple):
    """A row of a file: where it begins, and what it says as the API's JSON would."""

    number: int
    data: Row


def _cells(kind: str) -> dict[str, tuple[str, str, Reader]]:
    """The columns that an import takes: the field, the one inside it, and what reads it."""
    cells: dict[str, tuple[str, str, Reader]] = {}
    for name, reader in feeds.ROWS[kind].fields.items():
        if isinstance(reader, Shape):
            cells |= {f"{name}_{part}": (name, part, own) for part, own in reader.fields.items()}
        else:
            cells[name] = (name, "", reader)
    return cells


def columns(kind: str) -> list[str]:
    """The columns of a file, those that an import takes first."""
    taken = _cells(kind) if kind in feeds.ROWS else {}
    return [*taken, *_COMPUTED.get(kind, "").split()]


# --- Reading -----------------------------------------------------------------------------------


def read(kind: str, file: Path) -> tuple[list[Line], list[str]]:
    """The rows of a file, and a sentence for each line that cannot be read."""
    lines: list[Line] = []
    problems: list[str] = []
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            problems += _wrong_header(kind, header)
            number = reader.line_num + 1
            for cells in () if problems else reader:
                if cells and len(cells) != len(header):
                    place = header[min(len(cells), len(header) - 1)]
                    said = f"There are {len(cells)} cells and {len(header)} columns."
                    problems.append(f"Line {number}, column {place}: {said}")
                elif cells:
                    lines.append(Line(number, _data(kind, zip(header, cells, strict=True))))
                number = reader.line_num + 1
        except UnicodeDecodeError:
            said = "The file is not in UTF-8 from here on."
            problems.append(f"Line {reader.line_num + 1}, column 1: {said}")
        except csv.Error as error:
            problems.append(f"Line {reader.line_num}, column 1: This is not CSV: {error}.")
    return lines, problems


def _wrong_header(kind: str, header: list[str]) -> Iterator[str]:
    known = columns(kind)
    if not header:
        yield f"Line 1, column 1: The first line names the columns, of: {', '.join(known)}."
    for place, name in enumerate(header, 1):
        if name not in known:
            shown = re.sub("[0-9]", "#", name[:64])  # without a header these are a person's
            yield f"Line 1, column {place}: There is no column {shown!r} in {kind}."
        elif name in header[: place - 1]:
            yield f"Line 1, column {name}: This column is there twice."


def _data(kind: str, row: Iterable[tuple[str, str]]) -> Row:
    data: Row = {}
    taken = _cells(kind)
    for column, cell in row:
        if column in taken and cell:
            name, part, reader = taken[column]
            inside = data.setdefault(name, {}) if part else data
            inside[part or name] = _value(reader, cell)
    return data


def _value(reader: Reader, cell: str) -> Any:
    if reader is fields.cents and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", cell):
        return int(cell)
    if reader is fields.boolean:
        return {"true": True, "false": False}.get(cell.strip().lower(), cell)
    return cell[1:] if cell[0] == "'" and _FORMULA.match(cell[1:]) else cell


# --- Writing -----------------------------------------------------------------------------------


def write(kind: str, file: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a file, whole or not at all; returns the number of its rows."""
    names, count = columns(kind), 0
    aside = file.with_name(f"{file.name}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(names)
            for row in map(_flat, rows):
                writer.writerow([_cell(row.get(name)) for name in names])
                count += 1
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    return count


def _flat(data: Mapping[str, Any]) -> Row:
    row: Row = {}
    for name, value in data.items():
        nested = value.items() if isinstance(value, dict) else ()
        row |= {f"{name}_{part}": inside for part, inside in nested} or {name: value}
    return row


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
