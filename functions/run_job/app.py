"""JobQueue: each message is one run of a job to work on (docs/understand/architecture.md)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from promotion_jobs.api import answers
from promotion_jobs.jobs.job import Message
from promotion_jobs.observe import in_the_background, logger
from promotion_jobs.wiring import service

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@in_the_background
def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """A batch is one message. If its delivery raises an error, the message comes again."""
    for record in event["Records"]:
        message = Message.of(record["body"])
        logger.append_keys(promotion_id=message.promotion_id, job_id=message.job_id, run=message.run)
        service().worker(answers.job).deliver(
            message, time_left=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis())
        )
        logger.info("delivery done")
