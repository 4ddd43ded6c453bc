"""A queue in memory behind the method of boto3's client: at least once, in any order, until deleted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.aws.errors import invalid

LONGEST_DELAY = 900
BODY_BYTES = 256 * 1024


@dataclass(eq=False, slots=True)
class QueuedMessage:
    body: str
    visible_at: float
    received: int = 0


@dataclass
class MemoryQueue:
    """``tries``, if there is a limit: a message that is received more often goes to the dead letters."""

    time: Callable[[], float]
    url: str = "memory://jobs"
    visibility: float = 120.0
    tries: int | None = None
    waiting: list[QueuedMessage] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    sent: int = 0

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        if self.url != QueueUrl:
            raise invalid(f"there is no queue {QueueUrl}")
        if not isinstance(DelaySeconds, int) or not 0 <= DelaySeconds <= LONGEST_DELAY:
            raise invalid(f"a delay cannot be {DelaySeconds}")
        if not 1 <= len(MessageBody.encode()) <= BODY_BYTES:
            raise invalid("a message has between 1 byte and 256 KiB")
        self.waiting.append(QueuedMessage(MessageBody, self.time() + DelaySeconds))
        self.sent += 1
        return {"MessageId": str(self.sent)}

    def visible(self) -> list[QueuedMessage]:
        """The messages that can be received. Those that were received too often are put aside first."""
        now = self.time()
        found = [message for message in self.waiting if message.visible_at <= now]
        dead = [message for message in found if self.tries is not None and message.received >= self.tries]
        for message in dead:
            self.waiting.remove(message)
            self.dead_letters.append(message.body)
        return [message for message in found if message not in dead] if dead else found

    def next_visible_at(self) -> float | None:
        return min((message.visible_at for message in self.waiting), default=None)

    def receive(self, message: QueuedMessage, *, hidden: bool = True) -> str:
        """Its body. Where it is not hidden, another worker may get it at the same time."""
        message.received += 1
        if hidden:
            message.visible_at = self.time() + self.visibility
        return message.body

    def delete(self, message: QueuedMessage) -> None:
        if message in self.waiting:
            self.waiting.remove(message)
