"""Writes that wait at the same time share one act, and each caller learns what became of its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from accord.store.together import TOGETHER_MAX, Together


def test_what_waits_while_one_is_kept_is_kept_together() -> None:
    together: Together[int] = Together()
    begun, go_on = Event(), Event()
    acts: list[list[int]] = []

    def keep_all(items: Sequence[int]) -> None:
        acts.append(sorted(items))
        begun.set()
        go_on.wait(10)

    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(together.keep, 0, keep_all)
        begun.wait(10)
        others = [threads.submit(together.keep, number, keep_all) for number in range(1, 9)]
        while len(together._waiting) < 8:
            pass
        go_on.set()
        for done in (first, *others):
            done.result(10)
    assert [[0], list(range(1, 9))] == acts


def test_a_fault_reaches_everybody_whose_item_was_with_it_and_nobody_later() -> None:
    together: Together[int] = Together()

    def refuse(items: Sequence[int]) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        together.keep(1, refuse)
    kept: list[int] = []
    together.keep(2, kept.extend)
    assert [2] == kept


def test_more_than_one_act_may_hold_is_kept_in_several() -> None:
    together: Together[int] = Together()
    sizes: list[int] = []
    begun, go_on = Event(), Event()

    def keep_all(items: Sequence[int]) -> None:
        sizes.append(len(items))
        begun.set()
        go_on.wait(10)

    count = TOGETHER_MAX + 10
    with ThreadPoolExecutor(count) as threads:
        done = [threads.submit(together.keep, 0, keep_all)]
        begun.wait(10)
        done += [threads.submit(together.keep, number, keep_all) for number in range(1, count)]
        while len(together._waiting) < count - 1:
            pass
        go_on.set()
        for one in done:
            one.result(10)
    assert count == sum(sizes) and max(sizes) <= TOGETHER_MAX
