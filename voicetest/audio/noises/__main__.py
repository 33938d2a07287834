"""Writes the WAV files of the noises anew: `python -m voicetest.audio.noises [folder]`."""

from __future__ import annotations

import sys
from pathlib import Path

from voicetest.audio.noises.library import FOLDER
from voicetest.audio.noises.synthesis import NOISES, noise
from voicetest.audio.wav import write_wav


def main(folder: Path) -> None:
    """Write every noise into a folder, over what is there."""
    for name in NOISES:
        file = folder / f"{name}.wav"
        file.unlink(missing_ok=True)
        write_wav(file, noise(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
