"""One logger and one set of metrics, shared by all that runs in a function."""

from threading import Lock

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from promotion_jobs.measures import Measure

__all__ = ["MetricUnit", "flush_metrics", "logger", "measure", "metrics"]

logger = Logger()
metrics = Metrics()

_lock = Lock()
"""Inserts are measured from several threads."""


def measure(what: Measure, value: float = 1, /, **dimensions: str) -> None:
    unit = MetricUnit.Seconds if what is Measure.OLDEST_OPEN_JOB_SECONDS else MetricUnit.Count
    with _lock:
        if not dimensions:
            metrics.add_metric(what, unit, value)
            return
        with single_metric(what, unit, value) as metric:
            for name, text in dimensions.items():
                metric.add_dimension(name, text)


def flush_metrics() -> None:
    """Write what was counted in this invocation; nothing where nothing was, which Powertools would warn of."""
    if metrics.metric_set:
        metrics.flush_metrics()
