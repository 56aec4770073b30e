"""Metrics: how this node fares, in the text format that Prometheus reads, on an address of its own.

Counts and times only, by member and source; never an identifier, a name or a word of a record.
Sizes are read from the database when somebody asks, so that they are right in every process and after every start. What took how long is
counted here as it happens: rounds with peers (`Timings.round`) and answers of the gate (`TimedGate`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from accord.desk.means import Means
from accord.desk.status import status
from accord.errors import Unready
from accord.node.settings import Listen
from accord.release.decision import Decision
from accord.release.gate import Gate
from accord.release.question import Question
from accord.stix.statement import read_timestamp

ROUND_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0)  # Bounds of the histogram: from an idle look to a million records.
GATE_SECONDS = (0.00001, 0.0001, 0.0005, 0.002, 0.01, 0.1)  # From a remembered class to the goal of 2 ms and past it.

Row: TypeAlias = tuple[tuple[str, ...], float]  # The values of the labels, and the number.


@dataclass(frozen=True, slots=True)
class Timings:
    """What is counted as it happens, in one process."""

    registry: CollectorRegistry
    rounds: Histogram
    gate: Histogram

    @contextmanager
    def round(self, peer: str) -> Iterator[None]:
        """One round with a peer, from its first request to its last receipt, whatever came of it."""
        with self.rounds.labels(peer).time():
            yield


def timings() -> Timings:
    """Fresh counters, in a registry of their own: two nodes in one process do not mix."""
    registry = CollectorRegistry()
    return Timings(
        registry,
        Histogram("accord_sync_seconds", "Duration of a round with a peer.", ["peer"], buckets=ROUND_SECONDS, registry=registry),
        Histogram("accord_gate_seconds", "Duration of one answer of the gate.", buckets=GATE_SECONDS, registry=registry),
    )


@dataclass(frozen=True, slots=True)
class TimedGate(Gate):
    """The gate, with a watch beside it. It answers as the gate does."""

    taken: Histogram | None = field(default=None, repr=False, compare=False)

    def decide(self, question: Question, contents: tuple[bytes, ...] = ()) -> Decision:
        began = time.perf_counter()
        decision = Gate.decide(self, question, contents)
        if self.taken is not None:
            self.taken.observe(time.perf_counter() - began)
        return decision


@contextmanager
def serving(means: Means, counters: Timings, listen: Listen, *, process: int = 0) -> Iterator[None]:
    """Serve the metrics until the block ends, where the settings say so; each further process of a node on the next port."""
    if listen.metrics_port == 0:
        yield
        return
    port = listen.metrics_port + process
    counters.registry.register(Sizes(means))
    try:
        server, thread = start_http_server(port, listen.host, registry=counters.registry)
    except OSError as error:
        says = f"port {port} on {listen.host} cannot be used for metrics: {error.strerror}"
        raise Unready(says, remedy="choose another listen.metrics_port in settings.toml") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True, slots=True, eq=False)  # The registry tells collectors apart by identity.
class Sizes(Collector):
    """Sizes, receipts and faults as the database has them at the moment of the question."""

    means: Means

    def collect(self) -> Iterable[Metric]:
        found = status(self.means)
        channels = [*(("out", item) for item in found.outgoing), *(("in", item) for item in found.incoming)]
        sides = ("direction", "partner")
        yield _gauge("accord_channel_leaves", "Objects in a channel.", sides, [((way, item.partner), item.size) for way, item in channels])
        yield _gauge(
            "accord_channel_receipted_leaves",
            "Objects of a channel that its recipient signed for.",
            sides,
            [((way, item.partner), item.receipted) for way, item in channels],
        )
        yield _gauge(
            "accord_channel_declined_records",
            "Records of a channel that were not kept.",
            sides,
            [((way, item.partner), item.declined) for way, item in channels],
        )
        yield _gauge(
            "accord_peer_contact_timestamp_seconds",
            "When a peer was last asked, in seconds since 1970.",
            ("peer",),
            [((item.member,), read_timestamp(item.contacted_at).timestamp()) for item in found.peers if item.contacted_at],
        )
        yield _gauge(
            "accord_peer_fault",
            "1 while the last contact with a peer failed.",
            ("peer",),
            [((item.member,), int(bool(item.fault))) for item in found.peers],
        )
        yield _gauge(
            "accord_holdings_records",
            "Records held.",
            ("came", "source"),
            [((item.came.value, item.source), item.records) for item in found.holdings],
        )
        yield _gauge("accord_journal_entries", "Entries in this member's journal, fillers among them.", (), [((), found.journal_size)])
        yield _gauge(
            "accord_suspected_logs", "Logs of other members that are proven to have shown two histories.", (), [((), len(found.suspected))]
        )
        yield _gauge(
            "accord_questioned_logs", "Logs of which two checkpoints do not agree, without a proof.", (), [((), len(found.questioned))]
        )


def _gauge(name: str, says: str, labels: tuple[str, ...], rows: Sequence[Row]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family
