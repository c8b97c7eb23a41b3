"""Counters and durations as Prometheus reads them. No text of a request is in them: routes, statuses, numbers."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)  # seconds


class Metrics:
    """Counts requests by method, route and status."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._buckets: defaultdict[str, Counter[float]] = defaultdict(Counter)
        self._counts: Counter[str] = Counter()

    def saw(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request.

        Args:
            method: GET, POST or DELETE; OTHER for all else, which a client could invent.
            route: As it is written in the code (`/v1/digests/{id}`), never as it was asked for.
            status: Of the answer.
            seconds: Until its last byte.
        """
        with self._lock:
            self._requests[method, route, status] += 1
            self._seconds[route] += seconds
            self._buckets[route].update(bound for bound in _BOUNDS if seconds <= bound)

    def add(self, name: str, count: int) -> None:
        """Add to a counter, such as `records`."""
        with self._lock:
            self._counts[name] += count

    def text(self, gauges: Mapping[str, float]) -> str:
        """Write all of it in Prometheus' text format.

        Args:
            gauges: Name -> what is so just now.
        """
        with self._lock:
            lines = ["# HELP gistill_requests_total Answered requests.", "# TYPE gistill_requests_total counter"]
            totals: Counter[str] = Counter()
            for (method, route, status), count in sorted(self._requests.items()):
                totals[route] += count
                labels = f'method="{method}",route="{route}",status="{status}"'
                lines.append(f"gistill_requests_total{{{labels}}} {count}")
            lines += ["# HELP gistill_request_seconds Time to the last byte of an answer."]
            lines += ["# TYPE gistill_request_seconds histogram"]
            for route, total in sorted(totals.items()):
                lines += [
                    f'gistill_request_seconds_bucket{{route="{route}",le="{bound}"}} {self._buckets[route][bound]}'
                    for bound in _BOUNDS
                ]
                lines += [
                    f'gistill_request_seconds_bucket{{route="{route}",le="+Inf"}} {total}',
                    f'gistill_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}',
                    f'gistill_request_seconds_count{{route="{route}"}} {total}',
                ]
            for name, count in sorted(self._counts.items()):
                lines += [f"# TYPE gistill_{name}_total counter", f"gistill_{name}_total {count}"]
        for name, value in sorted(gauges.items()):
            lines += [f"# TYPE gistill_{name} gauge", f"gistill_{name} {value:g}"]
        return "\n".join(lines) + "\n"
