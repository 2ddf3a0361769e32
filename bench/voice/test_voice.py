"""Tests of what is decided: losses, chirps, scores. `make voice` runs them before it measures."""

import unittest

import numpy as np

from impairment import Line, Loss, Profile, burst_start, pareto
from score import find_chirp
from speech import CHIRP_AT, RATE, chirp, one_pass, speech
from wire import is_impaired, is_media, recipients

PACKETS = 20_000


def fates(profile: Profile, seed: str = "seed", gap_ms: float = 20, size: int = 200) -> list[list[float]]:
    line = Line(seed)
    return [[at - i * gap_ms for at in line.send(profile, i * gap_ms, size)] for i in range(PACKETS)]


def lost(arrivals: list[list[float]]) -> list[bool]:
    return [not copies for copies in arrivals]


class Impairment(unittest.TestCase):
    def test_the_same_seed_has_the_same_fates_and_another_has_others(self):
        profile = Profile(delay_ms=100, jitter_ms=25, loss=Loss(share=0.1), duplicate=0.02, early=0.05)
        self.assertEqual(fates(profile), fates(profile))
        self.assertNotEqual(fates(profile), fates(profile, "other"))

    def test_what_is_lost_does_not_hang_on_anything_but_the_loss(self):
        plain = Profile(loss=Loss(share=0.1))
        full = Profile(delay_ms=250, jitter_ms=100, loss=Loss(share=0.1), duplicate=0.02, early=0.05)
        self.assertEqual(lost(fates(plain)), lost(fates(full)))

    def test_every_kind_loses_its_share(self):
        gilbert = Loss(kind="gilbert", enter=0.03, leave=0.25)
        for loss, share in (
            (Loss(share=0.1), 0.1),
            (Loss(kind="bursts", share=0.1, packets=3), 0.1),
            (gilbert, 0.03 / 0.28),
        ):
            losses = lost(fates(Profile(loss=loss)))
            self.assertAlmostEqual(sum(losses) / PACKETS, share, delta=0.015)

    def test_bursts_are_at_least_as_long_as_said(self):
        losses = lost(fates(Profile(loss=Loss(kind="bursts", share=0.1, packets=3))))
        runs = "".join("x" if gone else " " for gone in losses).split()
        self.assertTrue(all(len(run) % 3 == 0 for run in runs[:-1]))
        self.assertAlmostEqual(burst_start(0.1, 1), 0.1)

    def test_jitter_has_its_mean_and_deviation(self):
        delays = np.array([copies[0] for copies in fates(Profile(delay_ms=100, jitter_ms=20))])
        self.assertAlmostEqual(delays.mean(), 100, delta=2)
        # The cut at four deviations takes a quarter of it, as netem's table does.
        self.assertAlmostEqual(delays.std(), 15, delta=1.5)
        self.assertLess(pareto(0.999999), 4.001)

    def test_doubled_and_early_packets_have_their_shares(self):
        arrivals = fates(Profile(delay_ms=50, duplicate=0.02, early=0.05))
        self.assertAlmostEqual(sum(len(copies) == 2 for copies in arrivals) / PACKETS, 0.02, delta=0.005)
        self.assertAlmostEqual(sum(copies[0] == 0 for copies in arrivals) / PACKETS, 0.05, delta=0.01)

    def test_a_rate_queues_then_drops(self):
        # 200 bytes each 20 ms are 80 kbit/s.
        self.assertEqual(fates(Profile(rate_kbps=100))[-1], [16.0])
        arrivals = fates(Profile(rate_kbps=40))
        self.assertAlmostEqual(sum(lost(arrivals)) / PACKETS, 0.5, delta=0.02)

    def test_nonsense_is_refused(self):
        for values in ({"loss": {"kind": "some"}}, {"loss": {"share": 2}}, {"latency": 5}):
            with self.assertRaises((TypeError, ValueError)):
                Profile.of(values)


class Wire(unittest.TestCase):
    def test_only_sound_between_the_two_is_sound(self):
        self.assertTrue(is_media(udp("10.214.0.3", b"\x80\x6f")))
        self.assertTrue(is_media(udp("10.214.0.3", b"\x90\xbf")))
        self.assertFalse(is_media(udp("10.214.0.3", b"\x80\xc8")), "RTCP")
        self.assertFalse(is_media(udp("10.214.0.3", b"\x00\x01")), "STUN")
        self.assertFalse(is_media(udp("10.214.0.3", b"\x16\xfe")), "DTLS")
        self.assertFalse(is_media(udp("10.214.0.3", b"")))

    def test_packets_go_where_they_are_sent(self):
        self.assertEqual(recipients(udp("10.214.0.3", b""), "ada"), ["ben"])
        self.assertEqual(recipients(udp("10.214.0.9", b""), "ada"), [])
        self.assertEqual(recipients(udp("224.0.0.251", b""), "ada"), ["server", "ben"])
        self.assertEqual(recipients(b"\x60" + bytes(60), "ada"), [], "IPv6")

    def test_the_server_is_out_of_the_game(self):
        packet = udp("10.214.0.3", b"")
        self.assertTrue(is_impaired(packet, "ada", "ben"))
        self.assertFalse(is_impaired(packet, "ada", "server"))
        self.assertFalse(is_impaired(packet[:9] + b"\x06" + packet[10:], "ada", "ben"), "TCP")


def udp(to: str, payload: bytes) -> bytes:
    header = bytes([0x45]) + bytes(8) + bytes([17]) + bytes(6) + bytes(map(int, to.split(".")))
    return header + bytes(8) + payload


class Chirps(unittest.TestCase):
    def test_a_chirp_is_found_in_noise_and_where_it_is(self):
        noise = np.random.default_rng(1).normal(0, 0.05, 3 * RATE)
        at = RATE
        noise[at : at + chirp().size] += chirp()
        self.assertAlmostEqual(find_chirp(noise), at, delta=RATE // 1000)

    def test_a_chirp_is_found_although_parts_are_missing(self):
        sound = np.zeros(2 * RATE)
        sound[RATE // 2 : RATE // 2 + chirp().size] = chirp()
        for hole in (0.55, 0.7, 0.82):
            sound[int(hole * RATE) : int((hole + 0.06) * RATE)] = 0
        self.assertAlmostEqual(find_chirp(sound), RATE // 2, delta=RATE // 1000)

    def test_speech_noise_and_silence_are_no_chirps(self):
        self.assertIsNone(find_chirp(speech()))
        self.assertIsNone(find_chirp(np.random.default_rng(2).normal(0, 0.1, 2 * RATE)))
        self.assertIsNone(find_chirp(np.zeros(2 * RATE)))
        self.assertIsNone(find_chirp(np.zeros(10)))

    def test_a_pass_has_its_chirp_where_it_says(self):
        self.assertAlmostEqual(find_chirp(one_pass()), CHIRP_AT, delta=RATE // 1000)


if __name__ == "__main__":
    unittest.main()
