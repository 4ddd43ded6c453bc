"""Schedules by hand, for what chance finds too rarely: each has one thing happen in the midst of another.

All are about one string, which a job would make first of all, and which is also made by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.errors import DuplicateCode
from promotion_jobs.jobs.job import Job
from promotion_jobs.promotions.promotion import Promotion
from tests.aws.values import Item, KeyPair
from tests.simulation.workshop import Workshop
from tests.support.small_notation import SMALL

LENGTH = 6

Happens = Callable[[], object]


def workshop(seed: int) -> Workshop:
    made = Workshop(f"scene {seed}", chunk_codes=3, run_chunks=2, spares=3)
    # Most is done before the schedule begins: a mutant that does not end is noticed soon.
    made.simulation.scheduler.most_steps = 1_000
    return made


def _opened(workshop: Workshop) -> tuple[Promotion, Job]:
    """A shop, and a job of another one whose message waits; the space and its key are in use."""
    workshop.add_job(workshop.add_promotion(), 2, length=LENGTH)
    workshop.deliver_all()
    return workshop.add_promotion(), workshop.add_job(workshop.add_promotion(), 3, length=LENGTH)


def _code(workshop: Workshop, version: int, ahead: int = 0) -> str:
    """The one that the next index, or one after it, makes under a version."""
    code_format = CodeFormat(LENGTH, notation=SMALL)
    index = workshop.own.spaces.get(LENGTH).next + ahead
    (body,) = workshop.own.keyring.permutation(LENGTH, version).encrypt([index])
    (code,) = code_format.write(body.to_bytes(code_format.width))
    return code


def _by_hand(workshop: Workshop, shop: Promotion, code: str) -> Happens:
    def add() -> None:
        with suppress(DuplicateCode):
            workshop.add_codes(shop, [code])

    return add


def before(workshop: Workshop, operation: str, names: Sequence[str], happens: Happens) -> None:
    """Have something happen once, before the next call of the operation that names all of these."""
    nothing = workshop.simulation.before

    def look(called: str, arguments: Mapping[str, Any]) -> None:
        if called == operation and all(text in str(arguments) for text in names):
            workshop.simulation.before = nothing
            happens()

    workshop.simulation.before = look


def _before_claim(workshop: Workshop, job: Job, happens: Happens) -> None:
    """Have something happen when a job is about to claim the indices that it has read."""
    before(workshop, "transact_write_items", [job.id, "ALLOCATIONS"], happens)


def while_lagging(workshop: Workshop, kind: str, happens: Happens) -> None:
    """Have something happen once, while the item of this kind lags behind the next transaction that writes it."""
    dynamodb = workshop.simulation.dynamodb
    tear = dynamodb.committed

    def committed(before: Mapping[KeyPair, Item | None]) -> None:
        late = {key: item for key, item in before.items() if key.pk.startswith(kind)}
        if late:
            dynamodb.committed = tear
            dynamodb.lagging = late
            happens()
            dynamodb.lagging = {}

    dynamodb.committed = committed


def torn_claim(workshop: Workshop) -> None:
    """A claim shows in its job and not in its space yet, while another delivery works on that job."""
    shop, job = _opened(workshop)
    code = _code(workshop, 1)

    def delivered_twice() -> None:
        before(workshop, "transact_write_items", [f"CODES#{job.id}"], _by_hand(workshop, shop, code))
        workshop.deliver(job)

    while_lagging(workshop, "SPACE", delivered_twice)
    workshop.deliver_all()


def torn_allocation(workshop: Workshop) -> None:
    """A claim shows in its space and not in its allocation yet, while the code is made by hand."""
    shop, _ = _opened(workshop)
    while_lagging(workshop, "ALLOCATIONS", _by_hand(workshop, shop, _code(workshop, 1)))
    workshop.deliver_all()


def claimed_between(workshop: Workshop) -> None:
    """A job makes its codes after a person has looked at its space, and before the reservation."""
    shop, _ = _opened(workshop)
    code = _code(workshop, 1)
    before(workshop, "transact_write_items", ["RESERVED"], workshop.deliver_all)
    _by_hand(workshop, shop, code)()
    workshop.deliver_all()


def ended_between(workshop: Workshop) -> None:
    """A job ends after the chunk that it has not put yet was looked for."""
    shop, job = _opened(workshop)
    code = _code(workshop, 1)

    def looked_for() -> None:
        before(workshop, "batch_get_item", [f"JOB#{job.id}"], workshop.deliver_all)

    workshop.worker().claimer.claim(job, workshop.clock())
    before(workshop, "batch_get_item", [f"CODES#{job.id}"], looked_for)
    _by_hand(workshop, shop, code)()
    workshop.deliver_all()


def rotated_between(workshop: Workshop) -> None:
    """A code is made by hand when a rotation has looked at the reservations; a job makes its codes after that."""
    shop, _ = _opened(workshop)
    workshop.own.keyring.add(2)
    add = _by_hand(workshop, shop, _code(workshop, 2))
    before(workshop, "transact_write_items", [f"SPACE#{LENGTH}", "#first_2"], add)
    workshop.service.rotation.rotate()
    workshop.deliver_all()


def below_next(workshop: Workshop) -> None:
    """A code is reserved under a version below its first index, which is never given, and the key is rotated then."""
    shop, _ = _opened(workshop)
    keyring, next_index = workshop.own.keyring, workshop.own.spaces.get(LENGTH).next
    for version in (2, 3):
        keyring.add(version)
    bodies = range(SMALL.size(LENGTH))
    before, second, third = (keyring.permutation(LENGTH, version).decrypt(bodies) for version in (1, 2, 3))
    fitting = (
        it for it in bodies if before[it] >= next_index > second[it] and next_index <= third[it] < next_index + 3
    )
    # There is one for every fifth seed.
    for body in fitting:
        workshop.service.rotation.rotate()
        (code,) = CodeFormat(LENGTH, notation=SMALL).write(bytes([body]))
        _by_hand(workshop, shop, code)()
        workshop.service.rotation.rotate()
        break
    workshop.deliver_all()


def reserved_before_claim(workshop: Workshop) -> None:
    """A code is made by hand just before a job claims its index."""
    shop, job = _opened(workshop)
    add = _by_hand(workshop, shop, _code(workshop, 1))
    _before_claim(workshop, job, add)
    workshop.deliver_all()


def given_before_claim(workshop: Workshop) -> None:
    """Another job makes shorter codes behind a prefix just before a job claims longer ones."""
    other = workshop.add_promotion()

    def make() -> None:
        workshop.deliver(workshop.add_job(other, 7, length=4, prefix="bc"))

    job = workshop.add_job(workshop.add_promotion(), 20, length=LENGTH)
    _before_claim(workshop, job, make)
    workshop.deliver_all()


def given_before_rotation(workshop: Workshop) -> None:
    """A job makes long codes, the key is rotated, and another job makes shorter ones behind a prefix."""
    for codes, length, prefix in ((20, LENGTH, None), (7, 4, "bc")):
        workshop.add_job(workshop.add_promotion(), codes, length=length, prefix=prefix)
        workshop.deliver_all()
        workshop.service.rotation.rotate()


def claimed_at_once(workshop: Workshop) -> None:
    """Another job is given indices when a job has looked which are its own."""
    _, job = _opened(workshop)
    other = workshop.add_job(workshop.add_promotion(), 3, length=LENGTH)
    _before_claim(workshop, job, lambda: workshop.deliver(other))
    workshop.deliver(job)
    workshop.deliver_all()


def rotated_before_claim(workshop: Workshop) -> None:
    """The key is rotated when a job has looked under which version it claims."""
    _, job = _opened(workshop)
    _before_claim(workshop, job, workshop.service.rotation.rotate)
    workshop.deliver_all()


def rotated_at_once(workshop: Workshop) -> None:
    """Two operators rotate the key, and a job makes its codes when only one of them is done."""
    _opened(workshop)

    def be_first() -> None:
        workshop.service.rotation.rotate()
        workshop.deliver_all()

    before(workshop, "transact_write_items", [f"SPACE#{LENGTH}", "#first_2"], be_first)
    workshop.service.rotation.rotate()


def rotated_afterwards(workshop: Workshop) -> None:
    """A code is made by hand that the next version would make first of all; then the key is rotated."""
    shop, _ = _opened(workshop)
    workshop.own.keyring.add(2)
    _by_hand(workshop, shop, _code(workshop, 2))()
    workshop.service.rotation.rotate()
    workshop.deliver_all()


SCENES = {
    below_next,
    claimed_at_once,
    claimed_between,
    ended_between,
    given_before_claim,
    given_before_rotation,
    reserved_before_claim,
    rotated_afterwards,
    rotated_at_once,
    rotated_before_claim,
    rotated_between,
    torn_allocation,
    torn_claim,
}
