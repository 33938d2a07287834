from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module", name="certificate")
def _certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost that nobody has signed but itself."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    key = file.with_name("key.pem")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    where = ["-keyout", str(key), "-out", str(file)]
    subprocess.run(["openssl", *words.split(), *names, *where], check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    return file
