"""Finding codes, and what it takes to find that there is none (docs/understand/codes.md)."""

import pytest

from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.plan import Plan
from promotion_jobs.jobs.job import GenerateParameters, Message
from tests.support.builders import CLIENT_ID, JOB_ID, PROMOTION_ID, UNKNOWN_ID, generate_job, promotion
from tests.support.office import Office

FORMATS = [(8, None), (8, "bfcm"), (8, "BFCM-2526"), (12, None), (12, "summer"), (16, "bfcm")]


def _office(length: int = 8, prefix: str | None = None, codes: int = 50) -> tuple[Office, list[str]]:
    """A promotion with the codes of a job."""
    parameters = GenerateParameters(codes, code_length=length, code_prefix=prefix)
    job = generate_job(Plan(codes, chunk_codes=20, run_chunks=2), parameters=parameters)
    office = Office(promotion(open_job=JOB_ID), job)
    office.send(Message(PROMOTION_ID, JOB_ID))
    office.deliver_all()
    office.calls.made.clear()
    return office, office.visible()


@pytest.mark.parametrize(("length", "prefix"), FORMATS)
def test_every_generated_code_is_found_where_it_is(length: int, prefix: str | None) -> None:
    office, codes = _office(length, prefix)
    places = office.service.lookup.places([code.upper() for code in codes])
    assert {code: place.code.code for code, place in places.items()} == {code.casefold(): code for code in codes}
    assert {place.promotion_id for place in places.values()} == {PROMOTION_ID}


def test_a_code_behind_another_prefix_is_none() -> None:
    office, codes = _office(prefix="summer")
    bodies = [code.removeprefix("summer-") for code in codes]
    asked = [*bodies, *(f"winter-{body}" for body in bodies), *(f"summer--{body}" for body in bodies)]
    assert office.service.lookup.places(asked) == {}


def test_a_code_made_by_hand_is_found_by_its_item_and_no_space_is_read() -> None:
    office, _ = _office()
    found = office.promotion()
    assert found
    office.service.codes.add(found, [NewCode("WELCOME-10", Terms())], CLIENT_ID)
    office.calls.made.clear()
    assert office.service.lookup.owner_of("welcome-10") == PROMOTION_ID
    # Its item, and its chunk.
    assert office.calls.made == ["batch_get_item"] * 2


def _guess(office: Office) -> str:
    """A code that was never issued."""
    (body,) = office.service.keyring.permutation(8, 1).encrypt([27**8 - 1])
    (code,) = CodeFormat().write(body.to_bytes(5))
    return code


def test_a_guess_is_refused_by_the_codes_own_item_and_the_space_alone() -> None:
    office, _ = _office()
    guess = _guess(office)
    office.calls.made.clear()
    assert office.service.lookup.owner_of(guess) is None
    assert office.calls.made == ["batch_get_item"] * 2


def test_a_code_is_found_though_another_reading_of_it_is_in_a_claim_that_cannot_be_seen_yet() -> None:
    office, codes = _office(length=12)
    spaces = office.service.spaces
    space = spaces.stored(8)
    # As a reader sees it who gets the space after the claim's transaction, and the allocation from before it.
    office.service.table.transact(spaces.give(space, 27**8))
    assert office.service.lookup.places(codes).keys() == {code.casefold() for code in codes}


@pytest.mark.parametrize("code", ["SAVE10", "x" * 64, "bcdf", "é", "", "no code!"])
def test_what_cannot_be_a_generated_code_asks_for_no_space(code: str) -> None:
    office, _ = _office()
    assert office.service.lookup.owner_of(code) is None
    assert office.calls.made in ([], ["batch_get_item"])


def test_whose_an_index_is_is_asked_once() -> None:
    office, codes = _office()
    for code in codes:
        office.service.lookup.places([code])
    assert office.calls.made.count("query") == 1


def test_many_codes_are_found_with_as_few_readings_as_one() -> None:
    office, codes = _office()
    assert len(office.service.lookup.places(codes[:50])) == 50
    # Items, spaces, the allocation, the job, its chunks.
    assert office.calls.made == ["batch_get_item", "batch_get_item", "query", "batch_get_item", "batch_get_item"]


def test_a_code_of_a_promotion_that_is_gone_is_none() -> None:
    office, codes = _office()
    office.service.promotion_remover.delete(PROMOTION_ID, CLIENT_ID)
    office.deliver_all()
    assert office.service.lookup.places(codes) == {}
    assert office.service.lookup.owner_of(UNKNOWN_ID) is None
