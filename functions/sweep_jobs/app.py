"""Schedule: send again what seems to have got lost (docs/architecture.md)."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from promotion_jobs import wiring
from promotion_jobs.observe import flush_metrics, logger


@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    sent = wiring.sweeper().sweep()
    logger.info("swept", sent=sent)
    flush_metrics()
