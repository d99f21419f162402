"""Where anonymised documents wait for their publication, and where published files lie.

Staging is private: a folder of the administrator's, else the site's file storage (CKAN 2.12), else
a folder beside the uploads. Web process and worker share it. Nothing there has an address.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ckan.lib import uploader
from ckan.plugins import toolkit as tk
from werkzeug.datastructures import FileStorage

from ckanext.budgetod import config

FOLDER = "budgetod-staging"
SUFFIX = ".xml"


def stage(key: str, stream: IO[bytes]) -> None:
    """Keep ``stream`` (from its beginning) under ``key``; whole or not at all."""
    stream.seek(0)
    storage = _site_storage()
    if storage is None:
        _write_file(_path(key), stream)
    else:
        _upload(storage, _location(storage, key), stream)


@contextlib.contextmanager
def open_staged(key: str) -> Iterator[IO[bytes]]:
    """The staged document as a seekable stream. FileNotFoundError when it is not there."""
    storage = _site_storage()
    if storage is None:
        with _path(key).open("rb") as stream:
            yield stream
        return
    with tempfile.TemporaryFile() as copy:
        _download(storage, _location(storage, key), copy)
        copy.seek(0)
        yield copy


def is_staged(key: str) -> bool:
    storage = _site_storage()
    if storage is None:
        return _path(key).exists()
    return bool(storage.exists(_file_data(_location(storage, key))))


def discard(key: str) -> None:
    """Forget what was staged under ``key``; nothing happens when there is nothing."""
    storage = _site_storage()
    if storage is None:
        _path(key).unlink(missing_ok=True)
        return
    _remove(storage, _location(storage, key))


def forgotten(older_than: float) -> list[str]:
    """Keys staged more than ``older_than`` seconds ago, in the folder (a storage is not listed)."""
    if _site_storage() is not None:
        return []
    limit = time.time() - older_than
    return [
        path.name.removesuffix(SUFFIX)
        for path in _folder().iterdir()
        if path.is_file() and path.stat().st_mtime < limit
    ]


@contextlib.contextmanager
def open_resource(resource_id: str) -> Iterator[IO[bytes]]:
    """A published file, wherever this site keeps files. FileNotFoundError when it is gone."""
    upload = uploader.get_resource_uploader({"id": resource_id})
    location = upload.get_path(resource_id)
    storage = getattr(upload, "storage", None)
    if storage is None:
        with open(location, "rb") as stream:
            yield stream
        return
    with tempfile.TemporaryFile() as copy:
        _download(storage, location, copy)
        copy.seek(0)
        yield copy


def remove_resource_file(resource_id: str) -> None:
    """Take a published file off the disk or storage: CKAN itself keeps those of deleted entries."""
    upload = uploader.get_resource_uploader({"id": resource_id})
    storage = getattr(upload, "storage", None)
    if storage is not None:
        _remove(storage, upload.get_path(resource_id))
    elif getattr(upload, "storage_path", None):
        Path(upload.get_path(resource_id)).unlink(missing_ok=True)


def as_upload(stream: IO[bytes], filename: str, content_type: str) -> FileStorage:
    """A file for CKAN's uploaders, which take what a web form would send."""
    return FileStorage(stream=stream, filename=filename, content_type=content_type)


# --- folder --------------------------------------------------------------------------------------
def _folder() -> Path:
    folder = config.staging_path() or Path(tk.config["ckan.storage_path"]) / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(key: str) -> Path:
    return _folder() / f"{key}{SUFFIX}"


def _write_file(path: Path, stream: IO[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as target:
            shutil.copyfileobj(stream, target)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# --- CKAN 2.12's file storages -------------------------------------------------------------------
def _site_storage() -> Any:
    """The storage of resources, None where a folder serves (2.11, or a path that was chosen)."""
    if config.staging_path() is not None:
        return None
    try:
        from ckan.lib import files
    except ImportError:
        return None
    name = tk.config.get("ckan.files.default_storages.resource")
    try:
        return files.get_storage(name)
    except files.exc.UnknownStorageError:
        return None


def _location(storage: Any, key: str) -> Any:
    return storage.prepare_location(f"{FOLDER}/{key}{SUFFIX}")


def _file_data(location: Any) -> Any:
    from ckan.lib import files

    return files.FileData(location)


def _upload(storage: Any, location: Any, stream: IO[bytes]) -> None:
    from ckan.lib import files

    _remove(storage, location)
    storage.upload(location, files.make_upload(as_upload(stream, f"x{SUFFIX}", "application/xml")))


def _download(storage: Any, location: Any, target: IO[bytes]) -> None:
    from ckan.lib import files

    try:
        for chunk in storage.stream(_file_data(location)):
            target.write(chunk)
    except files.exc.MissingFileError as missing:
        raise FileNotFoundError(str(location)) from missing


def _remove(storage: Any, location: Any) -> None:
    from ckan.lib import files

    with contextlib.suppress(files.exc.MissingFileError):
        storage.remove(_file_data(location))
