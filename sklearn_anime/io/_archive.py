"""The archive that holds a model: its seal, and all that is checked of it before a model is made."""

import hashlib
import json
import re
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from scipy import sparse

from sklearn_anime.io._versions import check_versions, running_versions

MANIFEST = "sklearn_anime.json"
SCHEMA = "schema.json"
MEMBER = re.compile(r"[\w-]+\.(json|npy|npz|bin)", re.ASCII)
CHUNK = 2**20  # bytes read at a time
LARGEST_MANIFEST = 2**16  # bytes
ALWAYS_ALLOWED = 2**30  # bytes that a file may always unpack to,
LARGEST_RATIO = 100  # and how many times its size where that is more


class ModelFileError(ValueError):
    """A file cannot be read as a model, or must not be: it is damaged, foreign or too new.

    See Also
    --------
    sklearn_anime.io.load : Raises it.

    Examples
    --------
    >>> import io
    >>> from sklearn_anime.io import ModelFileError, load
    >>> try:
    ...     load(io.BytesIO(b"no archive"))
    ... except ModelFileError as error:
    ...     print(error)
    Cannot read the model file: it is no archive of sklearn_anime.io.dump. (File is not a zip file)
    """


def seal(handle):
    """Add the versions that wrote an archive, and the digest of its other members, as a member."""
    with ZipFile(handle, "a") as archive:
        manifest = {"versions": running_versions(_holds_keras(archive)), "sha256": _digest(archive)}
        archive.writestr(MANIFEST, json.dumps(manifest, indent=2))


def check_archive(handle):
    """Raise `ValueError` unless a file is an intact archive of these versions; return its manifest."""
    size = handle.seek(0, 2)
    try:
        with ZipFile(handle) as archive:
            _check_members(archive, size)
            manifest = _read_manifest(archive)
            if manifest["sha256"] != _digest(archive):
                raise ValueError("it is damaged: its content does not have the SHA-256 that it names.")
            check_versions(manifest["versions"], running_versions(_holds_keras(archive)))
            _check_unpacked_size(archive, size)
            _check_sparse(archive)
    except BadZipFile as error:
        raise ValueError(f"it is no archive of sklearn_anime.io.dump. ({error})") from error
    return manifest


def schema(archive):
    """Yield the objects of the schema of skops, which says what a file holds."""
    stack = [json.loads(archive.read(SCHEMA))]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            yield each
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)


def _check_members(archive, size):
    """Check that members are what `dump` writes, stored as they are: nothing unpacks to more."""
    names = archive.namelist()
    for info in archive.infolist():
        if not MEMBER.fullmatch(info.filename):
            raise ValueError(
                f"it has a member {info.filename!r}, which sklearn_anime.io.dump does not write."
            )
        if info.compress_type != ZIP_STORED or info.file_size != info.compress_size:
            raise ValueError(
                f"its member {info.filename!r} is compressed, from {info.file_size} to "
                f"{info.compress_size} bytes, which sklearn_anime.io.dump does not do."
            )
    if len(set(names)) < len(names) or sum(info.file_size for info in archive.infolist()) > size:
        raise ValueError("it has members that repeat or overlap.")
    missing = {SCHEMA, MANIFEST} - set(names)
    if missing:
        raise ValueError(
            f"it has no member {sorted(missing)[0]!r}: sklearn_anime.io.dump has not written it. "
            f"What skops alone wrote is read by skops.io.load(trusted=sklearn_anime.io.TRUSTED_TYPES)."
        )


def _read_manifest(archive):
    if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
        raise ValueError(f"its member {MANIFEST!r} is too large.")
    manifest = json.loads(archive.read(MANIFEST))
    if not (isinstance(manifest, dict) and isinstance(manifest.get("versions"), dict)):
        raise ValueError(f"its member {MANIFEST!r} names no versions.")
    return {"sha256": None, **manifest}


def _digest(archive):
    """Return the SHA-256 of the names, sizes and contents of all members but the manifest."""
    found = hashlib.sha256()
    for name in sorted(set(archive.namelist()) - {MANIFEST}):
        found.update(f"{name}\0{archive.getinfo(name).file_size}\0".encode())
        with archive.open(name) as member:
            while chunk := member.read(CHUNK):
                found.update(chunk)
    return found.hexdigest()


def _nested(archive):
    """Yield the archives within: sparse matrices of scipy, and Keras models."""
    for name in archive.namelist():
        if name.endswith((".npz", ".bin")):
            with archive.open(name) as member:
                if member.read(2) == b"PK":
                    yield name


def _holds_keras(archive):
    return any(name.endswith(".bin") for name in _nested(archive))


def _check_unpacked_size(archive, size):
    """Check what the members unpack to, each as often as the schema has it read."""
    unpacked = {info.filename: info.file_size for info in archive.infolist()}
    for name in _nested(archive):
        with ZipFile(BytesIO(archive.read(name))) as inner:
            unpacked[name] += sum(info.file_size for info in inner.infolist())
    reads = {(each["file"], each.get("__id__")) for each in schema(archive) if _is_text(each, "file")}
    total = sum(unpacked.get(name, 0) for name, _ in reads)
    if total > max(ALWAYS_ALLOWED, LARGEST_RATIO * size):
        raise ValueError(f"its {size} bytes would unpack to {total} bytes.")


def _is_text(each, key):
    return isinstance(each.get(key), str)


def _check_sparse(archive):
    """Check the indices of sparse matrices, with which scipy reads memory unchecked."""
    for name in archive.namelist():
        if name.endswith(".npz"):
            matrix = sparse.load_npz(BytesIO(archive.read(name)))
            if hasattr(matrix, "check_format"):
                matrix.check_format(full_check=True)
