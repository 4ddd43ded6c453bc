"""A test of the tests: where a condition of imports is missing, or a step is done otherwise, it is noticed.

Some conditions hide behind others, and have no mutation. Chunks, and parts of the report, have numbers that the intake
gives: so that there is none of their number never decides. Neither does it that an upload is released by the job that
uses it: the same transaction takes back that job, which is pending once.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from promotion_jobs.aws.files import Files
from promotion_jobs.codes.code import CodeId, NewCode, Place, Publisher
from promotion_jobs.codes.format import Reading
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.readings import Issue
from promotion_jobs.codes.reserve import Reserver
from promotion_jobs.jobs.imports import Import
from promotion_jobs.jobs.job import Intake, Job
from promotion_jobs.jobs.kind import Deadline, Hold
from promotion_jobs.jobs.reading import Stopped
from promotion_jobs.jobs.report import RefusedRow
from promotion_jobs.redemptions.redeem import Redeemer
from tests.simulation import import_scenes as scenes
from tests.simulation import import_stories as stories
from tests.simulation import import_use_stories as uses
from tests.simulation.faults import Fault
from tests.simulation.mutations import Condition, Mutation, assert_noticed, located, missing
from tests.simulation.schedules import Story
from tests.simulation.workshop import Workshop

ABSENT = "attribute_not_exists(pk)"
NO_CODE = Condition("CODE", ABSENT)
CHUNK = Condition("CODES", "attribute_exists(pk) AND attribute_not_exists(#removed)")
GOES_ON = "#status = :processing"
NOT_BEGUN = Condition("RUN", f"{GOES_ON} AND attribute_not_exists(#offset)")
AS_SEEN = Condition("RUN", f"{GOES_ON} AND #offset = :seen")
STILL_AS_SEEN = Condition("RUN", "#offset = :seen")
STILL_NOT_BEGUN = Condition("RUN", "attribute_not_exists(#offset)")
NO_FILES = Condition("RUN", f"{GOES_ON} AND attribute_not_exists(#files)")
UNUSED = Condition("UPLOAD", "attribute_exists(pk) AND (attribute_not_exists(#job) OR #job = :job)")

_MORE = 1_000


def _same(part: Any, mutant: type[Any]) -> Any:
    """The mutant of a part, made of the same."""
    return mutant(**{it.name: getattr(part, it.name) for it in fields(part)})


@dataclass(frozen=True, slots=True)
class RoomlessImport(Import):
    """Takes codes in for which there is no room."""

    def _take(self, job: Job, seen: Intake, rows: Sequence[Any]) -> Intake:
        then = super(RoomlessImport, self)._take(job, replace(seen, room=seen.room + _MORE), rows)
        return replace(then, room=then.room - _MORE)

    def _put(self, job: Job, seen: Intake, then: Intake, new: Sequence[NewCode], refused: Sequence[RefusedRow]) -> None:
        super(RoomlessImport, self)._put(job, seen, replace(then, room=then.room - _MORE), new, refused)


@dataclass(frozen=True, slots=True)
class CarelessImport(Import):
    """Takes an import for undone when it sees no chunk of it."""

    def _is_clean(self, job_id: str) -> bool:
        del job_id
        return True


@dataclass(frozen=True, slots=True)
class GenerousImport(Import):
    """Lists codes with a use more than their rows say."""

    def _put(self, job: Job, seen: Intake, then: Intake, new: Sequence[NewCode], refused: Sequence[RefusedRow]) -> None:
        more = [replace(it, terms=replace(it.terms, max_uses=(it.terms.max_uses or 0) + 1)) for it in new]
        super(GenerousImport, self)._put(job, seen, then, more, refused)


@dataclass(frozen=True, slots=True)
class HastyImport(Import):
    """Is done, and so has its codes published, when it has taken the first rows in."""

    def _take_in(self, hold: Hold, intake: Intake) -> None:
        with suppress(Stopped):
            super(HastyImport, self)._take_in(replace(hold, deadline=Deadline(timedelta, timedelta(1))), intake)


@dataclass(frozen=True, slots=True)
class PlaceOfFirstChunk(Place):
    """Has the uses of a code counted as those of the one at its position in the first chunk."""

    @property
    def code_id(self) -> CodeId:
        return CodeId(self.chunk.name[0], 0, self.position)


class UnreservingReserver(Reserver):
    """Looks what is given, and reserves nothing."""

    def _issues(self, readings: Collection[Reading]) -> list[Issue]:
        spaces = self.readings.spaces_of(readings)
        return self.readings.issues(readings, spaces)


@dataclass(frozen=True, slots=True)
class AnyFiles(Files):
    """Reads whatever file is there."""

    def read(self, key: str, tag: str, offset: int) -> Iterator[bytes]:
        _, found = self.head(key) or (0, tag)
        return super(AnyFiles, self).read(key, found, offset)


def _importing(mutant: type[Import], story: Story) -> Story:
    def told(workshop: Workshop) -> None:
        workshop.service.importer = _same(workshop.service.importer, mutant)
        story(workshop)

    return told


_careless = _importing(CarelessImport, scenes.seen_in_part)
_roomless = _importing(RoomlessImport, stories.free_meanwhile)


def _unreserved(workshop: Workshop) -> None:
    workshop.have_reserver(UnreservingReserver)
    stories.import_codes(workshop)


def _any_file(workshop: Workshop) -> None:
    workshop.service.files = _same(workshop.service.files, AnyFiles)
    stories.replace_file(workshop)


def _published(get: Callable[..., Mapping[str, Publisher]]) -> Callable[..., Mapping[str, Publisher]]:
    """Jobs as if they were completed."""

    def published(promotion_id: str, ids: Collection[str]) -> Mapping[str, Publisher]:
        return {id_: replace(it, is_published=True) for id_, it in get(promotion_id, ids).items()}

    return published


def _published_lookup(lookup: Lookup) -> Lookup:
    return replace(lookup, makers=replace(lookup.makers, get=_published(lookup.makers.get)))


def _redeemed_early(workshop: Workshop) -> None:
    def mutate(redeemer: Redeemer) -> Redeemer:
        lookup: Any = redeemer.lookup
        return replace(redeemer, lookup=replace(lookup, lookup=_published_lookup(lookup.lookup)))

    uses.redeem_from_the_start(workshop, mutate)


def _shown_early(workshop: Workshop) -> None:
    lookup = _published_lookup(workshop.service.lookup)
    workshop.service.codes = replace(workshop.service.codes, lookup=lookup)
    stories.look_early(workshop)


MUTATIONS = [
    # A code that nobody has, and no job will make.
    Mutation("an imported code replaces another", stories.import_codes, missing(NO_CODE)),
    Mutation("an imported code is generated later", stories.import_codes, mutant=_unreserved, schedules=200),
    # Each row once, and only while the job goes on.
    Mutation("a file is begun twice", scenes.begun_at_once, {NOT_BEGUN: GOES_ON}),
    Mutation("rows are taken in twice", scenes.taken_in_at_once, {AS_SEEN: GOES_ON}),
    Mutation(
        "rows of a stopped import are taken in",
        stories.cancel,
        {AS_SEEN: "#offset = :seen"},
        fault=Fault.CRASH_IN_FLIGHT,
        schedules=200,
    ),
    # It fails by what is so, and not by what another worker has done.
    Mutation("a job fails by its own codes", scenes.overtaken, missing(STILL_AS_SEEN)),
    Mutation("a job fails that another worker has begun", scenes.room_taken_meanwhile, missing(STILL_NOT_BEGUN)),
    Mutation("codes are taken in without room", stories.free_meanwhile, mutant=_roomless, schedules=200),
    # One file for one job, as it was.
    Mutation("an upload is used twice", stories.use_twice, missing(UNUSED), fault=Fault.PAUSE, schedules=400),
    Mutation("a file is read that was sent later", stories.replace_file, mutant=_any_file),
    Mutation("a report is replaced", scenes.reported_at_once, {NO_FILES: GOES_ON}),
    # Shown when all are there, and undone once.
    Mutation("imported codes are shown early", stories.look_early, mutant=_shown_early),
    Mutation("a chunk is undone twice", scenes.undone_at_once, missing(CHUNK)),
    Mutation(
        "a chunk that is not seen yet stays",
        scenes.seen_in_part,
        mutant=_importing(CarelessImport, scenes.seen_in_part),
    ),
    # Used as often as the rows say, by those who come when the import has ended.
    Mutation(
        "imported codes have more uses than their rows say",
        uses.redeem_from_the_start,
        mutant=_importing(GenerousImport, uses.redeem_from_the_start),
    ),
    Mutation(
        "codes are published before the last of them are there",
        uses.redeem_from_the_start,
        mutant=_importing(HastyImport, uses.redeem_from_the_start),
    ),
    Mutation("imported codes are redeemed early", uses.redeem_from_the_start, mutant=_redeemed_early),
    Mutation(
        "codes of two chunks are counted as one",
        uses.redeem_of_two_chunks,
        mutant=partial(uses.redeem_of_two_chunks, mutate=located(PlaceOfFirstChunk)),
    ),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[it.what for it in MUTATIONS])
def test_it_is_noticed_when(mutation: Mutation) -> None:
    assert_noticed(mutation)
