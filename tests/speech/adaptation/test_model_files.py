from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicetest.speech.adaptation.model_files import read_gaussians, read_model, write_gaussians
from voicetest.speech.transcribers.stock_model import stock_file


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(3, 2, 4, 5)).astype(np.float32)
    write_gaussians(tmp_path / "means", values)
    assert (read_gaussians(tmp_path / "means") == values).all()


def test_the_stock_model_is_read_whole() -> None:
    model = read_model(stock_file("en-us"))
    assert model.means.shape == model.variances.shape == (42, 3, 128, 13)
    assert model.weights.shape[:2] == (3, 128)
    assert model.phones[:4] == ("+NSN+", "+SPN+", "AA", "AE")
    assert len(set(model.phones)) == 42
    # Weights are quantised downwards: those of a state come to somewhat less than 1.
    assert 0.9 < model.weights.sum(axis=1).min() <= model.weights.sum(axis=1).max() < 1.01


def test_another_byte_order_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "means"
    write_gaussians(path, np.zeros((1, 1, 1, 1), dtype=np.float32))
    path.write_bytes(path.read_bytes().replace(b"\x44\x33\x22\x11", b"\x11\x22\x33\x44"))
    with pytest.raises(ValueError, match="not a little-endian file"):
        read_gaussians(path)
