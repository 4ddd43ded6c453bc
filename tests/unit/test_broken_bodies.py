"""The body of a file that breaks while it is read: the store is busy, and an import goes on where it was."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from ssl import SSLError
from typing import Any, NamedTuple

import pytest
import urllib3
from botocore.exceptions import FlexibleChecksumError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from botocore.httpchecksum import Crc32Checksum, StreamingChecksumBody
from hypothesis import given, settings
from hypothesis import strategies as st

from promotion_jobs.aws.files import Files
from promotion_jobs.errors import StoreBusy
from promotion_jobs.jobs.job import Job, JobStatus, Message
from promotion_jobs.jobs.reading import Batch
from promotion_jobs.jobs.worker import GIVEN_UP
from promotion_jobs.limits import BUSY_DELAY, IMPORTED_TOGETHER, TRIES
from promotion_jobs.measures import Measure
from tests.aws.files import MemoryFiles, tag_of
from tests.support.builders import PROMOTION_ID
from tests.support.imports import Imports, numbered

CONTENT = b"code\n" + numbered(200).encode()
READ_BYTES = 100


class Connection(BytesIO):
    """Has an error where its bytes end, or just no more of them."""

    def __init__(self, content: bytes, error: Exception | None) -> None:
        super().__init__(content)
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found and self.error:
            raise self.error
        return found


class Break(NamedTuple):
    """How a connection ends, and what botocore raises then."""

    raised: type[Exception]
    error: Exception | None = None
    is_measured: bool = True
    """Whether urllib3 sees for itself that bytes are missing, as its second version does, and not its first."""

    def carry(self, content: bytes, bytes_there: int) -> Any:
        """Urllib3's answer to a request for the content, of which so many bytes come."""
        return urllib3.HTTPResponse(
            Connection(content[:bytes_there], self.error),
            {"content-length": str(len(content))},
            preload_content=False,
            decode_content=False,
            enforce_content_length=self.is_measured,
        )


BREAKS = {
    "timeout": Break(ReadTimeoutError, TimeoutError()),
    "reset": Break(ResponseStreamingError, ConnectionResetError()),
    "early end": Break(ResponseStreamingError),
    "early end, unmeasured": Break(IncompleteReadError, is_measured=False),
    "damaged record": Break(urllib3.exceptions.SSLError, SSLError()),
}


@dataclass
class Openings:
    """What brings one body after the other: ``breaks`` are where they break, in bytes from where each begins."""

    how: Break
    breaks: Iterator[int | None]

    def __call__(self, content: bytes) -> Any:
        there = next(self.breaks, None)
        return BytesIO(content) if there is None else self.how.carry(content, there)


@pytest.mark.parametrize("how", BREAKS.values(), ids=BREAKS)
def test_a_body_that_breaks_is_a_busy_store_behind_what_has_come(how: Break) -> None:
    client: Any = MemoryFiles(files={"key": CONTENT}, carry=lambda content: how.carry(content, 250))
    pieces = Files(lambda: client, "bucket", read_bytes=READ_BYTES).read("key", tag_of(CONTENT), 5)
    assert [next(pieces) for _ in range(3)] == [CONTENT[5:105], CONTENT[105:205], CONTENT[205:255]]
    with pytest.raises(StoreBusy) as busy:
        next(pieces)
    assert type(busy.value.__cause__) is how.raised


def test_a_body_that_is_another_than_its_checksum_says_stays_an_error() -> None:
    class Damaged(MemoryFiles):
        def get_object(self, **request: Any) -> dict[str, Any]:
            body = StreamingChecksumBody(BytesIO(CONTENT), len(CONTENT), Crc32Checksum(), "AAAAAA==")
            return super().get_object(**request) | {"Body": body}

    client: Any = Damaged(files={"key": CONTENT})
    # Busy for good would be a job without an end: what the bucket keeps may be the damaged part.
    with pytest.raises(FlexibleChecksumError):
        list(Files(lambda: client, "bucket").read("key", tag_of(CONTENT), 0))


def _office(how: Break, *breaks: int | None, read_bytes: int = READ_BYTES) -> Imports:
    office = Imports()
    office.service.files = replace(office.service.files, read_bytes=read_bytes)
    office.files.carry = Openings(how, iter(breaks))
    return office


def _job(office: Imports) -> tuple[Job, Message]:
    job = office.create(office.upload(CONTENT))
    office.queue.waiting.clear()
    return job, Message(PROMOTION_ID, job.id)


def _broken_off(office: Imports) -> tuple[Job, Message]:
    """A job whose first delivery meets a break: its message is sent anew."""
    job, message = _job(office)
    office.deliver(message)
    assert office.delays() == [(message, BUSY_DELAY)]
    return job, message


@pytest.mark.parametrize("how", BREAKS.values(), ids=BREAKS)
def test_an_import_goes_on_behind_the_rows_that_were_taken_in_before_the_break(how: Break) -> None:
    # The header and the first reading come whole.
    office = _office(how, None, None, CONTENT.index(b"N-120\n"))
    job, message = _broken_off(office)
    run = office.run(job.id, 0)
    assert run
    assert run.intake
    assert (run.intake.imported, run.tries) == (IMPORTED_TOGETHER, 0)
    left = CONTENT[run.intake.offset :]
    assert left.startswith(b"N-90\n")
    asked: list[bytes] = []

    def carry(content: bytes) -> BytesIO:
        asked.append(content)
        return BytesIO(content)

    office.files.carry = carry
    office.deliver(message)
    assert asked == [left]
    done = office.job(job)
    assert (done.status, office.numbers()) == (JobStatus.COMPLETED, (200, 800, None))
    assert done.parameters.result(done) == {"imported": 200, "duplicates": 0, "invalid": 0}
    assert office.visible() == [f"N-{at}" for at in range(200)]
    assert office.meter.of(Measure.CODES_IMPORTED) == 200


@pytest.mark.parametrize("breaks", [(0,), (3,), (None, 0), (None, 900), (None, None, 0)])
def test_a_break_before_any_row_is_taken_in_costs_no_try_and_writes_nothing(breaks: tuple[int | None, ...]) -> None:
    office = _office(BREAKS["timeout"], *breaks)
    job, message = _broken_off(office)
    run = office.run(job.id, 0)
    assert run
    assert (run.tries, run.generated, office.leftovers()) == (0, 0, set())
    office.deliver(message)
    assert (office.job(job).status, office.numbers()) == (JobStatus.COMPLETED, (200, 800, None))


def test_a_file_that_breaks_again_and_again_is_never_given_up() -> None:
    breaks = 3 * TRIES
    office = _office(BREAKS["reset"], *[0] * breaks)
    job, message = _broken_off(office)
    for _ in range(breaks - 1):
        office.queue.waiting.clear()
        office.deliver(message)
        assert office.messages() == [message]
    office.deliver_all()
    assert (office.job(job).status, office.numbers()) == (JobStatus.COMPLETED, (200, 800, None))


def test_a_file_whose_bytes_are_damaged_again_and_again_is_given_up() -> None:
    office = _office(Break(FlexibleChecksumError, FlexibleChecksumError(error_msg="no")), *[0] * (TRIES + 1))
    job, message = _job(office)
    for _ in range(TRIES):
        with pytest.raises(FlexibleChecksumError):
            office.deliver(message)
    office.send(message)
    office.deliver_all()
    assert (office.job(job).status, office.job(job).error) == (JobStatus.FAILED, GIVEN_UP)
    assert office.numbers() == (0, 1_000, None)


_ROWS = st.lists(st.sampled_from(["A", "a", "B-1", '"C"', '"C', "=1", "ä", '"E\nF"', "G"]), max_size=30)


@settings(max_examples=40, deadline=None)
@given(_ROWS, st.lists(st.integers(0, 60), max_size=12), st.sampled_from(sorted(BREAKS)), st.integers(1, 20))
def test_wherever_the_file_breaks_the_counts_and_the_report_are_the_same(
    rows: list[str], breaks: list[int], how: str, read_bytes: int
) -> None:
    content = "code\n" + "\n".join(rows)
    whole = (at_once := Imports()).run_import(content)
    office = _office(BREAKS[how], *breaks, read_bytes=read_bytes)
    importer, together = office.service.importer, Batch(codes=2, rows=3, size=1_000)
    reading = replace(importer.reading, between=together)
    office.service.importer = replace(importer, reading=reading, together=together)
    found = office.run_import(content)
    assert (found.status, found.error) == (whole.status, whole.error)
    assert found.parameters.result(found) == whole.parameters.result(whole)
    assert [it.code for it in office.listed()] == [it.code for it in at_once.listed()]
    assert office.numbers() == at_once.numbers()
    if whole.status is JobStatus.COMPLETED:
        assert office.report(found) == at_once.report(whole)
