#!/usr/bin/env bash
# WAV: a header written before the length was known reads as no sound at all, without an error.
#
# Guess: speech services and recorders stream WAV with a data size of 0 or 0xFFFFFFFF; a reader
# either takes what is there or says that the file is damaged.
# Seen (Python's wave, soundfile 0.14.0, scipy 1.17.1, pydub 0.25.1, PyAV 18.1.0): 0xFFFFFFFF is
# read whole by all five. With 0, wave, soundfile, scipy and pydub give 0 samples and say nothing;
# PyAV (FFmpeg) alone reads all 8,000. wave promises 2,147,483,647 frames for 0xFFFFFFFF and reads
# 8,000, so its duration is 74 hours.
# So: a WAV without a sample but with bytes behind its header is read by its bytes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  "numpy==2.3.5" soundfile==0.14.0 scipy==1.17.1 pydub==0.25.1 av==18.1.0 "audioop-lts==0.2.2; python_version >= '3.13'"
"$work/venv/bin/python" -W ignore - <<'PY'
import io
import struct
import wave

import av
import soundfile
from pydub import AudioSegment
from scipy.io import wavfile

SOUND = struct.pack("<8000h", *((n * 37) % 2000 - 1000 for n in range(8000)))


def streamed(size: int) -> io.BytesIO:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    riff = min(size + 36, 0xFFFFFFFF)
    head = b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return io.BytesIO(head + b"data" + struct.pack("<I", size) + SOUND)


def by_wave(file: io.BytesIO) -> int:
    with wave.open(file) as opened:
        return len(opened.readframes(opened.getnframes())) // 2


def by_av(file: io.BytesIO) -> int:
    with av.open(file) as opened:
        return sum(frame.samples for frame in opened.decode(audio=0))


readers = {
    "wave": by_wave,
    "soundfile": lambda file: len(soundfile.read(file)[0]),
    "scipy": lambda file: len(wavfile.read(file)[1]),
    "pydub": lambda file: len(AudioSegment.from_file(file, format="wav").get_array_of_samples()),
    "av": by_av,
}
seen = {size: {name: read(streamed(size)) for name, read in readers.items()} for size in (16000, 0, 0xFFFFFFFF)}
with wave.open(streamed(0xFFFFFFFF)) as opened:
    promised = opened.getnframes()
for size, counts in seen.items():
    print(f"data size {size}: samples read {counts}")
print("frames that wave promises for 0xFFFFFFFF:", promised)
whole = dict.fromkeys(readers, 8000)
expected = {16000: whole, 0: dict.fromkeys(readers, 0) | {"av": 8000}, 0xFFFFFFFF: whole}
raise SystemExit(0 if seen == expected and promised == 2**31 - 1 else "changed")
PY
