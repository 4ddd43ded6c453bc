"""Changing the key: at any moment, again and again, cut short at any point (docs/understand/codes.md, step 8)."""

import pytest

from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import Message
from promotion_jobs.limits import CODE_LENGTHS
from tests.support.builders import CLIENT_ID, JOB_ID, PROMOTION_ID, UNKNOWN_ID, generate_job, promotion
from tests.support.desk import Desk
from tests.support.office import Died, Office

PLAN = Plan(5, chunk_codes=3)
SHOP = promotion(id=UNKNOWN_ID)


def _versions(office: Office) -> set[int]:
    return {space.version for space in office.service.spaces.all(CODE_LENGTHS).values()}


def test_each_rotation_brings_the_next_version_to_every_length() -> None:
    office = Office()
    assert [office.service.rotation.rotate() for _ in range(3)] == [2, 3, 4]
    assert _versions(office) == {4}
    assert [it.version for it in office.service.keyring.versions()] == [2, 3, 4]
    assert {space.announced for space in office.service.spaces.all(CODE_LENGTHS).values()} == {None}


def _with_a_reservation() -> Office:
    office = Office(SHOP)
    office.service.codes.add(SHOP, [NewCode("bcdf-ghjk", Terms())], CLIENT_ID)
    office.calls.made.clear()
    return office


def _calls_of_a_rotation() -> int:
    office = _with_a_reservation()
    office.service.rotation.rotate()
    return len(office.calls.made)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rotation_that_dies_at_any_call_is_finished_by_the_next(when: str) -> None:
    for position in range(_calls_of_a_rotation()):
        office = _with_a_reservation()
        step = {"before": office.calls.before, "after": office.calls.after}[when]
        step("*", *[lambda: None] * position, office.calls.die)
        with pytest.raises(Died):
            office.service.rotation.rotate()
        office.calls.dead = False
        # If it died after its last call, that call was another rotation's.
        version = office.service.rotation.rotate()
        assert (_versions(office), version in {2, 3}) == ({version}, True)
        assert len(office.service.spaces.reserved(8, version)) == 1


def _made(office: Office, job_id: str) -> list[str]:
    office.put(promotion(open_job=job_id), generate_job(PLAN, id=job_id))
    office.deliver(Message(PROMOTION_ID, job_id))
    (job,) = (job for job in office.jobs() if job.id == job_id)
    return [text for chunk in office.chunks(job) for text in chunk.texts()]


def test_codes_of_every_version_are_found_and_none_is_made_twice() -> None:
    office, made = Office(), list[str]()
    for number in range(3):
        made += _made(office, f"{JOB_ID[:-1]}{number}")
        office.service.rotation.rotate()
    assert len(set(made)) == 15
    places = office.service.lookup.places(made)
    assert [places[code].code.job_id[-1] for code in made] == [*"0" * 5, *"1" * 5, *"2" * 5]  # type: ignore[index]


def test_what_was_reserved_is_reserved_under_every_later_version() -> None:
    office = Office(SHOP)
    keyring = office.service.keyring
    for version in (2, 3):
        keyring.add(version)
    # The codes that the third version makes first.
    bodies = keyring.permutation(8, 3).encrypt(range(61))
    codes = CodeFormat().write(b"".join(body.to_bytes(5) for body in bodies))[:5]
    office.service.codes.add(SHOP, [NewCode(code.upper(), Terms()) for code in codes], CLIENT_ID)
    assert [office.service.rotation.rotate() for _ in range(2)] == [2, 3]
    assert {*_made(office, JOB_ID)} & {*codes} == set()


def test_an_open_job_finishes_with_the_version_of_its_claim() -> None:
    desk = Desk(generate_job(Plan(7, chunk_codes=3, run_chunks=2)))
    desk.deliver(Message(PROMOTION_ID, JOB_ID))
    desk.service.rotation.rotate()
    desk.deliver_all()
    desk.assert_exact(desk.given)
    assert desk.stored.key_version == 1


@pytest.mark.parametrize("version", [1, 2])
def test_a_code_made_by_hand_while_a_version_is_announced_is_reserved_under_both(version: int) -> None:
    office = Office(SHOP)
    service = office.service
    service.keyring.add(2)
    service.spaces.stored(8)
    service.spaces.announce(8, 2)
    service.codes.add(SHOP, [NewCode("bcdf-ghjk", Terms())], CLIENT_ID)
    assert len(service.spaces.reserved(8, version)) == 1
