"""The fixed parts of the files that `voicetest init` writes."""

from __future__ import annotations

__all__ = ["CI_JOB", "DIALOGUE", "SCRIPT"]

SCRIPT = """\
user:
  voice: espeak/en-us+f2         # an offline voice; see: voicetest list-adapters --voices

# Each step has one action. Only an 'agent' step waits for an answer. An agent that says "one
# moment" and comes back later is two of them: the second with, for example, within: 15s.
script:
  - agent:                       # the agent speaks first
      says_any: [hello, welcome, thank you for calling]
      within: 5s
  - user: Could you tell me your opening hours please?
  - agent:
      says_any: [open, hours]    # one of these words; 'says' wants all of them
      within: 5s
  - user: Thank you, goodbye.
  - agent

# What has to be true of the whole call.
checks:
  response_latency: {p95: 5s}
  talk_overs: {max: 0}
"""

DIALOGUE = """\
# yaml-language-server: $schema=../../schemas/agent.schema.json
# An agent on this machine: it listens, takes the first rule that fits, and speaks.
greeting: Hello and welcome, how can I help you?
rules:
  - when: [opening, hours]       # any of these words
    say: We are open from nine to five.
  - when: [thank you, goodbye]
    say: Thank you for calling. Goodbye.
    ends_call: true
fallback: Sorry, could you say that again?
"""

CI_JOB = """\
name: Voice agent
on: [push, pull_request]
jobs:
  voicetest:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.13"}
      - run: pip install voicetest
      - uses: actions/cache@v4
        with:                    # voices and transcripts are kept by content
          path: ~/.cache/voicetest
          key: voicetest-${{ hashFiles('scenarios/**') }}
          restore-keys: voicetest-
      - run: voicetest run scenarios/ --offline --junit runs/junit.xml --html runs/report.html
# KEYS
      - uses: actions/upload-artifact@v4
        if: always()             # the recordings, and the page that plays them
        with:                    # without the link to the newest run, which is followed
          name: calls
          path: |
            runs/
            !runs/latest
"""
