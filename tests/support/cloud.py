"""A deployment in moto or the emulator: the template's table, queue and bucket, and its functions as AWS calls them.

What a function asks of AWS is checked against its role in the template, which neither of the two does.
"""

import importlib
import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from promotion_jobs import wiring
from promotion_jobs.aws import keys
from promotion_jobs.aws.clients import Clients
from promotion_jobs.jobs.job import Message
from promotion_jobs.settings import Settings, settings
from promotion_jobs.tokens.token import Grant, Token
from promotion_jobs.tokens.tokens import hash_secret
from promotion_jobs.wiring import Service
from tests.support import rights, template
from tests.support.builders import CLIENT_ID, NOW_TEXT
from tests.support.events import Context, http_event, read, sqs_event
from tests.support.records import Records

TABLE = "promotion-jobs"
BUCKET = "promotion-jobs-exports"
EVENT_BUS = "promotion-jobs-events"
REGION = "us-east-1"
CLIENT_SECRET = "5ec2e7" * 8
TOKEN = "70ce" * 10
KEY = bytes(range(32))
"""The key that codes are encrypted with."""

UNAUTHORIZED = 401
NO_CONTENT = 204
JSON_HEADERS = {"Content-Type": "application/json"}
NOT_KEPT = {"Cache-Control": "no-store"}
POLICY = "Content-Security-Policy"
OF_A_PAGE = {
    POLICY: "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
OF_THE_CONSOLE = OF_A_PAGE | {
    POLICY: OF_A_PAGE[POLICY].replace(
        "connect-src 'self'", f"connect-src 'self' https://{BUCKET}.s3.{REGION}.amazonaws.com"
    )
}
"""The console sends files to the bucket, too, and reads reports there."""

READS = {
    "GetItem",
    "BatchGetItem",
    "TransactGetItems",
    "Query",
    "Scan",
    "ReceiveMessage",
    "GetObject",
    "HeadObject",
    "ListObjectsV2",
}
"""The operations that change nothing."""

Answer = tuple[int, Any]
Reply = tuple[int, Mapping[str, str], Any]


def forget_caches() -> None:
    """As in a container that has just started: settings, clients and parts are made anew."""
    settings.cache_clear()
    wiring.service.cache_clear()


class Account:
    """The clients of an AWS account, made once for all tests, since that takes the longest.

    It refuses what the role of a function does not allow, or only notes what is asked for.
    """

    def __init__(self, *, refuses: bool = True) -> None:
        self.refuses = refuses
        self.session: Any = botocore.session.get_session()
        self.session.set_credentials("testing", "testing")
        self.session.set_config_variable("region", "eu-west-1")
        self.session.get_component("event_emitter").register("provide-client-params", self._authorize)
        self.dynamodb: Any = self.session.create_client("dynamodb")
        self.sqs: Any = self.session.create_client("sqs")
        self.s3: Any = self.session.create_client("s3")
        self.events: Any = self.session.create_client("events")
        self.acting: str | None = None
        self.rights: Mapping[str, Sequence[rights.Statement]] = {}
        """Function → the statements of its role, in the last deployment."""
        self.asked: defaultdict[str, set[rights.Request]] = defaultdict(set)
        """Function → the requests that it made."""
        self.published: list[tuple[str, Any]] = []
        """Type and detail of each event, since the last deployment."""
        self.writes = 0
        """How often anything was asked for that may change something."""

    def _authorize(self, params: Mapping[str, Any], event_name: str, **_: Any) -> None:
        _event, service, operation = event_name.split(".")
        self.writes += operation not in READS
        if operation == "PutEvents":
            self.published += [(entry["DetailType"], json.loads(entry["Detail"])) for entry in params["Entries"]]
        if self.acting is None:
            return
        for request in rights.requests_of(service, operation, params):
            self.asked[self.acting].add(request)
            if self.refuses and not any(statement.allows(request) for statement in self.rights[self.acting]):
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": str(request)}}, operation)

    @contextmanager
    def acting_as(self, function: str) -> Iterator[None]:
        self.acting = function
        try:
            yield
        finally:
            self.acting = None


@lru_cache
def _rights(*names: tuple[str, str]) -> Mapping[str, Sequence[rights.Statement]]:
    """Function → the statements of its role, where the resources have these names."""
    return {folder: rights.statements(rights.role_of(name), dict(names)) for name, folder in template.folders().items()}


class Cloud(Records):
    def __init__(self, account: Account) -> None:
        self.account = account
        self.dynamodb, self.sqs, self.s3 = account.dynamodb, account.sqs, account.s3
        stated = template.properties("Table")
        own = ("BillingMode", "KeySchema", "AttributeDefinitions")
        self.dynamodb.create_table(TableName=TABLE, **{name: stated[name] for name in own})
        self.queue_url = self.sqs.create_queue(QueueName="jobs")["QueueUrl"]
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        account.events.create_event_bus(Name=EVENT_BUS)
        account.published.clear()
        self.names = {"Table": TABLE, "JobQueue": self.queue_url, "ExportBucket": BUCKET, "EventBus": EVENT_BUS}
        account.rights = _rights(*self.names.items())
        self.service = self._service()
        self.tokens = self.service.tokens
        self.table.transact(self.table.put(keys.code_key(1), {"key": KEY, "created_at": NOW_TEXT}))
        self.tokens.register_client(CLIENT_ID, CLIENT_SECRET, "Our shop")
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        self.tokens.store.add_token(hash_secret(TOKEN), Token(CLIENT_ID, Grant.CLIENT_CREDENTIALS, expires_at))
        self.token = TOKEN

    def _service(self) -> Service:
        """A service for the test itself, which no role restrains."""
        clients = Clients()
        clients.dynamodb, clients.sqs = self.dynamodb, self.sqs
        return Service(clients, lambda: datetime.now(UTC), secrets.randbits, Settings(self.environment))

    @cached_property
    def environment(self) -> dict[str, str]:
        of_all = {name: node for name, node in template.OF_ALL.items() if node in [{"Ref": it} for it in self.names]}
        stated = of_all | {
            name: node for function in template.functions() for name, node in template.environment(function).items()
        }
        return {name: self._value(node) for name, node in stated.items()}

    def _value(self, node: Any) -> str:
        if isinstance(node, dict) and "Fn::Sub" in node:
            names = {**self.names, "AWS::Region": REGION, "AWS::URLSuffix": "amazonaws.com"}
            return re.sub(r"\$\{([\w:]+)\}", lambda name: names[name[1]], node["Fn::Sub"])
        is_ours = isinstance(node, dict) and node["Ref"] in self.names
        return self.names[node["Ref"]] if is_ours else str(template.value(node))

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """What the function returns to Lambda."""
        handler = importlib.import_module(f"functions.{function}.app").handler
        with self.account.acting_as(function):
            return handler(event, Context(function))

    def send(self, function: str, event: dict[str, Any]) -> Answer:
        """The answer to an event: its status and what its body says, which is None of one without content."""
        status, headers, answer = self.reply(function, event)
        assert headers.items() >= ({} if status == NO_CONTENT else JSON_HEADERS).items()
        assert headers.keys() <= {"Content-Type", "Cache-Control", "Retry-After", "WWW-Authenticate"}
        assert ("WWW-Authenticate" in headers) == (status == UNAUTHORIZED)
        assert (answer is None) == (status == NO_CONTENT)
        return status, answer

    def reply(self, function: str, event: dict[str, Any]) -> Reply:
        """Likewise, with the headers."""
        reply = self.invoke(function, event)
        status, headers, body = reply["statusCode"], reply["headers"], reply["body"]
        assert reply["isBase64Encoded"] is False
        if headers.get("Content-Type") == "application/json":
            body = json.loads(body)
        return status, headers, body or None

    def call(
        self,
        function: str,
        *ids: str,
        data: Any = None,
        query: str = "",
        body: str | bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """The answer of a function to a request of our client, with the ids of its path, with JSON or another body."""
        event = http_event(
            function,
            ids=dict(zip(read(function).get("pathParameters", {}), ids, strict=False)),
            query=query,
            headers={"authorization": f"Bearer {self.token}", **(headers or {})},
            body=body if data is None else json.dumps(data),
        )
        return self.send(function, event)

    def deliver(self, *messages: Message | str) -> None:
        """Deliver the messages to the worker. Raises the error that has Lambda send them again."""
        assert self.invoke("run_job", sqs_event(*messages)) is None

    def end_lease(self, job_id: str) -> None:
        """As if the time of the worker that holds the job's first run was over."""
        self.table.transact(self.table.update(keys.run(job_id, 0), "SET #lease_until = :past", "", past=0))

    def sweep(self) -> None:
        assert self.invoke("sweep_jobs", read("sweep_jobs")) is None

    def start_scheduled(self, sent: Any) -> Any:
        """The answer of the function of the schedules to an input."""
        return self.invoke("start_scheduled_job", sent)

    def create_promotion(self, **fields: Any) -> str:
        """The id of a new promotion."""
        status, answer = self.call("create_promotion", data={"data": {**PROMOTION, **fields}})
        assert status == 201
        return str(answer["data"]["id"])

    def create_job(self, promotion_id: str, job_type: str = "code_export", **parameters: Any) -> str:
        """The id of a new job; a generate job for 100 codes and a deletion of all unless it says otherwise."""
        data: dict[str, Any] = {"type": "promotion_job", "job_type": job_type}
        if job_type == "code_generate":
            data["parameters"] = {"number_of_codes": 100} | parameters
        if job_type == "code_delete":
            data["parameters"] = parameters or {"all": True}
        if job_type in {"code_export", "code_import"} and parameters:
            data["parameters"] = parameters
        status, answer = self.call("create_job", promotion_id, data={"data": data})
        assert status == 201
        return str(answer["data"]["id"])

    def upload(self, promotion_id: str, content: bytes) -> str:
        """The id of an upload that was announced and sent."""
        status, answer = self.call("create_upload", promotion_id, data={"data": {"bytes": len(content)}})
        assert status == 201
        upload_id = str(answer["data"]["upload_id"])
        self.s3.put_object(Bucket=BUCKET, Key=f"uploads/{promotion_id}/{upload_id}", Body=content)
        return upload_id

    def add_codes(self, promotion_id: str, *codes: str | Mapping[str, Any]) -> None:
        """Codes made by hand; a text stands for a code of which nothing else was said."""
        sent = [{"code": code} if isinstance(code, str) else code for code in codes]
        status, _ = self.call("add_codes", promotion_id, data={"data": {"type": "promotion_codes", "codes": sent}})
        assert status == 201

    def messages(self) -> list[dict[str, Any]]:
        """The messages that wait in the queue, which is empty afterwards."""
        received = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=43_200)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        found = self.dynamodb.scan(TableName=TABLE)
        assert "LastEvaluatedKey" not in found
        return sorted(found["Items"], key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


@contextmanager
def deployed(account: Account) -> Iterator[Cloud]:
    """A deployment for the functions of this process, which have its variables until the end of the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "get_session", lambda: account.session)
        cloud = Cloud(account)
        for name, value in cloud.environment.items():
            patch.setenv(name, value)
        forget_caches()
        yield cloud
    forget_caches()


PROMOTION: Mapping[str, Any] = {
    "type": "promotion",
    "name": "Summer sale",
    "description": "10 % off",
    "enabled": True,
    "promotion_type": "percent_discount",
    "schema": {"currencies": [{"currency": "EUR", "percentage": 10}]},
    "start": "2026-06-01",
    "end": "2026-08-31",
}
