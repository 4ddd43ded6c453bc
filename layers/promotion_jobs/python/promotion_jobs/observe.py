"""One logger and one set of metrics, shared by all that runs in a function."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["MetricUnit", "flush_metrics", "logger", "metrics"]

logger = Logger()
metrics = Metrics()


def flush_metrics() -> None:
    """Write what was counted in this invocation; nothing where nothing was, which Powertools would warn of."""
    if metrics.metric_set:
        metrics.flush_metrics()
