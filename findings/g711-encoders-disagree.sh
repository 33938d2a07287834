#!/usr/bin/env bash
# G.711: the same PCM gives other codes in each encoder; all decoders agree.
#
# Guess: G.711 is a table in a standard of 1972, so every encoder writes the same bytes, and a
# recording can be compared with what was sent byte for byte.
# Seen (soundfile 0.14.0 with libsndfile, PyAV 18.1.0 with FFmpeg, g711 1.6.5): of the 65,536
# values of 16 bits, soundfile and PyAV write another code for 851 in mu-law and 849 in A-law,
# soundfile and g711 for 127 in both, PyAV and g711 for 964 in both: values at the border between
# two steps go to one or the other. Decoded, each of the 256 codes is the same in soundfile and g711.
# So: compare decoded sound within a step of the quantiser, never codes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.3.5 soundfile==0.14.0 av==18.1.0 g711==1.6.5
"$work/venv/bin/python" - <<'PY'
import io

import av
import g711
import numpy as np
import soundfile

values = np.arange(-32768, 32768, dtype=np.int16)
codes = bytes(range(256))


def by_soundfile(law: str) -> np.ndarray:
    file = io.BytesIO()
    soundfile.write(file, values, 8000, format="RAW", subtype=law)
    return np.frombuffer(file.getvalue(), np.uint8)


def by_av(law: str) -> np.ndarray:
    codec = av.CodecContext.create("pcm_mulaw" if law == "ULAW" else "pcm_alaw", "w")
    codec.sample_rate, codec.layout, codec.format = 8000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(values.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 8000
    packets = [*codec.encode(frame), *codec.encode(None)]
    return np.frombuffer(b"".join(bytes(packet) for packet in packets), np.uint8)


def by_g711(law: str) -> np.ndarray:
    encode = g711.encode_ulaw if law == "ULAW" else g711.encode_alaw
    return np.frombuffer(bytes(encode((values / 32768).astype(np.float32))), np.uint8)


seen = {}
for law in ("ULAW", "ALAW"):
    one, two, three = by_soundfile(law), by_av(law), by_g711(law)
    seen[law] = tuple(int(n) for n in ((one != two).sum(), (one != three).sum(), (two != three).sum()))
    heard, _ = soundfile.read(io.BytesIO(codes), channels=1, samplerate=8000, format="RAW", subtype=law, dtype="int16")
    decode = g711.decode_ulaw if law == "ULAW" else g711.decode_alaw
    assert (heard == decode(codes) * 32768).all(), f"decoders of {law} differ"
print("codes that differ (soundfile/av, soundfile/g711, av/g711):", seen)
expected = {"ULAW": (851, 127, 964), "ALAW": (849, 127, 964)}
raise SystemExit(0 if seen == expected else f"changed: expected {expected}")
PY
