"""Medians, ratios and tables of a comparison."""
from __future__ import annotations

from statistics import median

HEADINGS = ["network", "batch", "engine", "mode", "images/s", "spread", "median ms", "ours / it"]
RIGHT = {1, 4, 5, 6, 7}


def summarise(rounds: list[dict], engines: dict) -> dict:
    """Medians of each engine over the rounds, and the medians of our ratio to each peer."""
    for name, engine in engines.items():
        rates = [result[name]["throughput"] for result in rounds]
        engine["throughput"] = median(rates)
        engine["throughputs"] = rates
        engine["latency_ms"] = median(result[name]["latency_ms"]["median"] for result in rounds)
    peers = [name for name in engines if name != "boxwright"]
    summary = {"engines": engines}
    if "boxwright" in engines and peers:
        summary["ratios"] = {name: median(result["boxwright"]["throughput"]
                                          / result[name]["throughput"] for result in rounds)
                             for name in peers}
        summary["ratio_to_best"] = min(summary["ratios"].values())
    return summary


def rows(record: dict) -> list[list[str]]:
    lines = []
    for result in record["results"]:
        label = [result["model"], str(result["batch"])]
        for name, engine in result["engines"].items():
            rates = engine["throughputs"]
            spread = (max(rates) - min(rates)) / engine["throughput"]
            ratio = result.get("ratios", {}).get(name)
            lines.append([*label, f"{name} {engine['version']}", engine["mode"],
                          f"{engine['throughput']:.2f}", f"{100 * spread:.0f} %",
                          f"{engine['latency_ms']:.2f}", f"{ratio:.2f}" if ratio else ""])
            label = ["", ""]
    return lines


def heading(record: dict) -> str:
    machine = record["machine"]
    mask = f", masked to {machine['mask']}" if machine["mask"] else ""
    return (f"FP32 on {machine['cpu']} ({', '.join(machine['features'])}{mask}), "
            f"{machine['threads']} threads; medians of {record['rounds']} interleaved rounds "
            f"of {record['seconds']:g} s; load average at the start {machine['load']:.1f}")


def table(record: dict) -> str:
    lines = [HEADINGS, *rows(record)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [heading(record), ""]
    for line in lines:
        cells = [cell.rjust(width) if column in RIGHT else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(line, widths))]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def markdown(record: dict) -> str:
    rule = ["---:" if column in RIGHT else "---" for column in range(len(HEADINGS))]
    lines = [f"| {' | '.join(line)} |" for line in [HEADINGS, rule, *rows(record)]]
    return "\n".join([heading(record), "", *lines]) + "\n"
