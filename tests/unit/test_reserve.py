"""A code made by hand is one that no job has, and that none makes afterwards (docs/understand/codes.md, step 5)."""

from collections.abc import Callable

import pytest

from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.codes.format import CodeFormat
from promotion_jobs.codes.plan import Plan
from promotion_jobs.errors import DuplicateCode
from promotion_jobs.jobs.job import GenerateParameters, Job, Message
from tests.support.builders import CLIENT_ID, JOB_ID, PROMOTION_ID, UNKNOWN_ID, generate_job, promotion
from tests.support.desk import COMMIT
from tests.support.office import Died, Office

PLAN = Plan(5, chunk_codes=3)
SHOP = promotion(id=UNKNOWN_ID)


class Counter(Office):
    """A shop that makes codes by hand, beside a promotion with a job of five codes."""

    def __init__(self, prefix: str | None = None) -> None:
        self.given = generate_job(PLAN, parameters=GenerateParameters(5, code_prefix=prefix))
        super().__init__(promotion(open_job=JOB_ID), self.given, SHOP)

    def work(self) -> None:
        self.send(Message(PROMOTION_ID, JOB_ID))
        self.deliver_all()

    def code(self, index: int, prefix: str | None = None) -> str:
        code_format = CodeFormat(8, prefix)
        (body,) = self.service.keyring.permutation(8, 1).encrypt([index])
        (code,) = code_format.write(body.to_bytes(code_format.width))
        return code

    def add(self, *codes: str) -> None:
        self.service.codes.add(SHOP, [NewCode(code, Terms()) for code in codes], CLIENT_ID)

    def made(self, job: Job) -> list[str]:
        return [text for chunk in self.chunks(job) for text in chunk.texts()]


@pytest.mark.parametrize("written", [str.upper, str.lower], ids=["upper", "lower"])
@pytest.mark.parametrize("prefix", [None, "summer", "bfcm"])
def test_a_code_that_is_made_before_its_turn_is_never_generated(
    written: Callable[[str], str], prefix: str | None
) -> None:
    counter = Counter(prefix)
    codes = [counter.code(index, prefix) for index in (0, 2, 64)]
    counter.add(*map(written, codes))
    counter.work()
    made = counter.made(counter.given)
    assert (len(made), {*made} & {*codes}) == (5, set())
    assert {counter.service.lookup.owner_of(code) for code in codes} == {UNKNOWN_ID}


@pytest.mark.parametrize("prefix", [None, "summer", "bfcm"])
def test_a_code_that_was_generated_is_a_duplicate(prefix: str | None) -> None:
    counter = Counter(prefix)
    counter.work()
    for code in counter.made(counter.given):
        with pytest.raises(DuplicateCode):
            counter.add("A", code.upper())
    assert counter.by_hand(UNKNOWN_ID) == []


def test_the_body_of_a_generated_code_is_free_behind_another_prefix() -> None:
    counter = Counter("summer")
    counter.work()
    codes = [code.replace("summer", "winter") for code in counter.made(counter.given)]
    counter.add(*codes)
    assert {counter.service.lookup.owner_of(code) for code in codes} == {UNKNOWN_ID}


def test_a_code_that_an_open_job_has_not_made_yet_is_a_duplicate() -> None:
    counter = Counter()
    counter.calls.before(COMMIT, counter.calls.die)
    with pytest.raises(Died):
        counter.deliver(Message(PROMOTION_ID, JOB_ID))
    counter.calls.dead = False
    with pytest.raises(DuplicateCode):
        counter.add(counter.code(1))


def test_a_generated_code_that_was_removed_can_be_made_by_hand_and_removed_and_made_again() -> None:
    counter = Counter()
    counter.work()
    code = counter.made(counter.given)[3]
    maker = counter.promotion()
    assert maker
    counter.service.codes.remove(maker, [code])
    for _ in range(2):
        counter.add(code.upper())
        with pytest.raises(DuplicateCode):
            counter.add(code)
        counter.service.codes.remove(SHOP, [code])


def test_a_code_of_a_spare_index_is_free_when_the_job_has_ended() -> None:
    counter = Counter()
    counter.work()
    # The fourth index of the first block: that chunk has three codes.
    counter.add(counter.code(3))
    assert counter.service.lookup.owner_of(counter.code(3)) == UNKNOWN_ID


def test_what_cannot_be_generated_reserves_nothing() -> None:
    counter = Counter()
    counter.add("WELCOME-10", "bcdf", "bcdf-ghj")
    assert not [item for item in counter.items() if item["pk"].startswith(("RESERVED", "KEYS", "SPACE"))]


def test_what_is_refused_for_another_reason_reserves_nothing() -> None:
    counter = Counter()
    code = counter.code(7)
    full = promotion(id=UNKNOWN_ID, room=0)
    with pytest.raises(Exception, match="1000"):
        counter.service.codes.add(full, [NewCode(code, Terms())], CLIENT_ID)
    assert counter.service.spaces.reserved(8, 1) == []
