"""What the processes of a run have in common, loaded once by the server that forks them."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

_MODULES = (
    "voicetest.adapters.pipecat",
    "voicetest.adapters.websocket",
    "voicetest.audio.containers",
    "voicetest.audio.readings",
    "voicetest.links.arrival",
    "voicetest.links.identity",
    "voicetest.suite.hosts",
    "voicetest.suite.worker",
    "voicetest.transports.websocket",
)

# A server is started by a command line, which looks for modules in the folder it stands in first.
sys.path[:] = [place for place in sys.path if place]

for name in _MODULES:
    import_module(name)
import_module("voicetest.suite.warm").warm_up()

gc.collect()
gc.freeze()  # what no collection looks at stays the memory of all
