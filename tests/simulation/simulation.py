"""AWS in memory, under actors that take turns and die: what a schedule is made of.

Nothing here knows what the package does with it, except for the body of a message.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from urllib3.exceptions import SSLError

from tests.aws.bus import MemoryBus
from tests.aws.dynamodb import MemoryDynamoDB
from tests.aws.errors import THROTTLES, refusal
from tests.aws.files import MemoryFiles
from tests.aws.queue import MemoryQueue, QueuedMessage
from tests.aws.values import Item, KeyPair
from tests.simulation.faults import CRASHES, Call, Fault, Faults, disturbed_parts
from tests.simulation.scheduler import Actor, Scheduler

TimeLeft = Callable[[], timedelta]
Deliver = Callable[[str, TimeLeft], object]
"""Works on the body of a message."""
Perform = Callable[[str, str, Callable[..., Any], Mapping[str, Any]], Any]

_PAUSES = (1.0, 20.0, 300.0)
_TORN = 0.15
"""How many transactions can be seen item by item."""

_OUTAGES = {*THROTTLES, "ProvisionedThroughputExceededException", "ThrottlingException", "TransactionConflictException"}
_OUTAGES |= {"NoSuchUpload"}
"""Codes that a fault may answer a client: the last one when it repeats a call that has taken effect."""

_READ = "read"
"""The operation of reading a piece of a body."""

_BREAKS: Sequence[Callable[[], Exception]] = (
    partial(ReadTimeoutError, endpoint_url="s3"),
    partial(ResponseStreamingError, error="Connection broken"),
    partial(IncompleteReadError, actual_bytes=0, expected_bytes=1),
    partial(SSLError, "bad record"),
)
"""What a body raises that breaks while it is read (tests/unit/test_broken_bodies.py)."""


def is_outage(error: Exception) -> bool:
    """Whether an injected fault explains that a call failed."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _OUTAGES
    return isinstance(error, ReadTimeoutError)


@dataclass
class Simulation:
    """``deliver`` is what a function does with a message; ``workers`` of them at most run at the same time.

    ``tolerated`` says which errors an actor may end with; any other fails the schedule.
    """

    random: Random
    faults: Faults
    deliver: Deliver = lambda _body, _time_left: None
    workers: int = 4
    function_seconds: float = 110.0
    longest_flight: float = 5.0
    overtime: float = 0.0
    """How long a function may go on when its time is up: AWS kills it at once, and nothing should hang on that."""
    tolerated: Callable[[Exception], bool] = is_outage
    watch: Callable[[], Iterable[str]] = tuple
    """The faults in the items after an actor's transaction; ``seen`` keeps the first ones."""
    sticky: float | None = None
    torn: float = _TORN
    before: Callable[[str, Mapping[str, Any]], None] = lambda _operation, _arguments: None
    """Called before each call outside of an actor: a scene has something happen there."""
    perform: Perform = lambda _service, _operation, function, arguments: function(**arguments)
    """Has a call take effect: a recorder looks at what there was before and what is answered."""
    dynamodb: MemoryDynamoDB = field(default_factory=MemoryDynamoDB)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    bus: MemoryBus = field(default_factory=MemoryBus)
    injected: Counter[Fault] = field(default_factory=Counter)
    trace: list[tuple[float, str, str, str]] = field(default_factory=list)
    """When, who, what and with which fault."""
    seen: list[str] = field(default_factory=list)
    calls: int = 0
    deliveries: int = 0
    errors: list[tuple[str, Exception]] = field(default_factory=list)
    _periodic: set[Actor] = field(default_factory=set)
    _delivering: int = 0
    _disturbance: Fault | None = None

    def __post_init__(self) -> None:
        sticky = self.random.choice((0.0, 0.5, 0.9)) if self.sticky is None else self.sticky
        self.scheduler = Scheduler(self.random, sticky=sticky, arrive=self._arrive)
        self.clock = self.scheduler.clock
        self.queue = MemoryQueue(lambda: self.clock.seconds)
        self.dynamodb.disturb = self._disturb
        self.dynamodb.committed = self._tear

    # For tests

    def client(self, service: str) -> Any:
        """The client of a service as actors have it; a test's own look goes to the stand-in itself."""
        return ActorClient(service, self.stand_in(service), self)

    def stand_in(self, service: str) -> Any:
        return {"dynamodb": self.dynamodb, "sqs": self.queue, "s3": self.files, "events": self.bus}[service]

    def act(
        self, name: str, function: Callable[[], object], *, after: float = 0.0, lifetime: float | None = 30.0
    ) -> None:
        """Run a function as an actor of its own, once."""
        self.scheduler.spawn(name, function, after=after, lifetime=lifetime, ended=self._judge)

    def act_every(
        self, seconds: float, name: str, function: Callable[[], object], *, until: Callable[[], bool]
    ) -> None:
        """Run a function as a new actor each time until all is well; a schedule does not end before."""

        def start() -> None:
            actor = self.scheduler.spawn(name, function, after=seconds, lifetime=self.function_seconds, ended=again)
            self._periodic.add(actor)

        def again(actor: Actor) -> None:
            self._periodic.discard(actor)
            self._judge(actor)
            if self.queue.waiting or set(self.scheduler.actors) - self._periodic or not until():
                start()

        start()

    def sleep(self, seconds: float) -> None:
        if self.scheduler.current is None:
            self.clock.seconds += seconds
        else:
            self.scheduler.sleep(seconds)

    def run(self) -> None:
        """Until no actor acts and no message waits. Raises what an actor must not end with, and Endless."""
        self.scheduler.run()

    # Deliveries

    def _arrive(self, idle: bool) -> float | None:  # noqa: FBT001 - the scheduler's
        if self._delivering >= self.workers:
            return None
        visible = self.queue.visible()
        if visible and (idle or self.random.random() < 0.3):
            self._start_delivery(self.random.choice(visible))
        return self.queue.next_visible_at()

    def _start_delivery(self, message: QueuedMessage) -> None:
        body = self.queue.receive(message, hidden=not self.faults.delivered_twice())
        self._delivering += 1
        self.deliveries += 1

        def time_left() -> timedelta:
            return timedelta(seconds=(actor.dies_at or 0) - self.overtime - self.clock.seconds)

        def ended(actor: Actor) -> None:
            self._delivering -= 1
            self._judge(actor)
            if actor.dead or actor.error:
                return
            if self.faults.delivered_again():
                message.visible_at = self.clock.seconds + self.random.random() * 10
            else:
                self.queue.delete(message)

        actor = self.scheduler.spawn(
            f"delivery {self.deliveries}",
            lambda: self.deliver(body, time_left),
            lifetime=self.function_seconds + self.overtime,
            ended=ended,
        )

    def _judge(self, actor: Actor) -> None:
        if actor.error is None:
            return
        self.errors.append((actor.name, actor.error))
        if not self.tolerated(actor.error):
            raise actor.error

    # Calls

    def call(self, service: str, operation: str, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        if self.scheduler.current is None:
            self.before(operation, arguments)
            return function(**arguments)
        self.scheduler.step()
        actor = self.scheduler.current
        call = Call(self.calls, actor.name, service, operation, arguments)
        self.calls += 1
        fault = self.faults.at(call)
        self.trace.append((round(self.clock.seconds, 3), actor.name, operation, fault.name if fault else ""))
        if operation == "transact_write_items":
            # As botocore does, so that what it asks a second time is done once.
            arguments = {**arguments, "ClientRequestToken": str(call.number)}
            function = self._watched(function, call)
        if fault is None:
            return function(**arguments)
        self.injected[fault] += 1
        if fault in CRASHES:
            self._crash(fault, actor, function, arguments)
        return self._hindered(fault, call, function, arguments)

    def _watched(self, function: Callable[..., Any], call: Call) -> Callable[..., Any]:
        def watched(**arguments: Any) -> Any:
            try:
                return function(**arguments)
            finally:
                self.seen = self.seen or [f"after call {call.number}: {it}" for it in self.watch()]

        return watched

    def _crash(self, fault: Fault, actor: Actor, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        def take_effect() -> None:
            with suppress(ClientError):
                function(**arguments)

        if fault is Fault.CRASH_IN_FLIGHT:
            self._take_off(actor, take_effect)
        elif fault is Fault.CRASH_AFTER:
            take_effect()
        self.scheduler.die()

    def _take_off(self, actor: Actor, take_effect: Callable[[], None]) -> None:
        lands_after = self.random.random() * self.longest_flight
        self.scheduler.spawn(f"{actor.name}, in flight", take_effect, after=lands_after)

    def _hindered(self, fault: Fault, call: Call, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        def take_effect() -> None:
            with suppress(ClientError):
                function(**arguments)

        match fault:
            case Fault.PAUSE:
                self.scheduler.sleep(self.random.choice(_PAUSES) * self.random.random())
            case _ if call.operation == _READ:
                # A body that has broken is not asked for again by itself.
                broken = self.random.choice(_BREAKS)
                raise broken()
            case Fault.NO_ANSWER_BEFORE:
                raise ReadTimeoutError(endpoint_url=call.service)
            case Fault.ANSWER_TOO_LATE:
                if self.scheduler.current:
                    self._take_off(self.scheduler.current, take_effect)
                raise ReadTimeoutError(endpoint_url=call.service)
            case Fault.NO_ANSWER_AFTER:
                take_effect()
                raise ReadTimeoutError(endpoint_url=call.service)
            case Fault.REPEATED:
                take_effect()
                self.scheduler.step()
            case _ if call.service == "dynamodb":
                self._disturbance = fault
            case _:
                raise refusal("ThrottlingException", "The service is busy", call.operation)
        return function(**arguments)

    def _disturb(self, _operation: str, parts: int) -> dict[int, str]:
        fault, self._disturbance = self._disturbance, None
        return disturbed_parts(fault, parts, self.random) if fault else {}

    def _tear(self, before: Mapping[KeyPair, Item | None]) -> None:
        """Let others see some items of a transaction later than the rest, before its own caller is answered."""
        if self.scheduler.current is None or len(before) == 1 or self.random.random() >= self.torn:
            return
        late = [key for key in before if self.random.random() < 0.5]
        self.dynamodb.lagging |= {key: before[key] for key in late}
        try:
            while late:
                self.scheduler.step()
                self.dynamodb.lagging.pop(late.pop())
        finally:
            # Also where the caller dies meanwhile.
            for key in late:
                self.dynamodb.lagging.pop(key)


@dataclass(frozen=True, slots=True)
class ActorClient:
    service: str
    stand_in: Any
    simulation: Simulation

    def __getattr__(self, name: str) -> Any:
        if name == "get_paginator":
            # Otherwise its pages would not count as calls.
            return lambda operation: replace(self.stand_in.get_paginator(operation), operation=getattr(self, operation))
        attribute = getattr(self.stand_in, name)
        # A link is made without a call.
        if name in {"exceptions", "generate_presigned_url"} or not callable(attribute):
            return attribute

        def perform(**arguments: Any) -> Any:
            return self.simulation.perform(self.service, name, attribute, arguments)

        def call(**arguments: Any) -> Any:
            answer = self.simulation.call(self.service, name, perform, arguments)
            if name == "get_object":
                answer["Body"] = ActorBody(answer["Body"], self.simulation)
            return answer

        return call


@dataclass(frozen=True, slots=True)
class ActorBody:
    """The body of a file, of which each piece can break off."""

    body: Any
    simulation: Simulation

    def read(self, size: int) -> bytes:
        piece: bytes = self.simulation.call("s3", _READ, self.body.read, {"amt": size})
        return piece
