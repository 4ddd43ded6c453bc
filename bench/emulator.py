"""The service on the emulator, for benchmarks that need a real engine: its table, its queue and its functions.

The functions run in this process, so what it takes is what a worker, or a function of the API, takes.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.events import access_token, client_secret, event, sqs_event
from bench.first_event import Context
from bench.measure import Run, Work, environment, timed
from local import PROJECT
from local.aws import CREDENTIALS, Aws
from local.deploy import Template
from local.emulator import running_emulator
from promotion_jobs.aws.clients import Clients
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import GenerateParameters, Job, JobStatus, JobType, Message
from promotion_jobs.limits import TOKEN_LIFE
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.settings import Settings
from promotion_jobs.tokens.token import Grant, Token
from promotion_jobs.tokens.tokens import hash_secret
from promotion_jobs.values import to_text, uuid7
from promotion_jobs.wiring import Service

STATE = PROJECT / ".local/bench"
WHO = "bench"
NAME = "bench"
"""Of the table, the queue and the bucket."""
_MOST_WAIT = 20
"""Seconds that a queue lets a receiver wait."""

_TEMPLATE = Template.read(PROJECT / "template.yaml", {})
_GLOBAL = _TEMPLATE.document["Globals"]["Function"]["Environment"]["Variables"]
FUNCTIONS = {Path(it["CodeUri"]).name: it for it in _TEMPLATE.resources("AWS::Serverless::Function").values()}
"""The properties of each function by the name of its folder."""


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return uuid7(now(), secrets.randbits(74))


def promotion(codes: int = 0, room: int = 0, promotion_id: str = "") -> Promotion:
    """A promotion that has so many codes, and room for some more."""
    created_at = now()
    lasting = {"start": to_text(created_at - timedelta(days=1)), "end": to_text(created_at + timedelta(days=1))}
    return Promotion(
        id=promotion_id or new_id(),
        fields=json.loads(event("create_promotion")["body"])["data"] | lasting,
        automatic=False,
        max_codes=codes + room,
        room=room,
        codes=codes,
        created_by=WHO,
        updated_by=WHO,
        created_at=created_at,
        updated_at=created_at,
    )


def generate_job(promotion_id: str, plan: Plan, job_id: str = "") -> Job:
    created_at = now()
    return Job(
        id=job_id or new_id(),
        promotion_id=promotion_id,
        job_type=JobType.CODE_GENERATE,
        status=JobStatus.PENDING,
        parameters=GenerateParameters(plan.number_of_codes, code_prefix="summer"),
        plan=plan,
        created_by=WHO,
        created_at=created_at,
        updated_at=created_at,
    )


@dataclass(frozen=True)
class Deployment:
    aws: Aws

    @cached_property
    def service(self) -> Service:
        """The service by which a benchmark prepares its data and reads the results."""
        clients = Clients()
        clients.dynamodb, clients.sqs = self.aws.dynamodb, self.aws.sqs
        environment = {"TABLE_NAME": NAME, "JOB_QUEUE_URL": self.queue_url, "LEAST_GUESS_ODDS": "0"}
        settings = Settings(environment | {"EXPORT_BUCKET": "no bench uses it"})
        return Service(clients, now, secrets.randbits, settings)

    @property
    def queue_url(self) -> str:
        return self.aws.sqs.get_queue_url(QueueName=NAME)["QueueUrl"]

    def renew(self) -> None:
        """An empty table: what one run left behind must not weigh on the next."""
        stated = _TEMPLATE.document["Resources"]["Table"]["Properties"]
        own = {name: stated[name] for name in ("BillingMode", "KeySchema", "AttributeDefinitions")}
        if NAME in self.aws.dynamodb.list_tables()["TableNames"]:
            self.aws.dynamodb.delete_table(TableName=NAME)
        self.aws.dynamodb.create_table(TableName=NAME, **own)

    def on_new_table(self, prepare: Callable[[], Work]) -> Run:
        """A run of what ``prepare`` returns; what it does itself is not measured."""

        def run() -> Any:
            self.renew()
            return timed(prepare())()

        return run

    def environment(self, function: str) -> dict[str, str]:
        """The variables that the template gives to the function, and the emulator's address."""
        made = {"Table": NAME, "ExportBucket": NAME, "JobQueue": self.queue_url, "EventBus": "default"}
        made["AWS::StackName"] = NAME
        stated = _GLOBAL | FUNCTIONS[function].get("Environment", {}).get("Variables", {})
        variables = {
            name: made[node["Ref"]] if isinstance(node, dict) and node["Ref"] in made else str(_TEMPLATE.value(node))
            for name, node in stated.items()
        }
        return self.account | variables

    @property
    def account(self) -> dict[str, str]:
        """The variables that AWS's clients read."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.aws.endpoint_url, "NO_PROXY": "127.0.0.1"}

    def function(self, name: str) -> Callable[[dict[str, Any]], Any]:
        """The real handler, in this process, which has its variables from now on."""
        os.environ.update(self.environment(name))
        handler = import_module(f"functions.{name}.app").handler
        return lambda sent: handler(sent, Context())

    def let_in(self) -> None:
        """Have the token that the events bear, and the client whose it is."""
        tokens = self.service.tokens
        tokens.register_client("demo", client_secret(), "Demo")
        token = Token("demo", Grant.CLIENT_CREDENTIALS, now() + TOKEN_LIFE)
        tokens.store.add_token(hash_secret(access_token()), token)

    def start_job(self, plan: Plan) -> Job:
        """A pending job of its own promotion, with its message in the queue."""
        owner = promotion(room=plan.number_of_codes)
        self.service.promotion_store.add(owner)
        job = generate_job(owner.id, plan)
        self.service.job_store.add(job)
        self.service.queue.send(Message(owner.id, job.id))
        return job

    def generate(self, codes: int) -> Work:
        """A job of so many codes by the real worker, from its message to its last state."""
        worker = self.function("run_job")
        job = self.start_job(Plan(codes))
        first = self.messages()

        def work() -> int:
            waiting = first
            while waiting:
                for message in waiting:
                    worker(sqs_event(message))
                waiting = self.messages()
            done = self.service.job_store.get(job.promotion_id, job.id)
            assert done is not None
            assert done.status is JobStatus.COMPLETED
            return done.generated

        return work

    def messages(self) -> list[Message]:
        """Take all messages from the queue. If it has only delayed ones, this waits for the first of them."""
        waiting: list[Message] = []
        url = self.queue_url
        while found := self._received(url, patiently=not waiting and self._has_delayed(url)):
            for message in found:
                self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                waiting.append(Message.of(message["Body"]))
        return waiting

    def _received(self, url: str, *, patiently: bool) -> list[Any]:
        seconds = _MOST_WAIT if patiently else 0
        received = self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds)
        return received.get("Messages", [])

    def _has_delayed(self, url: str) -> bool:
        counted = self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return counted["ApproximateNumberOfMessagesDelayed"] != "0"


@contextmanager
def deployment() -> Iterator[Deployment]:
    """The emulator with what a deployment has beside its functions, until the end of the block.

    Clients that this process makes with nothing but defaults talk to it.
    """
    STATE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="emulator-", dir=STATE) as state, running_emulator(Path(state)) as emulator:
        emulator.wait_until_ready()
        made = Deployment(Aws(emulator.endpoint_url))
        made.aws.sqs.create_queue(QueueName=NAME)
        made.aws.s3.create_bucket(Bucket=NAME)
        made.renew()
        with environment(made.account):
            yield made
