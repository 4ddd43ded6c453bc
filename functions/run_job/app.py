"""JobQueue: each message is one run of a job to work on (docs/architecture.md)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from promotion_jobs import wiring
from promotion_jobs.aws.queue import read_message
from promotion_jobs.observe import in_the_background, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@in_the_background
def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """A batch is one message: what its delivery raises makes it come again."""
    for record in event["Records"]:
        message = read_message(record["body"])
        logger.append_keys(promotion_id=message.promotion_id, job_id=message.job_id, run=message.run)
        wiring.worker().deliver(
            message, time_left=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis())
        )
        logger.info("delivery done")
