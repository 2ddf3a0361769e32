"""Makes the sound that both microphones hear: recorded speech after a chirp that says where it begins.

    speech.py FILE.wav

The speech is Debian's recordings of somebody who names loudspeakers (package alsa-utils), because PESQ judges voices that
are spoken; synthetic ones are outside its model. Everything is 48 kHz, mono, 16 bit. A browser plays the file
over and over, so its length is the length of a pass.
"""

import sys
import wave
from pathlib import Path

import numpy as np

RATE = 48_000
RECORDINGS = Path("/usr/share/sounds/alsa")
WORDS = (
    "Front_Center Front_Left Front_Right Rear_Center Rear_Left Rear_Right Side_Left Side_Right"
).split()

CHIRP_S = 0.5
CHIRP_HZ = (400, 3_000)
# About as loud as the speech.
CHIRP_AMPLITUDE = 0.3

SILENCE_S = 0.5
PAUSE_S = 0.2

# Where things lie in a pass, in samples.
CHIRP_AT = int(SILENCE_S * RATE)
SPEECH_AT = CHIRP_AT + int((CHIRP_S + SILENCE_S) * RATE)


def chirp() -> np.ndarray:
    """With soft ends."""
    phasor = chirp_phasor()
    return CHIRP_AMPLITUDE * phasor.imag * np.hanning(phasor.size) ** 0.25


def chirp_phasor() -> np.ndarray:
    """A tone that rises evenly, as complex numbers of size 1."""
    t = np.arange(int(CHIRP_S * RATE)) / RATE
    low, high = CHIRP_HZ
    return np.exp(2j * np.pi * (low * t + (high - low) * t * t / (2 * CHIRP_S)))


def speech() -> np.ndarray:
    pause = silence(PAUSE_S)
    parts = [part for word in WORDS for part in (read(RECORDINGS / f"{word}.wav"), pause)]
    return np.concatenate(parts)


def one_pass() -> np.ndarray:
    return np.concatenate([silence(SILENCE_S), chirp(), silence(SILENCE_S), speech(), silence(SILENCE_S)])


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE))


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{path} is not 48 kHz, mono, 16 bit")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def write(path: str, samples: np.ndarray) -> None:
    with wave.open(path, "wb") as file:
        file.setframerate(RATE)
        file.setnchannels(1)
        file.setsampwidth(2)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    write(sys.argv[1], one_pass())
