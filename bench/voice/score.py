"""Scores what was heard in one call.

    score.py FOLDER

Reads what `measure.ts` wrote, finds each pass by its chirp, and judges its speech with PESQ (ITU-T P.862.2, wide-band).
Writes the row into results.json beside this file, replacing what was measured before, and prints it.
"""

import json
import sys
from pathlib import Path

import numpy as np
from pesq import pesq

from speech import CHIRP_AT, CHIRP_S, RATE, SPEECH_AT, chirp_phasor, one_pass, speech

RESULTS = Path(__file__).with_name("results.json")

# PESQ wide-band takes 16 kHz.
PESQ_RATE = 16_000
DECIMATION = RATE // PESQ_RATE

# The chirp is heard at most so much later than it was said, in seconds.
DELAY_MAX_S = 1.9
# A chirp is compared in so many pieces. What is heard of it is at least so much like it, from 0 to 1: speech has 0.08.
PIECES = 10
LIKENESS_MIN = 0.25
# Around the speech, so that PESQ may shift it, in seconds.
MARGIN_S = 0.3
# Sound comes in chunks of 10 ms. One that is so late shows that the machine was too busy to play.
STALL_MS = 40


class Tape:
    """A track's sound at 48 kHz without gaps, and the time of each of its samples."""

    def __init__(self, path: Path):
        samples = np.frombuffer(path.with_suffix(".pcm").read_bytes(), "<i2") / 32768
        times = json.loads(path.with_suffix(".json").read_text())
        # Chromium's fake microphone has 44.1 kHz of its own; its sound serves to find the chirps only.
        step = times["rate"] / RATE
        at = np.arange(0, samples.size - 1, step)
        self.samples = samples if step == 1 else np.interp(at, np.arange(samples.size), samples)
        times_us, handed_over_ms, counts = np.array(times["chunks"]).T
        # The track's clock is even but begins anywhere. The machine's time is late by what the page was busy,
        # and once in a while by nothing.
        self._times = times_us / 1e6 + np.min(handed_over_ms / 1e3 - times_us / 1e6)
        self._starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) / step

    def time_of(self, sample: int) -> float:
        """When a sample came, in seconds by the machine's clock."""
        chunk = np.searchsorted(self._starts, sample, side="right") - 1
        return self._times[chunk] + (sample - self._starts[chunk]) / RATE

    def sample_at(self, time: float) -> int:
        chunk = max(np.searchsorted(self._times, time, side="right") - 1, 0)
        return int(self._starts[chunk] + (time - self._times[chunk]) * RATE)

    def stalls(self) -> int:
        return int(np.sum(np.diff(self._times) * 1000 > STALL_MS))


def main() -> None:
    folder = Path(sys.argv[1])
    call = json.loads((folder / "call.json").read_text())
    row = call["row"]
    directions = {side: judge(folder, call, side, ear) for side, ear in (("ada", "ben"), ("ben", "ada"))}
    result = {
        "measured": call["when"],
        "load": [round(load, 2) for load in call["load"]],
        "settings": row["settings"],
        "wire": row["wire"],
        "phases": len(row["wires"]),
        "directions": directions,
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[row["name"]] = result
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    for side, judged in directions.items():
        print(row["name"], side, json.dumps({k: v for k, v in judged.items() if k != "sizes"}))


def judge(folder: Path, call: dict, side: str, ear: str) -> dict:
    """What `ear` heard of `side`."""
    said, heard = Tape(folder / f"{side}-mouth"), Tape(folder / f"{ear}-ear")
    passes = []
    for start in starts(said, call["row"]["passes"] + 1):
        passes.append(judge_pass(said, heard, start))
    settling, *counted = passes
    book = call["sides"][side]
    return {
        "pesq": [one["pesq"] for one in counted],
        "pesq_settling": settling["pesq"],
        "mouth_to_ear_ms": [one["mouth_to_ear_ms"] for one in counted],
        **concealment(book["ear"]["before"], book["ear"]["after"]),
        **traffic(book["wire"]["from"], book["wire"]["to"], call["passMs"] * call["row"]["passes"]),
        "listening_kbps": round(call["listening"][side]["bytes"] * 8 / call["listening"][side]["ms"], 1),
        "stalls": said.stalls() + heard.stalls(),
    }


def judge_pass(said: Tape, heard: Tape, said_at: int) -> dict:
    """Of a pass whose chirp was said at a sample. Nothing where the chirp was lost: what followed may have been heard, or not."""
    spoken = said.time_of(said_at)
    since = max(heard.sample_at(spoken), 0)
    found = find_chirp(heard.samples[since : heard.sample_at(spoken + DELAY_MAX_S + CHIRP_S)])
    if found is None:
        return {"pesq": None, "mouth_to_ear_ms": None}
    heard_at = since + found
    begin = heard_at + SPEECH_AT - CHIRP_AT
    margin = int(MARGIN_S * RATE)
    degraded = heard.samples[begin - margin : begin + speech().size + margin]
    reference = one_pass()[SPEECH_AT - margin : SPEECH_AT + speech().size + margin]
    return {
        "pesq": round(pesq(PESQ_RATE, to_16k(reference), to_16k(degraded), "wb"), 3),
        "mouth_to_ear_ms": round((heard.time_of(heard_at) - spoken) * 1000, 1),
    }


def starts(said: Tape, count: int) -> list[int]:
    """Where the chirps of a microphone's passes lie."""
    found, at = [], 0
    length = one_pass().size
    while len(found) < count:
        chirp_at = find_chirp(said.samples[at : at + length])
        if chirp_at is None:
            raise SystemExit(f"the microphone said {len(found)} of {count} passes")
        found.append(at + chirp_at)
        # Past this chirp, and so far before the next one that it is found whole.
        at = found[-1] + length - CHIRP_AT
    return found


def find_chirp(samples: np.ndarray) -> int | None:
    """Where in the samples the chirp begins.

    A codec for speech keeps neither phase nor level, and a jitter buffer stretches, so the chirp is looked for piece by piece.
    """
    pattern = np.split(chirp_phasor(), PIECES)
    piece = pattern[0].size
    places = samples.size - piece * PIECES + 1
    if places < 1:
        return None
    size = 1 << (samples.size + piece).bit_length()
    spectrum = np.fft.fft(samples, size)
    energy = np.concatenate([[0], np.cumsum(samples**2)])
    powers = np.maximum(energy[piece:] - energy[:-piece], 1e-6)
    likeness = np.zeros(places)
    for i, phasor in enumerate(pattern):
        matches = np.abs(np.fft.ifft(spectrum * np.conj(np.fft.fft(phasor, size))))
        here = slice(i * piece, i * piece + places)
        likeness += matches[here] / np.sqrt(powers[here] * piece / 2) / PIECES
    at = int(np.argmax(likeness))
    return at if likeness[at] >= LIKENESS_MIN else None


def to_16k(samples: np.ndarray) -> np.ndarray:
    """Every third sample after a low-pass at 7.6 kHz."""
    taps = np.arange(-96, 97)
    cutoff = 7_600 / RATE
    kernel = 2 * cutoff * np.sinc(2 * cutoff * taps) * np.blackman(taps.size)
    filtered = np.convolve(samples, kernel, "same")[::DECIMATION]
    return np.clip(np.round(filtered * 32767), -32768, 32767).astype(np.int16)


def concealment(before: list[dict], after: list[dict]) -> dict:
    """What the receiving browser says of its jitter buffer between two moments (webrtc-stats, inbound-rtp)."""
    first, last = inbound(before), inbound(after)

    def grown(name: str) -> float:
        return last.get(name, 0) - first.get(name, 0)

    return {
        # Silence that stands in for silence is heard by nobody.
        "concealed": round((grown("concealedSamples") - grown("silentConcealedSamples")) / grown("totalSamplesReceived"), 5),
        "jitter_buffer_ms": round(grown("jitterBufferDelay") / grown("jitterBufferEmittedCount") * 1000, 1),
        "packets_lost": grown("packetsLost"),
        "packets_received": grown("packetsReceived"),
        "fec_used": grown("fecPacketsReceived") - grown("fecPacketsDiscarded"),
    }


def inbound(stats: list[dict]) -> dict:
    return next(report for report in stats if report["type"] == "inbound-rtp")


def traffic(before: dict, after: dict, ms: float) -> dict:
    packets = after["packets"] - before["packets"]
    sizes = {
        int(size): count - before["sizes"].get(size, 0)
        for size, count in after["sizes"].items()
        if count > before["sizes"].get(size, 0)
    }
    return {
        "kbps": round((after["bytes"] - before["bytes"]) * 8 / ms, 1),
        "lost_on_the_wire": round((after["lost"] - before["lost"]) / packets, 4),
        "packets": packets,
        "sizes": sizes,
    }


if __name__ == "__main__":
    main()
