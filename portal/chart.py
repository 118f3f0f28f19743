"""The chart of click-throughs and orders as shapes for an SVG: attributes only, no style. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 260, 38, 40, 26


def _ceiling(most: int) -> int:
    """A round number above the highest bar, that four equal steps reach."""
    step = 1
    while step * 4 < most:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return step * 4


def drawn(days: list[dict[str, Any]]) -> dict[str, Any]:
    """The shapes of a row of days, each with its clicks and orders, and the weeks as numbers."""
    top = _ceiling(max(day["clicks"] for day in days))
    pitch, tall = (WIDTH - LEFT) / len(days), HEIGHT - TOP - BOTTOM
    bars, dots, ticks = [], [], []
    for i, day in enumerate(days):
        x, height = LEFT + i * pitch, day["clicks"] / top * tall
        if day["clicks"]:
            bars.append({"x": round(x + 1, 2), "y": round(HEIGHT - BOTTOM - height, 1),
                         "w": round(pitch - 1.6, 2), "h": round(height, 1)})  # fmt: skip
        if day["orders"]:
            dots.append({"x": round(x + pitch / 2, 1), "r": 5 if day["orders"] == 1 else 7})
        if day["day"].day in (1, 15):
            minor = day["day"].day == 15
            ticks.append({"x": round(x, 1), "label": _short(day["day"]), "minor": minor})
    steps = range(0, top + 1, top // 4)
    return {
        "bars": bars,
        "dots": dots,
        "ticks": ticks,
        "grid": [{"y": round(HEIGHT - BOTTOM - v / top * tall, 1), "v": v} for v in steps],
        "weeks": [_week(days[i : i + 7]) for i in range(0, len(days), 7)],
        "clicks": sum(day["clicks"] for day in days),
        "orders": sum(day["orders"] for day in days),
        "best": max(days, key=lambda day: day["clicks"]),
        "first": days[0]["day"],
        "last": days[-1]["day"],
    }


def _short(day: date) -> str:
    return f"{day:%b} {day.day}"


def _week(days: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "first": days[0]["day"],
        "last": days[-1]["day"],
        "clicks": sum(day["clicks"] for day in days),
        "orders": sum(day["orders"] for day in days),
    }
