"""The comparison as a picture: horizontal bars, a group a network and batch size, in plain SVG."""
from __future__ import annotations

from html import escape

COLOURS = {"boxwright": "#d1495b", "openvino": "#30638e", "onnxruntime": "#5c8fb8",
           "ncnn": "#9fbfd6"}
WIDTH, LABEL, NUMBER = 860, 290, 120
BAR, GAP, TOP = 16, 14, 48


def text(x: float, y: float, words: str, **attributes) -> str:
    extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{escape(words)}</text>'


def group(result: dict, top: float) -> list[str]:
    """One network at one batch size; its longest bar fills the width."""
    fastest = max(entry["throughput"] for entry in result["entries"])
    height = BAR * len(result["entries"])
    parts = [text(LABEL - 110, top + height / 2 + 4, f"{result['model']} × {result['batch']}",
                  text_anchor="end", font_weight="bold")]
    for number, entry in enumerate(result["entries"]):
        y, length = top + number * BAR, entry["throughput"] / fastest
        length *= WIDTH - LABEL - NUMBER
        parts.append(text(LABEL - 6, y + 12, f"{entry['engine']} {entry['precision']}",
                          text_anchor="end", fill="#555"))
        parts.append(f'<rect x="{LABEL}" y="{y + 1:.1f}" width="{length:.1f}" height="{BAR - 2}" '
                     f'fill="{COLOURS[entry["engine"]]}"/>')
        parts.append(text(LABEL + length + 6, y + 12, f"{entry['throughput']:.1f} images/s"))
    return parts


def bars(record: dict) -> str:
    machine, top, parts = record["machine"], TOP, []
    for result in record["results"]:
        parts += group(result, top)
        top += BAR * len(result["entries"]) + GAP
    title = f"Images a second, {machine['cpu']}, {machine['threads']} threads"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
        f'viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{top}" fill="white"/>',
        text(12, 26, title, font_size=15, font_weight="bold"), *parts, "</svg>"]) + "\n"
