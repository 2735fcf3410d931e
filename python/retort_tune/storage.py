"""Optuna's storages by URL: SQLite, PostgreSQL and others through SQLAlchemy, or Optuna's journal file.

A database that is locked or full is asked again for `--storage_seconds`; then the search stops with StorageLost.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy.engine
import sqlalchemy.exc
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial

from .errors import StorageLost, UserError

StaleCallback = Callable[[optuna.Study, FrozenTrial], None]
_FAULTS = (optuna.exceptions.StorageInternalError, sqlalchemy.exc.OperationalError)
_GRACE = 3  # missed heartbeats after which a trial counts as dead


class PatientStorage(RDBStorage):
    """An RDBStorage whose calls are repeated while the database is locked, full or away."""

    patience = 60.0  # seconds
    # A trial is claimed by reading that it waits and writing that it runs. SQLite does not lock it in between, so that two
    # slots of this search could claim the same one.
    claims = threading.RLock()

    def record_heartbeat(self, trial_id: int) -> None:
        try:
            super().record_heartbeat(trial_id)
        except _FAULTS:
            pass  # the next one may succeed, and three missed ones are needed


def _first_cause(failure: BaseException) -> str:
    cause = failure.__cause__ or failure
    return str(getattr(cause, "orig", cause)).strip().splitlines()[0]


def _repeated(name: str) -> Callable[..., Any]:
    method = getattr(RDBStorage, name)

    @functools.wraps(method)
    def call(self: PatientStorage, *arguments: Any, **named: Any) -> Any:
        end, pause = time.monotonic() + self.patience, 0.1
        while True:
            try:
                with self.claims if name == "set_trial_state_values" else contextlib.nullcontext():
                    return method(self, *arguments, **named)
            except _FAULTS as failure:
                if time.monotonic() + pause > end:
                    raise StorageLost(
                        f"`{shown_url(self.url)}` must be writable, but is not after {self.patience:g} s: {_first_cause(failure)};"
                        " nothing is lost, and the same command continues"
                    ) from failure
            time.sleep(pause)
            pause = min(2 * pause, 5.0)

    return call


for _name in (
    *("create_new_study", "create_new_trial", "set_study_user_attr", "set_study_system_attr", "set_trial_param"),
    *("set_trial_state_values", "set_trial_user_attr", "set_trial_system_attr", "get_trial", "get_all_trials"),
    *("get_trial_system_attrs", "get_trial_user_attrs", "get_study_user_attrs", "get_study_system_attrs"),
    *("get_study_directions", "get_study_id_from_name", "_get_stale_trial_ids", "_get_trials"),
):
    if hasattr(RDBStorage, _name):
        setattr(PatientStorage, _name, _repeated(_name))


def open_storage(url: str, heartbeat_seconds: float, patience: float, when_stale: StaleCallback) -> BaseStorage:
    """Opens or makes the storage. Raises UserError when it cannot be opened."""
    if url.startswith("journal:"):
        return JournalStorage(_journal(Path(url.removeprefix("journal:").removeprefix("//"))))
    interval = math.ceil(heartbeat_seconds)
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        _check_sqlite_folder(url)
        options = {"connect_args": {"timeout": max(0.1, min(60.0, patience))}}
    elif url.startswith("postgresql"):
        options["connect_args"] = {"connect_timeout": 15}
    PatientStorage.patience = patience
    try:
        return _open_database(
            url,
            engine_kwargs=options,
            heartbeat_interval=interval,
            grace_period=_GRACE * interval,
            heartbeat_stale_trial_callback=when_stale,
        )
    except StorageLost as failure:
        raise UserError(str(failure)) from failure
    except Exception as failure:
        raise UserError(
            f"`storage` must be sqlite:///FILE, journal:///FILE or postgresql://... and open, but `{shown_url(url)}` is"
            f" not: {_first_cause(failure)}"
        ) from failure


def _open_database(url: str, **options: Any) -> PatientStorage:
    """Opens the database, and makes its tables in a new one; two searches that begin at once may get in each other's
    way there, and the later one finds the tables soon."""
    for pause in (0.5, 1.0, 2.0):
        try:
            return PatientStorage(url, **options)
        except sqlalchemy.exc.SQLAlchemyError as failure:
            if not isinstance(failure, sqlalchemy.exc.IntegrityError) and "already exists" not in str(failure):
                raise
        time.sleep(pause)
    return PatientStorage(url, **options)


def shown_url(url: str) -> str:
    """The URL without a password."""
    try:
        return sqlalchemy.engine.make_url(url).render_as_string(hide_password=True)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        return url


def _check_sqlite_folder(url: str) -> None:
    path = url.removeprefix("sqlite:///")
    folder = Path(path).absolute().parent
    if path and not path.startswith(":") and not folder.is_dir():
        raise UserError(f"`storage` must lie in an existing folder, but `{folder}` is none")


def _journal(path: Path) -> JournalFileBackend:
    try:
        path.open("ab").close()
        repair_journal(path)
    except OSError as failure:
        raise UserError(
            f"`storage` must be a writable journal file, but `{path}` is not: {failure.strerror}"
        ) from failure
    return JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path)))


def repair_journal(path: Path) -> int:
    """Cuts a torn last line, which a killed writer leaves and Optuna cannot read; returns the bytes cut."""
    lock = JournalFileOpenLock(str(path))
    lock.acquire()
    try:
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
        return len(content) - whole
    finally:
        lock.release()
