"""The chart of click-throughs and orders as shapes for an SVG: attributes only, no style. Pure."""

from typing import Any

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 260, 38, 40, 26


def _ceiling(most: int) -> int:
    """A round number above the highest bar, that four equal steps reach."""
    step = 1
    while step * 4 < most:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return step * 4


def drawn(days: list[dict[str, Any]]) -> dict[str, Any]:
    """The shapes of a row of days, each with its clicks and orders, and the sums by week."""
    top = _ceiling(max(day["clicks"] for day in days))
    pitch, base = (WIDTH - LEFT) / len(days), HEIGHT - BOTTOM
    scale = (base - TOP) / top
    shapes = [
        {
            **day,
            "x": round(LEFT + i * pitch + 1, 2),
            "y": round(base - day["clicks"] * scale, 1),
            "height": round(day["clicks"] * scale, 1),
            "middle": round(LEFT + (i + 0.5) * pitch, 1),
        }
        for i, day in enumerate(days)
    ]
    steps = range(0, top + 1, top // 4)
    return {
        "days": shapes,
        "width": round(pitch - 1.6, 2),
        "grid": [{"y": round(base - value * scale, 1), "value": value} for value in steps],
        "weeks": [_sums(days[i : i + 7]) for i in range(0, len(days), 7)],
        "best": max(days, key=lambda day: day["clicks"]),
        **_sums(days),
    }


def _sums(days: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {name: sum(day[name] for day in days) for name in ("clicks", "orders")}
    return {"first": days[0]["day"], "last": days[-1]["day"], **counts}
