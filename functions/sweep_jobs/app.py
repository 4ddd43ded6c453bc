"""Schedule: send again what seems to have got lost (docs/architecture.md)."""

from typing import TYPE_CHECKING, Any

from promotion_jobs import wiring
from promotion_jobs.observe import in_the_background, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@in_the_background
def handler(_event: dict[str, Any], _context: "LambdaContext") -> None:
    logger.info("swept", sent=wiring.sweeper().sweep())
