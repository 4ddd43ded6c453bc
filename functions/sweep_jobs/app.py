"""Schedule: send again what seems to have got lost (docs/understand/architecture.md)."""

from typing import TYPE_CHECKING, Any

from promotion_jobs.observe import in_the_background, logger
from promotion_jobs.wiring import service

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@in_the_background
def handler(_event: dict[str, Any], _context: "LambdaContext") -> None:
    logger.info("swept", sent=service().sweeper.sweep())
