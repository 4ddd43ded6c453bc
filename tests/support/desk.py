"""An office with one job that waits to be done."""

from collections.abc import Mapping

from promotion_jobs.jobs.job import Job, Message
from promotion_jobs.jobs.runs import Run
from promotion_jobs.measures import Measure
from tests.support.builders import message, promotion
from tests.support.office import Office
from tests.support.small_notation import make_small

TAKE = "Put RUN, ConditionCheck JOB"
COMMIT = "Put CODES, Update RUN"
DELETE = "Update PROMOTION, Update RUN, ConditionCheck JOB, Delete CODES*"
STOP = "Update RUN"
FINISH = "Update RUN, Update JOB"
COMPLETE = "Update JOB, Update PROMOTION"
RELEASE = "Update RUN"
"""Steps of a delivery, as `Calls` names them. A worker that takes a run that is there already writes the same as at its
release and its stop.
"""

CLAIM = "Update JOB, Update PROMOTION, Update SPACE, Put ALLOCATIONS"


class Desk(Office):
    """The promotion of ``given``, the job, has room for ``room`` codes. No message is sent yet."""

    def __init__(self, given: Job, room: int = 1_000, runs_ahead: int = 1, *, small: bool = False) -> None:
        super().__init__(promotion(open_job=given.id, max_codes=room, room=room), given, runs_ahead=runs_ahead)
        if small:
            make_small(self.service)
            make_small(self._own)
        self.given = given

    def work(self) -> None:
        """Send the job's first message, and deliver until nothing waits."""
        self.send(message())
        self.deliver_all()

    def make(self, message: Message, seconds_left: float = 60) -> int:
        """Deliver, and return how many codes that made."""
        before = self.meter.of(Measure.CODES_GENERATED)
        self.deliver(message, seconds_left)
        return self.meter.of(Measure.CODES_GENERATED) - before

    def cancel(self) -> None:
        """Cancel the job, whichever worker has died before. The message that this sends comes to nothing."""
        self.calls.dead = False
        self.service.job_canceller.cancel(self.given.promotion_id, self.given.id)
        self.queue.waiting.clear()

    @property
    def stored(self) -> Job:
        return self.job(self.given)

    @property
    def runs(self) -> Mapping[int, Run]:
        return self._own.runs.all(self.given.id)

    @property
    def runs_done(self) -> int:
        (done,) = (item["runs_done"] for item in self.items() if item["sk"] == f"JOB#{self.given.id}")
        return int(done)

    @property
    def writes(self) -> list[str]:
        """The steps that are no readings."""
        return [step for step in self.calls.steps if step not in {"get_item", "batch_get_item", "query"}]

    @property
    def generated_codes(self) -> list[str]:
        """All that the job has put, whatever its state."""
        return [code for chunk in self.chunks(self.given) for code in chunk.texts()]
