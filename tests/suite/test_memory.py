from __future__ import annotations

from pathlib import Path

import pytest

from voicetest.suite.memory import MIB, calls_that_fit, free_memory, needed


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    """A machine with 1000 MiB to spare."""
    path = tmp_path / "meminfo"
    path.write_text("MemTotal: 9999999 kB\nMemAvailable:    1024000 kB\nHugePages_Total: 0\n")
    return path


def test_a_machine_says_what_it_has_to_spare(tmp_path: Path, meminfo: Path) -> None:
    assert free_memory(meminfo, tmp_path) == 1000 * MIB
    assert free_memory(tmp_path / "none", tmp_path) is None


@pytest.mark.parametrize(
    ("limit", "free"), [("max", 1000), (str(300 * MIB), 150), (str(50 * MIB), 0), ("", 1000)]
)
def test_a_container_may_have_less_and_gives_up_files_nobody_looks_at(
    tmp_path: Path, meminfo: Path, limit: str, free: int
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{200 * MIB}\n")
    (tmp_path / "memory.stat").write_text(f"anon {150 * MIB}\ninactive_file {50 * MIB}\n")
    assert free_memory(meminfo, tmp_path) == free * MIB


def test_as_many_calls_fit_as_there_is_memory_for_them_and_their_processes() -> None:
    def processes(calls: int) -> int:
        return 0 if calls == 1 else 2 if calls <= 16 else 4

    assert needed(100, 4) == 500 * MIB
    assert calls_that_fit(100, processes, 500 * MIB) == 100
    assert calls_that_fit(100, processes, 450 * MIB) == 50
    assert calls_that_fit(100, processes, 410 * MIB) == 16
    assert calls_that_fit(100, processes, 201 * MIB) == 1
    assert calls_that_fit(1, processes, 0) == 1
