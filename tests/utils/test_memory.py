"""The memory that a process may use follows the limits of control groups."""

import pytest

from sklearn_anime.utils._memory import total_memory


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_without_control_groups_it_is_that_of_the_machine(tmp_path):
    assert total_memory(tmp_path) == total_memory(tmp_path / "elsewhere") > 2**20


@pytest.mark.parametrize(
    ("group", "limits", "expected"),
    [
        ("0::/", {"sys/fs/cgroup/memory.max": "4096\n"}, 4096),
        ("0::/a/b", {"sys/fs/cgroup/a/b/memory.max": "max", "sys/fs/cgroup/a/memory.max": "8192"}, 8192),
        ("0::/a", {"sys/fs/cgroup/a/memory.max": "512", "sys/fs/cgroup/memory.max": "1024"}, 512),
        ("5:cpu,memory:/job", {"sys/fs/cgroup/memory/job/memory.limit_in_bytes": "2048"}, 2048),
        ("", {"sys/fs/cgroup/memory/memory.limit_in_bytes": "256"}, 256),
    ],
)
def test_the_least_limit_counts(tmp_path, group, limits, expected):
    write(tmp_path, "proc/self/cgroup", group)
    for path, text in limits.items():
        write(tmp_path, path, text)
    assert total_memory(tmp_path) == expected
