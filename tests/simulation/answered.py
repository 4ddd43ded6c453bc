"""Whether what shops were answered is what is stored, and what had to be answered."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from promotion_jobs.codes.uses import over_since, to_milliseconds
from promotion_jobs.errors import (
    CodeNotFound,
    CodeNotUsable,
    RedemptionDiffers,
    RedemptionRolledBack,
    UsageNotFound,
)
from promotion_jobs.pages import Page
from promotion_jobs.redemptions.redeem import units_of
from promotion_jobs.redemptions.redemption import MASKED, Reason, Redemption, Status, Use
from promotion_jobs.values import from_text, to_text
from tests.simulation.redeemed import Name, Redeemed, left_over, limits, name_of
from tests.simulation.stored import Plain, Stored
from tests.simulation.till import Request, Till

_REFUSALS = CodeNotFound, CodeNotUsable, RedemptionDiffers, RedemptionRolledBack, UsageNotFound


def wrong_answers(till: Till) -> Iterator[str]:
    """When all is done."""
    stored, redeemed = till.read()
    if parts := [record for record in redeemed.records.values() if "promotion" not in record]:
        yield f"{parts} are no redemptions"
        return
    yield from left_over(stored, redeemed, till.limits)
    yield from _wrong_refusals(till)
    yield from _grown(till)
    yield from _stopped(till)
    yield from _let_in(till)
    yield from _unused(till)
    is_gone = "deleted_at" in stored.promotions.get(till.promotion.id, {"deleted_at": ""})
    yield from _meddled(till, is_gone=is_gone)
    if is_gone:
        return
    by_name: defaultdict[Name, list[Request]] = defaultdict(list)
    for request in till.requests:
        if request.name and not request.names_another:
            by_name[request.name].append(request)
    for name, requests in by_name.items():
        yield from _wrong_redemption(name, requests, redeemed.records.get(name, {}))
    for name, record in redeemed.records.items():
        yield from _unasked(till, record, by_name[name])
    yield from _wrong_numbers(till, stored, redeemed)
    yield from _wrong_list(till, redeemed)
    yield from _known(till, redeemed)


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
        if it.asked.kept is None or it.answer is None or it.name is None or _left_all(it.answer):
            continue
        later = [counts.records[it.name]["kept"] for counts in till.counts[it.until - 1 :] if it.name in counts.records]
        if max(later, default=0) > it.answer.kept:
            yield f"{it.asked} was answered with {it.answer.kept}, and then it counted {later}"


def _left_all(rolled_back: Redemption) -> bool:
    """Whether it is a hold of which nothing was given back: it is as if the roll back had not been."""
    return rolled_back.status is Status.HELD and rolled_back.kept == rolled_back.units


def _let_in(till: Till) -> Iterator[str]:
    """Who names another promotion than the code's finds no code."""
    for it in till.requests:
        if it.names_another and (it.answer or not isinstance(it.error, CodeNotFound | None)):
            yield f"{it.asked} was answered with {it.answer or it.error}, and names another promotion"


def _unused(till: Till) -> Iterator[str]:
    """Only what a request has used, held or given back has an item, and was not refused: no code has one before."""
    touched, taken = set(), set()
    for it in till.requests:
        if it.name and not isinstance(it.error, _REFUSALS):
            touched.add(it.name)
            if it.asked.kept is None:
                taken.add(it.name.code)
    last = till.counts[-1]
    # What was asked for in vain is there without a content.
    counted = {code for found in (last.counters, last.holds) for code, items in found.items() if items}
    if found := counted - taken:
        yield f"{found} count uses, and nobody has used them"
    if strange := last.records.keys() - touched:
        yield f"{strange} are there, and nobody has asked for them"


def _meddled(till: Till, *, is_gone: bool) -> Iterator[str]:
    """A redemption changes only by requests about it, but for a hold that is over and a promotion that is gone."""
    requests = [(it, name) for it in till.requests if (name := it.name) and not it.names_another]
    for number, (before, after) in enumerate(pairwise(till.counts), start=1):
        for name in before.records.keys() | after.records.keys():
            old, new = before.records.get(name, {}), after.records.get(name, {})
            if old is new or _counted(old) == _counted(new) or (is_gone and not new):
                continue
            begun = [(it, other) for it, other in requests if it.since <= number and other.code == name.code]
            about = [it for it, other in begun if other == name]
            is_over = old.get("status") == "held" and old["until"] < over_since(after.at)
            is_wanted = any(it.asked.kept is None for it, _ in begun)
            if not any(_changes(it, old, new, after) for it in about) and not (is_over and is_wanted and _ends(new)):
                yield f"{name} was {old} and became {new}, and {about} asked for something else"


def _counted(record: Mapping[str, object]) -> object:
    return [record.get(name) for name in ("status", "kept", "units", "drawn", "used_on", "until")]


def _ends(new: Plain) -> bool:
    return not new or new["kept"] == 0


def _changes(it: Request, old: Plain, new: Plain, after: Redeemed) -> bool:
    """Whether the request may have made the change."""
    if it.asked.kept is not None:
        return bool(new) and new["kept"] == min(it.asked.kept, old.get("kept", 0))
    hold = it.asked.use.hold
    if not new:
        # A hold that is asked for again is taken back first.
        return old["status"] == "held" and hold is not None and old["until"] <= to_milliseconds(after.at)
    if old and old["status"] == "held" and hold is not None and _ends(new):
        return bool(old["until"] <= to_milliseconds(after.at))
    is_next = not old or (old["status"] == "held" and old["kept"] == new["kept"] and hold is None)
    units = units_of(it.place.code.terms, it.asked.use.quantity) if it.place else 0
    return is_next and new["status"] == ("held" if hold else "redeemed") and new["units"] == units


def _wrong_numbers(till: Till, stored: Stored, redeemed: Redeemed) -> Iterator[str]:
    """A code's look-up, the list of codes and an export show the uses that its redemptions leave; so does validate."""
    service, now = till.workshop.service, over_since(till.workshop.clock())
    promotion = service.promotions.get(till.promotion.id)
    known = limits(stored)
    listed = {it.code: it.uses for it in service.codes.list(promotion, Page(limit=100), {}).items}
    exported = _exported(till) if till.exports else listed
    if listed.keys() != exported.keys():
        yield f"{listed} is listed, and {exported} exported"
    for code, uses in listed.items():
        (place,) = service.lookup.places([code]).values()
        _, max_uses = known[place.code_id]
        counted = redeemed.taken(place.code_id) - redeemed.over(place.code_id, now)
        wanted = None if max_uses is None else max_uses - counted
        shown = service.codes.get(promotion, code).uses
        valid = service.redeemer.validate(Use(code)).uses
        if not uses == shown == exported.get(code) == valid == wanted:
            told = f"looked up with {shown}, exported with {exported.get(code)}, valid for {valid}"
            yield f"{code} is listed with {uses} uses, {told}, and has {wanted}"


def _exported(till: Till) -> Mapping[str, int | None]:
    """Code → its uses, as an export has them."""
    job = till.workshop.add_job(till.promotion, None)
    till.workshop.deliver_all()
    files = till.simulation.files.files.items()
    texts = [body.decode() for key, body in sorted(files) if key.startswith(f"{till.promotion.id}/{job.id}/")]
    rows = [row for text in texts for row in csv.DictReader(io.StringIO(text))]
    return {row["code"]: int(row["uses"]) if row["uses"] else None for row in rows}


def _wrong_list(till: Till, redeemed: Redeemed) -> Iterator[str]:
    """The list of usages shows what was redeemed."""
    store = till.workshop.service.redemption_store
    usages = store.usages(till.promotion.id, None, None, code=None, newest_first=True)
    if sorted((till.promotion.id, Name(it.code, it.digest)) for it in usages) != sorted(redeemed.listed):
        yield f"the list of usages shows {usages}, and {redeemed.listed} are there"


def _known(till: Till, redeemed: Redeemed) -> Iterator[str]:
    """Of what was made anonymous no address is stored, unless it was forgotten and asked for anew, with the address."""
    for usage_id, since in till.anonymous:
        name = name_of(usage_id)
        record = redeemed.records.get(name) if name else None
        is_new = any(name not in counts.records for counts in till.counts[since:])
        if record and record["email"] != MASKED and not is_new:
            yield f"{record['id']} was made anonymous, and is of {record['email']}"
