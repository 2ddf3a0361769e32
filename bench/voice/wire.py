"""The wire between two browsers and the server: one TUN device in each namespace, packets carried in user space.

    wire.py ADA_NAMESPACE BEN_NAMESPACE

Runs in the server's namespace and needs root. UDP between Ada and Ben is impaired as told; everything to and from
the server passes untouched, so a row measures sound and not how a page loads. It prints `ready`, then
reads a command a line, as JSON, and answers each with one line:

    {"from": "ada", "profile": {…}, "seed": "…"}   what becomes of what Ada sends; with a seed, counts and chance begin anew
    {"count": "ada"}                               what Ada sent since then, on the wire with IP headers

It ends when its input ends.
"""

import fcntl
import heapq
import json
import os
import selectors
import struct
import subprocess
import sys
import time
from collections import Counter

from impairment import Line, Profile

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
MTU = 1500
PROTOCOL_UDP = 17
ADDRESSES = {"server": "10.214.0.1", "ada": "10.214.0.2", "ben": "10.214.0.3"}
NAMES = {bytes(map(int, address.split("."))): name for name, address in ADDRESSES.items()}


class Sender:
    """One direction: packets of sound have chance of their own, so that nothing else moves their losses."""

    def __init__(self):
        self.profile = Profile()
        self.begin("")

    def begin(self, seed: str) -> None:
        self._lines = {media: Line(f"{seed}/{'media' if media else 'other'}") for media in (True, False)}
        self._sent = 0
        self._lost = 0
        self._bytes = 0
        self._sizes = Counter()
        self._types = Counter()

    def send(self, now: float, packet: bytes) -> list[float]:
        media = is_media(packet)
        arrivals = self._lines[media].send(self.profile, now, len(packet))
        if media:
            self._sent += 1
            self._lost += not arrivals
            self._bytes += len(packet)
            self._sizes[len(packet)] += 1
            self._types[payload(packet)[1] & 127] += 1
        return arrivals

    def count(self) -> dict:
        sizes = dict(sorted(self._sizes.items()))
        types = dict(self._types)
        return {"packets": self._sent, "lost": self._lost, "bytes": self._bytes, "sizes": sizes, "types": types}


def is_media(packet: bytes) -> bool:
    """Whether a UDP packet over IPv4 carries RTP and not STUN, DTLS or RTCP (RFC 7983 §7, RFC 5761 §4)."""
    first = payload(packet)[:2]
    return len(first) == 2 and 128 <= first[0] <= 191 and not 192 <= first[1] <= 223


def payload(packet: bytes) -> bytes:
    """What a UDP packet over IPv4 carries."""
    return packet[(packet[0] & 15) * 4 + 8 :]


def recipients(packet: bytes, sender: str) -> list[str]:
    """Who gets a packet; multicast (names of the local network) goes to everybody else."""
    if packet[0] >> 4 != 4:
        return []
    to = packet[16:20]
    if 224 <= to[0] < 240:
        return [name for name in ADDRESSES if name != sender]
    return [NAMES[to]] if to in NAMES and NAMES[to] != sender else []


def is_impaired(packet: bytes, sender: str, to: str) -> bool:
    return packet[9] == PROTOCOL_UDP and "server" not in (sender, to)


def plug(name: str, namespace: str | None) -> int:
    """Makes a TUN device here and moves it to the namespace; the file stays ours."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    inside = []
    if namespace is not None:
        subprocess.run(["ip", "link", "set", name, "netns", namespace], check=True)
        inside = ["-n", namespace]
    for arguments in (
        ["link", "set", "lo", "up"],
        ["address", "add", f"{ADDRESSES[name]}/24", "dev", name],
        ["link", "set", name, "mtu", str(MTU), "up"],
        # Names of the local network are asked for by multicast.
        ["route", "add", "224.0.0.0/4", "dev", name],
    ):
        subprocess.run(["ip", *inside, *arguments], check=True)
    return fd


def now_ms() -> float:
    return time.monotonic() * 1000


def answer(command: dict, senders: dict[str, Sender]) -> str:
    if "count" in command:
        return json.dumps(senders[command["count"]].count())
    sender = senders[command["from"]]
    sender.profile = Profile.of(command["profile"])
    if "seed" in command:
        sender.begin(command["seed"])
    return "ok"


def main() -> None:
    ada, ben = sys.argv[1:]
    devices = {"server": plug("server", None), "ada": plug("ada", ada), "ben": plug("ben", ben)}
    senders = {name: Sender() for name in ("ada", "ben")}
    waiting: list[tuple[float, int, str, bytes]] = []
    order = 0
    selector = selectors.DefaultSelector()
    for name, fd in devices.items():
        selector.register(fd, selectors.EVENT_READ, name)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    print("ready", flush=True)
    while True:
        timeout = max(waiting[0][0] - now_ms(), 0) / 1000 if waiting else None
        for key, _ in selector.select(timeout):
            if key.data is None:
                line = sys.stdin.readline()
                if line == "":
                    return
                print(answer(json.loads(line), senders), flush=True)
                continue
            packet = os.read(key.fd, MTU)
            now = now_ms()
            for to in recipients(packet, key.data):
                arrivals = senders[key.data].send(now, packet) if is_impaired(packet, key.data, to) else [now]
                for arrival in arrivals:
                    order += 1
                    heapq.heappush(waiting, (arrival, order, to, packet))
        while waiting and waiting[0][0] <= now_ms():
            _, _, to, packet = heapq.heappop(waiting)
            try:
                os.write(devices[to], packet)
            except BlockingIOError:
                # The browser's side does not read: the packet is lost, as on any full link.
                pass


if __name__ == "__main__":
    main()
