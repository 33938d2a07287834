#!/usr/bin/env bash
# pydub: a telephone recording in mu-law WAV is read as 8 bits of linear sound; what is soft is gone.
#
# Guess: 8 bits of mu-law hold some 13 bits of linear sound, and pydub reads them through FFmpeg,
# so a sentence at -44 dBFS comes out as it went in.
# Seen (pydub 0.25.1 with FFmpeg 5.1.9, file by soundfile 0.14.0): pydub takes the 8 bits a
# sample of the file for the depth of its sound and asks FFmpeg for pcm_u8. A tone at -44 dBFS has
# 34 dB above the noise as libsndfile reads it and 3 dB as pydub does, at -52 dBFS 31 and -4 dB.
# A WAV in IMA ADPCM, which FFmpeg plays, is refused for the same reason (4 bits: pcm_s4le).
# So: telephone recordings are read by soundfile or PyAV, never by pydub.
set -euo pipefail
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || { echo "needs ffmpeg and ffprobe"; exit 2; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  "numpy==2.3.5" soundfile==0.14.0 pydub==0.25.1 "audioop-lts==0.2.2; python_version >= '3.13'"
ffmpeg -version | head -n 1
"$work/venv/bin/python" -W ignore - <<'PY'
import io

import numpy as np
import soundfile
from pydub import AudioSegment
from pydub.exceptions import CouldntDecodeError


def above_noise(sound: np.ndarray, read: np.ndarray) -> int:
    wanted = sound.astype(float)
    return round(10 * np.log10((wanted**2).mean() / ((read - wanted) ** 2).mean()))


def tone(peak: int) -> np.ndarray:
    return (np.sin(np.arange(8000) * 2 * np.pi * 440 / 8000) * peak).astype(np.int16)


def file_of(sound: np.ndarray, subtype: str) -> io.BytesIO:
    file = io.BytesIO()
    soundfile.write(file, sound, 8000, format="WAV", subtype=subtype)
    file.seek(0)
    return file


seen = {}
for peak in (8000, 300, 120):
    sound = tone(peak)
    right = soundfile.read(file_of(sound, "ULAW"), dtype="int16")[0].astype(float)
    segment = AudioSegment.from_file(file_of(sound, "ULAW"), format="wav")
    wide = np.array(segment.set_sample_width(2).get_array_of_samples(), float)
    seen[peak] = (segment.sample_width, above_noise(sound, right), above_noise(sound, wide))
    print(f"peak {peak}: pydub's bytes a sample, dB above noise by libsndfile, by pydub: {seen[peak]}")
try:
    AudioSegment.from_file(file_of(tone(8000), "IMA_ADPCM"), format="wav")
    adpcm = "read"
except CouldntDecodeError as error:
    adpcm = "refused: pcm_s4le" if "pcm_s4le" in str(error) else "refused"
print("IMA ADPCM:", adpcm)
expected = {8000: (1, 40, 30), 300: (1, 34, 3), 120: (1, 31, -4)}
raise SystemExit(0 if seen == expected and adpcm == "refused: pcm_s4le" else "changed")
PY
