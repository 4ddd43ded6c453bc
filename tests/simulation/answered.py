"""Whether what shops were answered is what is stored, and what had to be answered."""

from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256

from promotion_jobs.codes.code import Place
from promotion_jobs.codes.uses import over_since
from promotion_jobs.errors import (
    CodeNotFound,
    CodeNotUsable,
    RedemptionDiffers,
    RedemptionRolledBack,
)
from promotion_jobs.pages import Page
from promotion_jobs.redemptions.redeem import units_of
from promotion_jobs.redemptions.redemption import MASKED, Reason, RedemptionKey, Status
from promotion_jobs.values import from_text, to_text
from tests.simulation.redeemed import Name, Redeemed, left_over, limits
from tests.simulation.stored import Plain, Stored
from tests.simulation.till import Request, Till

_REFUSALS = CodeNotFound, CodeNotUsable, RedemptionDiffers, RedemptionRolledBack


def wrong_answers(till: Till) -> Iterator[str]:
    """When all is done."""
    stored, redeemed = Stored.read(till.simulation.dynamodb), Redeemed.read(till.simulation.dynamodb)
    yield from left_over(stored, redeemed)
    yield from _wrong_refusals(till)
    yield from _grown(till)
    yield from _stopped(till)
    if "deleted_at" in stored.promotions.get(till.promotion.id, {"deleted_at": ""}):
        return
    by_name: defaultdict[Name, list[Request]] = defaultdict(list)
    for request in till.requests:
        if request.place:
            by_name[_name(request, request.place)].append(request)
    for name, requests in by_name.items():
        yield from _wrong_redemption(name, requests, redeemed.records.get(name, {}))
    for name, record in redeemed.records.items():
        yield from _unasked(till, record, by_name[name])
    yield from _wrong_numbers(till, stored, redeemed)
    yield from _known(till, redeemed)


def _name(request: Request, place: Place) -> Name:
    digest = sha256((request.asked.use.id or "").encode()).hexdigest()[:24]
    return Name(place.code_id, digest)


def _is_redemption(request: Request) -> bool:
    answer = request.answer
    return request.asked.kept is None and answer is not None and answer.status is Status.REDEEMED


def _wrong_redemption(name: Name, requests: list[Request], record: Plain) -> Iterator[str]:
    """One redemption under one id: every answer shows the same, and it stays; what was rolled back stays so."""
    answers = [it.answer for it in requests if it.answer and _is_redemption(it)]
    shown = {(to_text(it.used_on), it.units, it.key.usage_id) for it in answers}
    kept = (record.get("used_on"), record.get("units"))
    if len(shown) > 1 or any(it[:2] != kept for it in shown):
        yield f"{name} was answered with {shown}, and is {record}"
    asked = [it.asked.kept for it in requests if it.asked.kept is not None]
    if answers and record and record["kept"] < min([record["units"], *asked]):
        yield f"{name} keeps {record['kept']} of {record['units']}, and {asked} were to stay"
    if sum(it.is_new for it in requests if _is_redemption(it)) > 1:
        yield f"{name} is new more than once"


def _unasked(till: Till, record: Plain, requests: list[Request]) -> Iterator[str]:
    """What is counted was redeemed or held by a request that was not refused, and while the promotion allowed it."""
    if record["status"] == "rolled_back":
        return
    made = [it for it in requests if it.asked.kept is None and not isinstance(it.error, _REFUSALS)]
    if not made:
        yield f"{record['id']} is counted, and every request was refused"
    held = any(it.asked.use.hold for it in requests)
    if not held and from_text(record["used_on"]) >= till.ends_at:
        yield f"{record['id']} was redeemed at {record['used_on']}, after the end"


def _stopped(till: Till) -> Iterator[str]:
    """Only what was held is redeemed by a request that began when the promotion was answered to be disabled."""
    held = {(it.asked.use.code.casefold(), it.asked.use.id) for it in till.requests if it.asked.use.hold}
    for request in till.requests[till.stopped :] if till.stopped is not None else ():
        if request.is_new and (request.asked.use.code.casefold(), request.asked.use.id) not in held:
            yield f"{request.asked} was redeemed when the promotion was disabled"


def _wrong_refusals(till: Till) -> Iterator[str]:
    """Used up is a code only if at some moment too few uses were left, with those of holds that were over before."""
    for it in till.requests:
        if not (isinstance(it.error, CodeNotUsable) and it.error.reason == Reason.EXHAUSTED and it.place):
            continue
        terms, code = it.place.code.terms, it.place.code_id
        units, before = units_of(terms, it.asked.use.quantity), over_since(it.began_at)
        free = [
            (terms.max_uses or 0) - counts.taken(code) + counts.over(code, before)
            for counts in till.counts[it.since - 1 : it.until]
        ]
        if min(free) >= units:
            yield f"{it.asked} was refused, and there were {free} uses of {code}"


def _grown(till: Till) -> Iterator[str]:
    """After a roll back was answered its redemption never counts more again."""
    for it in till.requests:
        if it.asked.kept is None or it.answer is None or it.answer.status is Status.HELD or it.place is None:
            continue
        name, kept = _name(it, it.place), it.answer.kept
        later = [counts.records[name]["kept"] for counts in till.counts[it.until - 1 :] if name in counts.records]
        if max(later, default=0) > kept:
            yield f"{it.asked} was answered with {kept}, and then it counted {later}"


def _wrong_numbers(till: Till, stored: Stored, redeemed: Redeemed) -> Iterator[str]:
    """A code's look-up and the list of codes show the uses that its redemptions leave."""
    service, now = till.workshop.own, over_since(till.workshop.clock())
    promotion = service.promotions.get(till.promotion.id)
    known = limits(stored)
    listed = {it.code: it.uses for it in service.codes.list(promotion, Page(limit=100), {}).items}
    for code, uses in listed.items():
        (place,) = service.lookup.places([code]).values()
        _, max_uses = known[place.code_id]
        counted = redeemed.taken(place.code_id) - redeemed.over(place.code_id, now)
        wanted = None if max_uses is None else max_uses - counted
        shown = service.codes.get(promotion, code).uses
        if not uses == shown == wanted:
            yield f"{code} is listed with {uses} uses, looked up with {shown}, and has {wanted}"
    usages = service.redemption_store.usages(promotion.id, None, None, code=None, newest_first=True)
    if sorted((till.promotion.id, Name(it.code, it.digest)) for it in usages) != sorted(redeemed.listed):
        yield f"the list of usages shows {usages}, and {redeemed.listed} are there"


def _known(till: Till, redeemed: Redeemed) -> Iterator[str]:
    """Of what was made anonymous no address is stored."""
    for usage_id in till.anonymous:
        key = RedemptionKey.parse(usage_id)
        record = redeemed.records.get(Name(key.code, key.digest)) if key else None
        if record and record["email"] != MASKED:
            yield f"{record['id']} was made anonymous, and is of {record['email']}"
