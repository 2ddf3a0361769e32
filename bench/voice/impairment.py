"""What a bad network does to packets, decided without clock, randomness or I/O of its own.

A `Line` is one direction. It is told of each packet and answers at which times copies of it arrive: none when it
is lost, two when it is doubled. Each packet takes the same number of draws whatever becomes of it, so the fate of
the n-th packet follows from the seed alone, and rows that differ in the sound settings meet the same losses.

Jitter is drawn for each packet by itself, as Linux's netem does it, so packets overtake each other.
"""

from dataclasses import dataclass, field
from random import Random

# A link of limited rate queues so much and drops what would wait longer, in milliseconds.
QUEUE_MS = 500.0

# netem's Pareto table: shape 3, moved to mean 0 and standard deviation 1, cut at 4 deviations.
PARETO_SHAPE = 3.0
PARETO_MEAN = 1.5
PARETO_DEVIATION = 0.75**0.5
PARETO_MAX = 4.0


@dataclass(frozen=True)
class Loss:
    """`random`: each packet by itself. `bursts`: exactly `packets` in a row. `gilbert`: bursts of random length."""

    kind: str = "random"
    # Of all packets, for `random` and `bursts`.
    share: float = 0.0
    packets: int = 1
    # Chances to enter and to leave the state in which everything is lost, for `gilbert`.
    enter: float = 0.0
    leave: float = 1.0

    def __post_init__(self):
        if self.kind not in ("random", "bursts", "gilbert"):
            raise ValueError(f"loss is random, bursts or gilbert, not {self.kind}")
        for name in ("share", "enter", "leave"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} of a loss lies between 0 and 1")
        if self.packets < 1:
            raise ValueError("a burst has at least one packet")


@dataclass(frozen=True)
class Profile:
    delay_ms: float = 0.0
    # Standard deviation of the delay.
    jitter_ms: float = 0.0
    loss: Loss = field(default_factory=Loss)
    # Shares of packets that arrive twice, and that overtake all others by having no delay.
    duplicate: float = 0.0
    early: float = 0.0
    # Nothing for an endless rate.
    rate_kbps: float | None = None

    @staticmethod
    def of(values: dict) -> "Profile":
        """From JSON; an unknown name is an error."""
        values = dict(values)
        loss = Loss(**values.pop("loss", {}))
        return Profile(loss=loss, **values)


class Line:
    def __init__(self, seed: str):
        self._random = Random(seed)
        self._burst_left = 0
        self._bad = False
        self._free_at = 0.0

    def send(self, profile: Profile, now: float, size: int) -> list[float]:
        """When the copies of a packet of `size` bytes arrive; all times in milliseconds."""
        chance, jitter, doubled, early = (self._random.random() for _ in range(4))
        lost = self._is_lost(profile.loss, chance)
        leaves = now
        if profile.rate_kbps is not None:
            queued_till = max(now, self._free_at)
            if queued_till - now > QUEUE_MS:
                return []
            # The rate limits what enters the link, lost further on or not.
            leaves = self._free_at = queued_till + size * 8 / profile.rate_kbps
        if lost:
            return []
        delay = 0.0 if early < profile.early else profile.delay_ms + profile.jitter_ms * pareto(jitter)
        arrives = leaves + max(delay, 0.0)
        return [arrives, arrives] if doubled < profile.duplicate else [arrives]

    def _is_lost(self, loss: Loss, chance: float) -> bool:
        match loss.kind:
            case "random":
                return chance < loss.share
            case "bursts":
                if self._burst_left == 0 and chance < burst_start(loss.share, loss.packets):
                    self._burst_left = loss.packets
                if self._burst_left == 0:
                    return False
                self._burst_left -= 1
                return True
            case _:
                self._bad = chance >= loss.leave if self._bad else chance < loss.enter
                return self._bad


def burst_start(share: float, packets: int) -> float:
    """The chance to begin a burst at a packet outside bursts, so that `share` of all packets are lost."""
    return share / (packets - share * (packets - 1))


def pareto(chance: float) -> float:
    """A draw from netem's Pareto distribution, in standard deviations: from -0.58 to 4."""
    value = (1.0 - chance) ** (-1.0 / PARETO_SHAPE)
    return min((value - PARETO_MEAN) / PARETO_DEVIATION, PARETO_MAX)
