"""Schedule: send again what seems to have got lost (docs/architecture.md)."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from promotion_jobs import wiring
from promotion_jobs.observe import MetricUnit, flush_metrics, logger, metrics


@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    sent = wiring.sweeper().sweep()
    logger.info("swept", sent=sent)
    metrics.add_metric(name="MessagesSentAgain", unit=MetricUnit.Count, value=sent)
    flush_metrics()
