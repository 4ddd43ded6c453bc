"""Whether codes are found, and refused to people, as what is stored says, when no job is open."""

from collections.abc import Iterator
from contextlib import suppress

from promotion_jobs.codes.code import NewCode, Terms
from promotion_jobs.errors import CodeNotFound, DuplicateCode
from tests.simulation.stored import Stored
from tests.simulation.workshop import CLIENT_ID, Workshop

_LOOK_UPS, _ADDITIONS = 10, 4


def _asked(workshop: Workshop, stored: Stored, times: int) -> Iterator[str]:
    """Codes that are there, that were there, and that never were."""
    there = [it.code for promotion_id in stored.promotions for it in stored.listed(promotion_id)]
    for _ in range(times):
        known = there and workshop.random.random() < 0.6
        code = workshop.random.choice(there) if known else workshop.random_code()
        yield code.upper() if workshop.random.random() < 0.3 else code


def wrong_look_ups(workshop: Workshop) -> Iterator[str]:
    """A look-up finds exactly the codes that are visible, each in its promotion and with its job."""
    stored = Stored.read(workshop.simulation.dynamodb)
    visible, service = stored.visible_codes(), workshop.own
    for code in _asked(workshop, stored, _LOOK_UPS):
        promotion_id, job_id = visible.get(code.casefold(), (None, None))
        owner = service.lookup.owner_of(code)
        if owner != promotion_id:
            yield f"{code} is of {promotion_id}, and is found in {owner}"
        if promotion_id is None:
            continue
        with suppress(CodeNotFound):
            found = service.codes.get(service.promotions.get(promotion_id), code)
            if (found.code.casefold(), found.job_id) == (code.casefold(), job_id):
                continue
        yield f"{code} is of job {job_id}, and is not found so"


def wrong_refusals(workshop: Workshop) -> Iterator[str]:
    """With no job open, exactly what is not visible can be made by hand."""
    stored = Stored.read(workshop.simulation.dynamodb)
    there, service, promotion = set(stored.visible_codes()), workshop.own, workshop.add_promotion()
    for code in _asked(workshop, stored, _ADDITIONS):
        is_there = code.casefold() in there
        try:
            service.codes.add(promotion, [NewCode(code, Terms())], CLIENT_ID)
        except DuplicateCode:
            if not is_there:
                yield f"{code} is not there, and is refused"
        else:
            there.add(code.casefold())
            if is_there:
                yield f"{code} is there, and is made once more"
