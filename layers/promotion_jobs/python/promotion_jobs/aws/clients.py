"""The clients of AWS, each made once in a container, when it is first needed.

By botocore itself: boto3's own layer takes a third of a cold start to load and adds nothing that is used here.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from promotion_jobs.aws.statements import send_statements_as_they_are

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

INSERT_THREADS = 8
"""As many as saturate the worker's one vCPU; more only wait for each other."""

_COMMON: Any = {
    # A call that stalls is asked again while its function still has time.
    "connect_timeout": 1,
    "read_timeout": 5,
    "retries": {"mode": "standard", "total_max_attempts": 3},
    # Or botocore puts its own together for each call anew, which is a tenth of the call.
    "user_agent": f"promotion-jobs botocore/{botocore.__version__}",
    # Half of a batch's CPU time is botocore checking values that were made a line above.
    "parameter_validation": False,
}


class _OurServices(Loader):
    """Botocore's own loader looks into the folders of all 440 services, twice."""

    def list_available_services(self, type_name: str) -> list[str]:
        del type_name
        return ["dynamodb", "events", "s3", "sqs"]


@cache
def _session() -> Any:
    session = botocore.session.get_session()
    session.register_component("data_loader", _OurServices())
    return session


@cache
def dynamodb() -> "DynamoDBClient":
    # Further ones would wait for a connection.
    config = Config(**_COMMON, max_pool_connections=INSERT_THREADS + 2)
    client: DynamoDBClient = _session().create_client("dynamodb", config=config)
    send_statements_as_they_are(client)
    return client


@cache
def sqs() -> "SQSClient":
    client: SQSClient = _session().create_client("sqs", config=Config(**_COMMON))
    return client


@cache
def s3() -> "S3Client":
    # Or links of most regions are signed for the global endpoint, which redirects to the region's, where they are void.
    regional: Any = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    config = Config(**_COMMON, signature_version="s3v4", s3=regional)
    client: S3Client = _session().create_client("s3", config=config)
    return client


@cache
def events() -> "EventBridgeClient":
    client: EventBridgeClient = _session().create_client("events", config=Config(**_COMMON))
    return client
