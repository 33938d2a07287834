#!/usr/bin/env bash
# Word error rates after Whisper's normaliser: what was said differently can become the same.
#
# Guess: the English normaliser that word error rates of recognisers are published with folds
# spellings of one thing together and leaves different things apart.
# Seen (whisper-normalizer 0.1.15): "ten o'clock" becomes "100 clock" (the o is a zero), and
# "1-800-555-0199" loses the zero of its last group, so that 0199 and 199 are one number. "12,50 €"
# becomes "1250 €" and "19,99" "1999". "nine thirty" becomes "930" and "9:30" "9 30": one time, two
# texts.
# So: a rate that passed through it says nothing about times, telephone numbers and amounts.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check whisper-normalizer==0.1.15
"$work/venv/bin/python" - <<'PY'
from whisper_normalizer.english import EnglishTextNormalizer

normalise = EnglishTextNormalizer()
expected = {
    "ten o'clock": "100 clock",
    "1-800-555-0199": "one 800 555 199",
    "12,50 €": "1250 €",
    "19,99": "1999",
    "nine thirty": "930",
    "9:30": "9 30",
}
seen = {text: normalise(text) for text in expected}
for text, folded in seen.items():
    print(f"{text!r} -> {folded!r}")
raise SystemExit(0 if seen == expected else f"changed: expected {expected}")
PY
