"""The memory that this process may use: that of the machine, or the limit of its container."""

import os
from pathlib import Path

import numpy as np


def total_memory(root="/"):
    """Return the bytes of memory that this process may use, infinity where nothing says.

    Containers limit it by control groups, in version 2 or 1; the least limit counts.

    Parameters
    ----------
    root : str or Path, default="/"
        Root of the file system, for tests.

    Examples
    --------
    >>> total_memory() > 2**20
    True
    """
    return min([_physical(), *_limits(Path(root))])


def _physical():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # Windows
        return np.inf


def _limits(root):
    """Yield the limits of the control groups of this process and of those above them."""
    groups = root / "sys/fs/cgroup"
    for controllers, path in _groups(root):
        if controllers == "":
            base, name = groups, "memory.max"
        elif "memory" in controllers.split(","):
            base, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = base / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder == base.parent:
                break
            limit = _read(folder / name)
            if limit.isdigit():  # not "max"
                yield int(limit)


def _groups(root):
    """Yield the controllers and the path of each control group of this process, and the roots."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        yield controllers, path
    yield "", "/"
    yield "memory", "/"


def _read(path):
    try:
        return path.read_text().strip()
    except OSError:
        return ""
