"""Writes the tables and the plot of docs/voice-quality.md from results.json.

The text around them is written by hand; what stands between the two marks is replaced.
"""

import json
from pathlib import Path
from statistics import mean

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
PAGE = DOCS / "voice-quality.md"
PLOT = DOCS / "images" / "voice-quality.svg"
BEGIN, END = "<!-- measured: written by make voice -->", "<!-- end of what is measured -->"

# What is not heard at all has the lowest score of the scale.
PESQ_MIN = 1.0
# Below the mean of the scale's top and bottom: the axis of the plot.
PESQ_AXIS = (1.0, 4.6)

WIRES = {
    "clean": "clean",
    "random-5": "5 % lost at random",
    "random-10": "10 % lost at random",
    "random-20": "20 % lost at random",
    "bursts-10": "10 % lost, three in a row",
    "moderate": "Moderate",
    "international": "International",
}
# Ending of a row's name, its words, and its colour and shift in the plot.
SETTINGS = {
    "": ("as shipped", "#1f6f5c"),
    "-single": ("RED repeats one packet", "#4a7fc1"),
    "-both": ("the same with FEC", "#8a6fc1"),
    "-fec": ("FEC in place of RED", "#c98a1b"),
    "-plain": ("neither", "#b4473f"),
}


class Result:
    """A row's figures, both directions together."""

    def __init__(self, row: dict, result: dict):
        self.goal = row.get("goal")
        self.measured = result["measured"]
        self.load = result["load"]
        self.directions = list(result["directions"].values())
        self.phases = result["phases"]

    def scores(self, phase: int | None = None) -> list[float]:
        return [score for direction in self.directions for score in self.scores_of(direction, phase)]

    def scores_of(self, direction: dict, phase: int | None = None) -> list[float]:
        """Of one phase of a wire that changes from pass to pass; the settling pass has phase 0."""
        heard = [PESQ_MIN if score is None else score for score in direction["pesq"]]
        return [s for i, s in enumerate(heard, 1) if phase is None or i % self.phases == phase]

    def mean(self, name: str) -> float:
        return mean(direction[name] for direction in self.directions)

    @property
    def delays(self) -> list[float]:
        return [ms for d in self.directions for ms in d["mouth_to_ear_ms"] if ms is not None]

    @property
    def stalls(self) -> int:
        return sum(direction["stalls"] for direction in self.directions)


def main() -> None:
    rows = {row["name"]: row for row in json.loads((HERE / "rows.json").read_text())["rows"]}
    measured = json.loads((HERE / "results.json").read_text())
    results = {name: Result(rows[name], measured[name]) for name in rows if name in measured}
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise SystemExit(f"{PAGE} lacks the marks {BEGIN} and {END}")
    blocks = [goals(results), worth(results), privacy(results), changing(results), when(results)]
    PAGE.write_text(before + BEGIN + "\n\n" + "\n\n".join(filter(None, blocks)) + "\n\n" + END + after)
    PLOT.write_text(plot(results))


def goals(results: dict[str, Result]) -> str:
    lines = []
    for wire, title in WIRES.items():
        for ending in ("", "-fec"):
            result = results.get(wire + ending)
            if result is None:
                continue
            name = title + (", " + SETTINGS[ending][0] if ending else "")
            reached = "" if result.goal is None else f"{result.goal:.1f} {verdict(result)}"
            ada, ben = (mean(result.scores_of(direction)) for direction in result.directions)
            lines.append(
                [
                    name,
                    f"**{mean(result.scores()):.2f}**",
                    reached,
                    f"{min(result.scores()):.2f}",
                    f"{ada:.2f} / {ben:.2f}",
                    percent(result.mean("concealed")),
                    f"{result.mean('jitter_buffer_ms'):.0f}",
                    f"{mean(result.delays):.0f}",
                    f"{max(result.delays):.0f}",
                ]
            )
    head = "| wire | PESQ | goal | worst pass | Ada → Ben / Ben → Ada | concealed | jitter buffer, ms | mouth to ear, ms | longest |"
    return "### Bad networks\n\n" + table(head, lines)


def verdict(result: Result) -> str:
    return "reached" if mean(result.scores()) >= result.goal else "**missed**"


def worth(results: dict[str, Result]) -> str:
    lines = []
    for wire, title in WIRES.items():
        cells = [results.get(wire + ending) for ending in SETTINGS]
        if sum(cell is not None for cell in cells) > 1:
            lines.append([title] + ["–" if cell is None else f"{mean(cell.scores()):.2f}" for cell in cells])
    head = "| wire | " + " | ".join(words for words, _ in SETTINGS.values()) + " |"
    picture = f"![PESQ by wire and settings](images/{PLOT.name})"
    return "### What FEC and RED are worth\n\n" + table(head, lines) + "\n\n" + picture


def privacy(results: dict[str, Result]) -> str:
    rows = {
        "clean": "as shipped, 32 kbit/s",
        "clean-no-dtx": "without DTX",
        "clean-no-cbr": "without CBR",
        "clean-plain": "without RED",
        "clean-24k": "24 kbit/s",
        "clean-16k": "16 kbit/s",
        "clean-tcc": "with transport-wide feedback",
        "random-10": "10 % lost, as shipped",
        "random-10-no-dtx": "10 % lost, without DTX",
        "random-10-no-cbr": "10 % lost, without CBR",
        "random-10-16k": "10 % lost, 16 kbit/s",
        "random-10-single": "10 % lost, one packet repeated",
        "random-10-both": "10 % lost, one packet repeated, with FEC",
        "random-10-tcc": "10 % lost, one packet repeated, with transport-wide feedback",
    }
    lines = []
    for name, title in rows.items():
        result = results.get(name)
        if result is None:
            continue
        lines.append(
            [
                title,
                f"{mean(result.scores()):.2f}",
                f"{result.mean('kbps'):.0f}",
                f"{result.mean('listening_kbps'):.0f}",
                f"{mean(packets_per_second(d) for d in result.directions):.0f}",
                f"{mean(common_size(d) for d in result.directions) * 100:.0f} %",
                f"{mean(len(d['sizes']) for d in result.directions):.0f}",
            ]
        )
    head = "| settings | PESQ | kbit/s talking | kbit/s silent | packets a second | packets of the commonest size | sizes |"
    return "### What the other settings are worth\n\n" + table(head, lines)


def packets_per_second(direction: dict) -> float:
    seconds = sum(int(size) * count for size, count in direction["sizes"].items()) * 8 / direction["kbps"] / 1000
    return direction["packets"] / seconds


def common_size(direction: dict) -> float:
    """The share of packets that have the commonest size."""
    counts = direction["sizes"].values()
    return max(counts) / sum(counts)


def changing(results: dict[str, Result]) -> str:
    lines = []
    rows = (("spiky", "Spiky, as shipped"), ("spiky-single", "Spiky, one packet repeated"), ("spiky-plain", "Spiky, without RED"))
    for name, title in rows:
        if name in results:
            good, bad = results[name].scores(0), results[name].scores(1)
            lines.append([title, f"{mean(good):.2f}", f"{min(good):.2f}", f"{mean(bad):.2f}", f"{min(bad):.2f}"])
    blocks = []
    if lines:
        head = "| wire | PESQ of good passes | worst | PESQ of bad passes | worst |"
        blocks.append("### A wire that changes\n\n" + table(head, lines))
    long = results.get("international-10-minutes")
    if long is not None:
        scores = long.scores()
        missed = sum(score is None for d in long.directions for score in d["pesq"])
        halves = [scores_half for d in long.directions for scores_half in [long.scores_of(d)]]
        first = mean(score for half in halves for score in half[: len(half) // 2])
        last = mean(score for half in halves for score in half[len(half) // 2 :])
        blocks.append(
            f"Ten minutes of *International* in one call: {len(scores)} passes, {missed} whose chirp was lost, counted as {PESQ_MIN:.0f}, PESQ {mean(scores):.2f} "
            f"({first:.2f} in the first half, {last:.2f} in the second), worst pass {min(scores):.2f}, "
            f"longest from mouth to ear {max(long.delays):.0f} ms."
        )
    return "\n\n".join(blocks)


def when(results: dict[str, Result]) -> str:
    """So that a reader can tell a bad wire from a busy machine."""
    lines = [
        [
            f"`{name}`",
            result.measured[:16].replace("T", " "),
            " → ".join(f"{load:.1f}" for load in result.load),
            str(result.stalls),
        ]
        for name, result in results.items()
    ]
    head = "| row | measured, UTC | load of the machine | stalls |"
    return "<details><summary>When each row was measured, and how busy the machine was</summary>\n\n" + table(head, lines) + "\n\n</details>"


def table(head: str, lines: list[list[str]]) -> str:
    rule = "|" + "---|" * (head.count("|") - 1)
    return "\n".join([head, rule] + ["| " + " | ".join(line) + " |" for line in lines])


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def plot(results: dict[str, Result]) -> str:
    """One dot for the mean of each row, a line from its worst to its best pass, a dash for the goal."""
    left, top, step, height = 56, 34, 112, 300
    low, high = PESQ_AXIS
    width = left + step * len(WIRES) + 16

    def y(score: float) -> float:
        return round(top + (high - score) / (high - low) * height, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + height + 76}" role="img" font-family="system-ui, sans-serif" font-size="12">',
        "<title>PESQ of speech through bad networks, by sound settings</title>",
        f'<rect width="{width}" height="{top + height + 76}" fill="#ffffff"/>',
    ]
    for score in (1, 2, 3, 4):
        parts.append(f'<path d="M{left} {y(score)}H{width - 16}" stroke="#d9dee3"/>')
        parts.append(f'<text x="{left - 10}" y="{y(score) + 4}" text-anchor="end" fill="#45525e">{score}</text>')
    parts.append(f'<text x="14" y="{top + height / 2}" fill="#45525e" text-anchor="middle" transform="rotate(-90 14 {top + height / 2})">PESQ, wide-band</text>')
    for i, (wire, title) in enumerate(WIRES.items()):
        middle = left + step * (i + 0.5)
        for line, words in enumerate(wrapped(title)):
            parts.append(f'<text x="{middle}" y="{top + height + 18 + 15 * line}" text-anchor="middle" fill="#1c2730">{words}</text>')
        for j, (ending, (_, colour)) in enumerate(SETTINGS.items()):
            result = results.get(wire + ending)
            if result is None:
                continue
            x = middle + (j - (len(SETTINGS) - 1) / 2) * 18
            scores = result.scores()
            parts.append(f'<path d="M{x} {y(min(scores))}V{y(max(scores))}" stroke="{colour}" stroke-width="2" opacity="0.5"/>')
            parts.append(f'<circle cx="{x}" cy="{y(mean(scores))}" r="5" fill="{colour}"/>')
            if result.goal is not None:
                parts.append(f'<path d="M{x - 9} {y(result.goal)}h18" stroke="#1c2730" stroke-width="2"/>')
    for j, (words, colour) in enumerate(SETTINGS.values()):
        x = left + 8 + j * 160
        parts.append(f'<circle cx="{x}" cy="14" r="5" fill="{colour}"/><text x="{x + 11}" y="18" fill="#1c2730">{words}</text>')
    x = left + 8 + len(SETTINGS) * 160
    parts.append(f'<path d="M{x - 9} 14h18" stroke="#1c2730" stroke-width="2"/><text x="{x + 15}" y="18" fill="#1c2730">goal</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def wrapped(title: str) -> list[str]:
    """At most about 16 characters a line."""
    lines = [""]
    for word in title.split():
        if lines[-1] and len(lines[-1]) + len(word) > 15:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


if __name__ == "__main__":
    main()
