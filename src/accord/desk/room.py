"""Room on the disk: below a named minimum no new act begins, while serving, receiving, recalls and erasing go on.

Duties:
  1. who publishes, imports, releases or hands in is refused before anything is read, with what to do;
  2. what others may expect of the node needs little room and is never refused here: pages and receipts, recalls and their confirmations.
"""

from __future__ import annotations

from accord.desk.means import Means
from accord.errors import Unready

# Bytes free on the node's disk. Below it the largest file that may be handed in has no room; recalls and receipts of months have.
DISK_OCTETS_MIN = 256 * 2**20


def has_room(means: Means) -> bool:
    return means.free_octets() >= DISK_OCTETS_MIN


def need_room(means: Means) -> None:
    """Refuse a new act while the disk has less room than the minimum (1)."""
    if not has_room(means):
        raise Unready(
            f"the node's disk has {means.free_octets() // 2**20} MiB free, at least {DISK_OCTETS_MIN // 2**20} MiB are needed for a new act (DISK_OCTETS_MIN)",
            remedy="make room on the disk of the node's folder; recalls are obeyed and partners are served meanwhile",
        )
