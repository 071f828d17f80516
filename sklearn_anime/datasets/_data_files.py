"""The files of a published data set, in a folder or in the archive as it was published."""

import gzip
import os
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

DAMAGE = (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError, zlib.error)


@dataclass(frozen=True)
class DataFiles:
    r"""Files by their names without folders; those that end in `.gz` also without it.

    Attributes
    ----------
    path : Path
        The folder or the archive.

    members : dict of str to str
        Name of a file -> what it is called in the folder or the archive.

    Examples
    --------
    >>> files = DataFiles.at(Path(__file__).parent / "data")
    >>> "rating.csv" in files, "u.data" in files
    (True, False)
    >>> with files.open("rating.csv") as file:
    ...     file.readline()
    b'user_id,anime_id,rating\n'
    """

    path: Path
    members: dict

    @classmethod
    def at(cls, path: str | os.PathLike) -> "DataFiles":
        """Find the files of a folder, or of a zip or tar archive."""
        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(f"There is no {path}. Name a folder, or a zip or tar archive.")
        members = _list_members(path)
        plain = {PurePosixPath(member).name: member for member in members}
        unpacked = {name.removesuffix(".gz"): member for name, member in plain.items()}
        return cls(path, unpacked | plain)

    def __contains__(self, name):
        return name in self.members

    def place(self, name: str) -> str:
        """Return what to call a file in a message."""
        return f"{self.members.get(name, name)} in {self.path}"

    @property
    def folders(self) -> set:
        """Names of the outermost folders of an archive."""
        paths = (PurePosixPath(member) for member in self.members.values())
        return {path.parts[0] for path in paths if len(path.parts) > 1}

    def require(self, names, what: str):
        """Raise where a file is missing."""
        missing = [name for name in names if name not in self]
        if missing:
            raise ValueError(
                f"{self.path} has no {' and no '.join(missing)} (files: "
                f"{', '.join(sorted(self.members)[:20]) or 'none'}). {what}"
            )

    @contextmanager
    def open(self, name: str) -> BinaryIO:
        """Open a file to read its bytes, unpacked; a damaged one raises while it is read."""
        try:
            with self._open_member(self.members[name]) as file:
                yield gzip.GzipFile(fileobj=file) if self.members[name].endswith(".gz") else file
        except DAMAGE as error:
            raise ValueError(f"{self.place(name)} is damaged ({error}). Download it again.") from error

    @contextmanager
    def _open_member(self, member):
        if self.path.is_dir():
            with (self.path / member).open("rb") as file:
                yield file
        elif zipfile.is_zipfile(self.path):
            with zipfile.ZipFile(self.path) as archive, archive.open(member) as file:
                yield file
        else:
            with tarfile.open(self.path) as archive, archive.extractfile(member) as file:
                yield file


def _list_members(path):
    if path.is_dir():
        return sorted(entry.name for entry in path.iterdir() if entry.is_file())
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            names = [info.name for info in archive.getmembers() if info.isfile()]
    else:
        raise ValueError(
            f"{path} is no zip or tar archive, or it is damaged. Download it again, or name a folder."
        )
    hidden = ("__MACOSX/", "._")
    return [name for name in names if not name.startswith(hidden)]
