"""Medians, ratios and tables of a comparison.

A result is one network at one batch size; an entry of it is one engine in one precision. A table
shows one precision, or "best": each engine in the precision that it is fastest in.
"""
from __future__ import annotations

from statistics import median

HEADINGS = ["network", "batch", "engine", "form", "images/s", "spread", "median ms", "ours / it"]
RIGHT = {1, 4, 5, 6, 7}
TITLES = {"fp32": "FP32", "bf16": "BF16", "int8": "INT8", "best": "Each engine at its fastest"}


def summarise(rounds: list[list[dict]], entries: list[dict]) -> list[dict]:
    """Adds to each entry its medians over the rounds; a round has a result an entry."""
    for entry, results in zip(entries, zip(*rounds, strict=True), strict=True):
        entry["throughputs"] = [result["throughput"] for result in results]
        entry["throughput"] = median(entry["throughputs"])
        entry["latency_ms"] = median(result["latency_ms"]["median"] for result in results)
    return entries


def choose(result: dict, precision: str) -> list[dict]:
    """The entries that a table shows of a result, an engine at most once."""
    if precision != "best":
        return [entry for entry in result["entries"] if entry["precision"] == precision]
    fastest = {}
    for entry in sorted(result["entries"], key=lambda entry: entry["throughput"]):
        fastest[entry["engine"]] = entry
    return [fastest[name] for name in dict.fromkeys(e["engine"] for e in result["entries"])]


def ratios(entries: list[dict]) -> dict[str, float]:
    """Our speed over each peer's: the median of the ratios within a round."""
    ours = next((entry for entry in entries if entry["engine"] == "boxwright"), None)
    if ours is None:
        return {}
    return {entry["engine"]: median(a / b for a, b in zip(ours["throughputs"],
                                                          entry["throughputs"], strict=True))
            for entry in entries if entry is not ours}


def add_ratios(result: dict, precisions: list[str]) -> dict:
    found = {precision: ratios(choose(result, precision)) for precision in precisions}
    return result | {"ratios": found, "ratio_to_fastest_peer": {
        precision: min(values.values()) for precision, values in found.items() if values}}


def rows(record: dict, precision: str) -> list[list[str]]:
    lines = []
    for result in record["results"]:
        label = [result["model"], str(result["batch"])]
        for entry in choose(result, precision):
            rates = entry["throughputs"]
            spread = (max(rates) - min(rates)) / entry["throughput"]
            ratio = result["ratios"][precision].get(entry["engine"])
            lines.append([*label, f"{entry['engine']} {entry['version']}",
                          f"{entry['precision']} {entry['mode']}".strip(),
                          f"{entry['throughput']:.2f}", f"{100 * spread:.0f} %",
                          f"{entry['latency_ms']:.2f}", f"{ratio:.2f}" if ratio else ""])
            label = ["", ""]
    return lines


def machine(record: dict) -> str:
    processor = record["machine"]
    level = f", held to {processor['level']}" if processor["level"] else ""
    return (f"{processor['cpu']} ({', '.join(processor['features'])}{level}), "
            f"{processor['threads']} threads; load average at the start {processor['load']:.1f}")


def heading(record: dict) -> str:
    return (f"{machine(record)}; medians of {record['rounds']} interleaved rounds of "
            f"{record['seconds']:g} s")


def notes(record: dict) -> list[str]:
    lines = [f"INT8: calibrated on {record['calibration']}."] if record.get("calibration") else []
    return lines + [f"Left out: {text}" for text in dict.fromkeys(record.get("left_out", []))]


def text_table(headings: list[str], lines: list[list[str]], right: set[int]) -> str:
    widths = [max(len(line[column]) for line in [headings, *lines])
              for column in range(len(headings))]
    return "\n".join("  ".join(
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths))).rstrip()
        for line in [headings, *lines])


def markdown_table(headings: list[str], lines: list[list[str]], right: set[int]) -> str:
    rule = ["---:" if column in right else "---" for column in range(len(headings))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [headings, rule, *lines])


def text(record: dict) -> str:
    parts = [heading(record)]
    for precision in record["precisions"]:
        lines = rows(record, precision)
        if lines:
            parts += [f"\n{TITLES[precision]}\n", text_table(HEADINGS, lines, RIGHT)]
    return "\n".join([*parts, "", *notes(record)]).rstrip()


def markdown(record: dict) -> str:
    parts = [heading(record), ""]
    for precision in record["precisions"]:
        lines = rows(record, precision)
        if lines:
            parts += [f"## {TITLES[precision]}", "", markdown_table(HEADINGS, lines, RIGHT), ""]
    return "\n".join([*parts, *(f"- {line}" for line in notes(record))]).rstrip() + "\n"
