"""The clients of AWS, each made once in a container, when it is first needed.

By botocore itself: boto3's own layer takes a third of a cold start to load and adds nothing that is used here.
"""

import json
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

_COMMON: Any = {
    # A call that stalls is asked again while its function still has time.
    "connect_timeout": 1,
    "read_timeout": 5,
    "retries": {"mode": "standard", "total_max_attempts": 3},
    # Without it botocore puts its own together for each call anew, which is a tenth of the call.
    "user_agent": f"promotion-jobs botocore/{botocore.__version__}",
    # A good part of a call's CPU time is botocore checking values that were made a line above.
    "parameter_validation": False,
}


class _OurServices(Loader):
    """Botocore's own loader looks into the folders of all 440 services, twice."""

    def list_available_services(self, type_name: str) -> list[str]:
        del type_name
        return ["dynamodb", "events", "s3", "sqs"]


_LOADER = _OurServices()


def _leave_items(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Leave the items of a page as they came: botocore would build each of their values by its shapes, and
    `table.from_item` does it once more. That is most of the CPU of a long list.
    """
    if response_dict["status_code"] == HTTPStatus.OK:
        answer = json.loads(response_dict["body"])
        customized_response_dict["Items"] = answer.pop("Items", [])
        response_dict["body"] = json.dumps(answer).encode()


class Clients:
    """A test may set its own client before it is asked for."""

    @cached_property
    def _session(self) -> Any:
        session = botocore.session.get_session()
        session.register_component("data_loader", _LOADER)
        return session

    def _client(self, service: str, **config: Any) -> Any:
        return self._session.create_client(service, config=Config(**_COMMON, **config))

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self._client("dynamodb")
        client.meta.events.register("before-parse.dynamodb.Query", _leave_items)
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self._client("sqs")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        # Links for the global endpoint, the default of most regions, are redirected to the region's, and void there.
        regional = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
        client: S3Client = self._client("s3", signature_version="s3v4", s3=regional)
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        client: EventBridgeClient = self._client("events")
        return client
