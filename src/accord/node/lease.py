"""The lease: of the processes that serve one node, exactly one does the node's own work at a time.

Duties:
  1. taking it is one write, judged by a clock that is read behind the writers' lock;
  2. who could not renew it in time takes it for lost, by a clock that nobody sets;
  3. who ends gives it back, so that the next one begins at once; one that was killed is followed when its time has run out.
The lease spares work done twice; it guards no record. A process that was stopped for longer than its lease, and wakes in the middle of a page,
meets the guards of its own transaction, as `accord sync` beside a running node does.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from accord.errors import Unready
from accord.store import lease
from accord.store.database import Database

LEASE_SECONDS = 15  # Seconds. Longer than any wait for another writer, unless a disk is about to fail.
LOOK_SECONDS = 3  # Seconds between two renewals, or two looks of those who wait. After a kill the work is done elsewhere within 18 s.

_log = logging.getLogger(__name__)


def clear_lease(database: Database) -> None:
    """End what a run that was killed has left. That no process serves the node is the caller's to know."""
    with database.writing() as transaction:
        lease.clear(transaction)


class Lease:
    """One process's hold on the work."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.holder = f"{os.getpid()}-{secrets.token_hex(8)}"  # The number is for whoever looks for the process.
        self._database = database
        self._clock = clock
        self._lasts_until = 0.0

    def is_held(self) -> bool:
        """Take it or renew it, and say whether it is ours; a database that does not answer leaves that to the time that is left."""
        asked = time.monotonic()
        try:
            with self._database.writing() as transaction:  # 1
                taken = lease.take(transaction, self.holder, now=self._clock(), lasts=timedelta(seconds=LEASE_SECONDS))
        except Unready as error:
            _log.warning("the lease could not be renewed: %s", error.says)
        else:
            self._lasts_until = asked + LEASE_SECONDS if taken else 0.0
        return time.monotonic() < self._lasts_until  # 2

    def give_back(self) -> None:
        """Let another process begin. 3"""
        self._lasts_until = 0.0
        with self._database.writing() as transaction:
            lease.give_back(transaction, self.holder)
