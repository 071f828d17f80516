"""What is counted for Prometheus."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The metrics of one application, in a registry of its own.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.batch_size.observe(3)
    >>> b"sklearn_anime_batch_size_sum 3.0" in metrics.text()
    True
    """

    def __init__(self):
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.requests = Counter(
            "sklearn_anime_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "sklearn_anime_request_seconds",
            "Time from the first byte of a request to the last of its response.",
            ("method", "route"),
            buckets=SECONDS,
            registry=registry,
        )
        self.batch_size = Histogram(
            "sklearn_anime_batch_size", "Requests scored together.", buckets=SIZES, registry=registry
        )
        self.fallbacks = Counter(
            "sklearn_anime_fallbacks", "Requests answered with popular items.", registry=registry
        )
        self.reloads = Counter(
            "sklearn_anime_reloads", "New files, by what became of them.", ("result",), registry=registry
        )
        self.model_since = Gauge(
            "sklearn_anime_model_since_seconds",
            "When the model that is served was loaded.",
            registry=registry,
        )

    def count_reload(self, loaded):
        """Count a new file, and whether it is served."""
        self.reloads.labels("served" if loaded else "refused").inc()

    def text(self):
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
