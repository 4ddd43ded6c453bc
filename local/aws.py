"""The AWS clients that talk to the emulator."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

ACCOUNT = "000000000000"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}

CONNECTIONS = 64
_LONGEST_CALL_SECONDS = 60

# Proxies are for the way out of this machine. A call that failed is not repeated: the emulator does not throttle.
_CONFIG = Config(
    proxies={},
    retries={"total_max_attempts": 1},
    max_pool_connections=CONNECTIONS,
    read_timeout=_LONGEST_CALL_SECONDS,
    s3={"addressing_style": "path"},
)


@dataclass(frozen=True)
class Aws:
    endpoint_url: str

    @cached_property
    def _session(self) -> boto3.Session:
        # Without a profile: one that is set for AWS may not even be there.
        without_profile = Session({"profile": (None, None, None, None)})
        return boto3.Session(
            botocore_session=without_profile,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def functions(self) -> "LambdaClient":
        return self._session.client("lambda", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        return self._session.client("s3", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def scheduler(self) -> Any:
        return self._session.client("scheduler", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", endpoint_url=self.endpoint_url, config=_CONFIG)
