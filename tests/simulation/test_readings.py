"""A test of the tests: where a step of the protocol of readings is left out, or done too early, a schedule notices.

Each mutant stands for a sentence of docs/understand/codes.md. That readings are strongly consistent is no mutant of its
own: the stand-in refuses any other reading, and a look that is too early shows what an old one would.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import pytest

from promotion_jobs.codes.code import Maker, Place
from promotion_jobs.codes.drawing import Draw, Drawer
from promotion_jobs.codes.format import CodeFormat, Reading
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.codes.readings import Issue, Readings
from promotion_jobs.codes.reserve import Reserver
from promotion_jobs.codes.rotation import Rotation
from promotion_jobs.codes.spaces import Allocation, ClaimUnseen, Reservation, Space, SpaceStore
from promotion_jobs.errors import DuplicateCode
from promotion_jobs.jobs.claim import Claimer
from promotion_jobs.jobs.generate import Generate
from promotion_jobs.jobs.job import Job
from tests.simulation import scenes, stories
from tests.simulation.mutations import Mutation, assert_noticed
from tests.simulation.schedules import Story
from tests.simulation.workshop import Workshop


def _same(part: Any, mutant: type[Any], **more: Any) -> Any:
    """The mutant of a part, made of the same."""
    return mutant(**{it.name: getattr(part, it.name) for it in fields(part)}, **more)


# Drawing


class BlindDrawer(Drawer):
    """Sees no other reading."""

    def look(self, allocation: Allocation, code_format: CodeFormat, indices: range) -> Draw:
        draw = super().look(allocation, code_format, indices)
        return replace(draw, others=[it for it in draw.others if self.sees(it.permutation.length, allocation.length)])

    def sees(self, _length: int, _own: int) -> bool:
        return False


class OneLengthDrawer(BlindDrawer):
    """Sees no reading of another length."""

    def sees(self, length: int, own: int) -> bool:
        return length == own


class OneKeyDrawer(BlindDrawer):
    """Sees no reading of its own length under another key."""

    def sees(self, length: int, own: int) -> bool:
        return length != own


@dataclass(frozen=True, slots=True)
class NewestSpaces(SpaceStore):
    """Shows of other lengths the window of the version in force alone."""

    def all(self, lengths: Iterable[int]) -> Mapping[int, Space]:
        found = super(NewestSpaces, self).all(lengths)
        return {length: replace(it, firsts=(*[it.firsts[-1]] * len(it.firsts),)) for length, it in found.items()}


class UnreservedDrawer(Drawer):
    """Looks at no reservations."""

    def look(self, allocation: Allocation, code_format: CodeFormat, indices: range) -> Draw:
        return replace(super().look(allocation, code_format, indices), reserved=())


class HastyDrawer(Drawer):
    """Does not wait for its own claim to show."""

    def look(self, allocation: Allocation, code_format: CodeFormat, indices: range) -> Draw:
        unclaimed = replace(allocation, first=0, plan=replace(allocation.plan, number_of_codes=0))
        return super().look(unclaimed, code_format, indices)


@dataclass(frozen=True, slots=True)
class EarlyLooks:
    """The spaces, or the reservations, as they were before a claim."""

    spaces: dict[str, Mapping[int, Space]] = field(default_factory=dict)
    reserved: dict[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LookingClaimer(Claimer):
    """Looks before it claims."""

    seen: EarlyLooks

    def claim(self, job: Job, now: Any) -> Job | None:
        if job.plan.number_of_codes:
            code_format = job.maker.code_format
            others = code_format.other_lengths()
            self.seen.spaces[job.id] = self.spaces.all([*others, code_format.length])
            version = self.seen.spaces[job.id][code_format.length].version
            self.seen.reserved[job.id] = self.spaces.reserved(code_format.length, version)
        return super(LookingClaimer, self).claim(job, now)


@dataclass(frozen=True, slots=True)
class EarlySpaceDrawer(Drawer):
    """Takes the other spaces as they were before the claim."""

    seen: EarlyLooks

    def look(self, allocation: Allocation, code_format: CodeFormat, indices: range) -> Draw:
        draw = super(EarlySpaceDrawer, self).look(allocation, code_format, indices)
        spaces = self.seen.spaces.get(allocation.job_id, {})
        others = [
            replace(it, window=windows[version])
            for it in draw.others
            for windows in [spaces[it.permutation.length].windows() if it.permutation.length in spaces else {}]
            for version in windows
            if self.keyring.permutation(it.permutation.length, version) is it.permutation
        ]
        return replace(draw, others=others)


@dataclass(frozen=True, slots=True)
class EarlyReservationDrawer(Drawer):
    """Takes the reservations as they were before the claim."""

    seen: EarlyLooks

    def look(self, allocation: Allocation, code_format: CodeFormat, indices: range) -> Draw:
        draw = super(EarlyReservationDrawer, self).look(allocation, code_format, indices)
        return replace(draw, reserved=self.seen.reserved.get(allocation.job_id, ()))


class FewerGenerate(Generate):
    """Puts a chunk that has too few codes."""

    def _fail(self, job: Job, number: int, chunk: int) -> bool:
        del job, number, chunk
        return True


# Codes by hand


@dataclass(frozen=True, slots=True)
class ReservingNothing(SpaceStore):
    def reserve(self, reservations: Iterable[Reservation]) -> None:
        list(reservations)


class LongestReserved(Readings):
    """Reserves the longest reading of a code alone."""

    def to_reserve(self, readings: Iterable[Reading], spaces: Mapping[int, Space]) -> set[Reservation]:
        return super().to_reserve([it for it in readings if it.head == ""], spaces)


class UnannouncedReadings(Readings):
    """Does not reserve under a version that is announced."""

    def to_reserve(self, readings: Iterable[Reading], spaces: Mapping[int, Space]) -> set[Reservation]:
        known = {length: replace(space, announced=None) for length, space in spaces.items()}
        return super().to_reserve(readings, known)


class FirstVersionReadings(Readings):
    """Tries the first version of the key alone."""

    def seen_issues(self, readings: Iterable[Reading], spaces: Mapping[int, Space]) -> list[Issue]:
        return super().seen_issues(readings, {length: replace(it, firsts=(0,)) for length, it in spaces.items()})


class LongestReadings(Readings):
    """Reads a code in the longest way alone."""

    def of(self, code: str) -> Sequence[Reading]:
        return sorted(super().of(code), key=lambda it: it.length)[-1:]


class UnfoldedReserver(Reserver):
    """Takes codes as they are written, in capitals too."""

    def reserve(self, codes: Collection[str]) -> None:
        super().reserve([code for code in codes if code == code.casefold()])


class SingleLookReserver(Reserver):
    """Does not look again when it has reserved."""

    def _issues(self, readings: Collection[Reading]) -> list[Issue]:
        spaces = self.readings.spaces_of(readings)
        self.spaces.reserve(self.readings.to_reserve(readings, spaces))
        return self.readings.issues(readings, spaces)


class TrustingReserver(Reserver):
    """Takes what an open job has not made yet for free."""

    def reserve(self, codes: Collection[str]) -> None:
        readings = [reading for code in codes for reading in self.readings.of(code.casefold())]
        with suppress(ClaimUnseen):
            issues = self._issues(readings)
            if self.lookup.placed(issues, self.lookup.makers_of(issues)):
                raise DuplicateCode


class HurriedReserver(Reserver):
    """Looks at the chunk, and then at the job."""

    def reserve(self, codes: Collection[str]) -> None:
        readings = [reading for code in codes for reading in self.readings.of(code.casefold())]
        try:
            issues = self._issues(readings)
        except ClaimUnseen as error:
            raise DuplicateCode from error
        placed = self.lookup.placed(issues, self.lookup.makers_of(issues))
        if placed or any(maker.is_open for maker in self.lookup.makers_of(issues).values()):
            raise DuplicateCode


class UnseenReserver(Reserver):
    """Takes what was given by a claim that does not show yet for free."""

    def _issues(self, readings: Collection[Reading]) -> list[Issue]:
        try:
            return super()._issues(readings)
        except ClaimUnseen:
            return []


# Look-ups


class ResigningLookup(Lookup):
    """Gives up when the first reading that is given comes to nothing."""

    def placed(self, issues: Collection[Issue], makers: Mapping[str, Maker]) -> Mapping[Issue, Place]:
        return super().placed(list(issues)[:1], makers)


# Rotation


class ForgetfulRotation(Rotation):
    """Leaves the reservations behind."""

    def _reserved_again(self, length: int, version: int) -> Iterator[Reservation]:
        del length, version
        return iter(())


class AheadRotation(Rotation):
    """Takes along what is reserved from the next index on."""

    def _reserved_again(self, length: int, version: int) -> Iterator[Reservation]:
        before, after = (self.keyring.permutation(length, it) for it in (version - 1, version))
        ahead = self.spaces.get(length).next
        reserved = [it for it in self.spaces.reserved(length, version - 1) if it >= ahead]
        return (Reservation(length, version, it) for it in after.decrypt(before.encrypt(reserved)))


@dataclass(frozen=True, slots=True)
class SilentSpaces(SpaceStore):
    """Announces nothing."""

    def announce(self, length: int, version: int) -> bool:
        return self.get(length).version == version - 1


def _drawing(mutant: type[Drawer]) -> Callable[[Workshop], None]:
    def mutate(workshop: Workshop) -> None:
        service = workshop.service
        service.generate = replace(service.generate, drawer=_same(service.generate.drawer, mutant))

    return mutate


def _drawing_early(mutant: type[Any]) -> Callable[[Workshop], None]:
    def mutate(workshop: Workshop) -> None:
        service, seen = workshop.service, EarlyLooks()
        service.generate = replace(service.generate, drawer=_same(service.generate.drawer, mutant, seen=seen))
        workshop.mutate = lambda worker: replace(worker, claimer=_same(worker.claimer, LookingClaimer, seen=seen))

    return mutate


def _older_windows(workshop: Workshop) -> None:
    service = workshop.service
    drawer = service.generate.drawer
    service.generate = replace(service.generate, drawer=replace(drawer, spaces=_same(drawer.spaces, NewestSpaces)))


def _fewer(workshop: Workshop) -> None:
    workshop.service.generate = _same(workshop.service.generate, FewerGenerate)


def _reserving(mutant: type[Reserver]) -> Callable[[Workshop], None]:
    return lambda workshop: workshop.have_reserver(mutant)


def _reading(mutant: type[Readings]) -> Callable[[Workshop], None]:
    return lambda workshop: workshop.have_reserver(Reserver, readings=_same(workshop.service.readings, mutant))


def _reserving_nothing(workshop: Workshop) -> None:
    workshop.have_reserver(Reserver, spaces=_same(workshop.service.spaces, ReservingNothing))


def _looking_up(mutant: type[Readings]) -> Callable[[Workshop], None]:
    """In the look-ups that are asked when all is done."""

    def mutate(workshop: Workshop) -> None:
        own = workshop.own
        own.lookup = replace(own.lookup, readings=_same(own.readings, mutant))

    return mutate


def _resigning(workshop: Workshop) -> None:
    workshop.own.lookup = _same(workshop.own.lookup, ResigningLookup)


def _rotating(mutant: type[Rotation]) -> Callable[[Workshop], None]:
    def mutate(workshop: Workshop) -> None:
        workshop.service.rotation = _same(workshop.service.rotation, mutant)

    return mutate


def _unannounced(workshop: Workshop) -> None:
    service = workshop.service
    service.rotation = replace(service.rotation, spaces=_same(service.spaces, SilentSpaces))


class Mutant(NamedTuple):
    """A step that a part does otherwise, and the story or scene, with its number of schedules, that notices."""

    what: str
    mutate: Callable[[Workshop], None]
    story: Story = stories.meet
    schedules: int = 200


MUTANTS = [
    Mutant("a job sees no other reading", _drawing(BlindDrawer)),
    Mutant("a job sees no reading of another length", _drawing(OneLengthDrawer)),
    Mutant("a job sees no reading under another key", _drawing(OneKeyDrawer), stories.rotate, 400),
    Mutant("a job sees no older windows of other lengths", _older_windows, scenes.given_before_rotation),
    Mutant("a job sees no reservations", _drawing(UnreservedDrawer), schedules=400),
    Mutant("a job sees the spaces as before its claim", _drawing_early(EarlySpaceDrawer), scenes.given_before_claim),
    Mutant(
        "a job sees the reservations as before its claim",
        _drawing_early(EarlyReservationDrawer),
        scenes.reserved_before_claim,
    ),
    Mutant("a job does not wait for its claim to show", _drawing(HastyDrawer), scenes.torn_claim),
    Mutant("a chunk takes fewer codes", _fewer),
    Mutant("a code by hand reserves nothing", _reserving_nothing, schedules=400),
    Mutant("a code by hand reserves its longest reading", _reading(LongestReserved), schedules=400),
    Mutant("a code by hand is read in the longest way", _reading(LongestReadings)),
    Mutant("a code by hand in capitals reserves nothing", _reserving(UnfoldedReserver), stories.rotate, 400),
    Mutant("a code by hand is not looked at again", _reserving(SingleLookReserver), scenes.claimed_between),
    Mutant("a code by hand is not reserved ahead", _reading(UnannouncedReadings), scenes.rotated_between),
    Mutant("a code by hand is taken from an open job", _reserving(TrustingReserver), schedules=1_000),
    Mutant("a code by hand looks at the job after the chunk", _reserving(HurriedReserver), scenes.ended_between),
    Mutant("a code by hand is taken from an unseen claim", _reserving(UnseenReserver), scenes.torn_allocation),
    Mutant("a look-up reads in the longest way", _looking_up(LongestReadings)),
    Mutant("a look-up tries the first key", _looking_up(FirstVersionReadings), stories.rotate),
    Mutant("a look-up gives up at the first reading", _resigning, schedules=400),
    Mutant("a rotation leaves reservations behind", _rotating(ForgetfulRotation), scenes.rotated_afterwards),
    Mutant("a rotation takes along reservations ahead", _rotating(AheadRotation), scenes.below_next),
    Mutant("a rotation is not announced", _unannounced, scenes.rotated_between),
]


def _told(mutant: Mutant) -> Story:
    def story(workshop: Workshop) -> None:
        mutant.mutate(workshop)
        mutant.story(workshop)

    return story


@pytest.mark.parametrize("mutant", MUTANTS, ids=[it.what for it in MUTANTS])
def test_it_is_noticed_when(mutant: Mutant) -> None:
    assert_noticed(Mutation(mutant.what, mutant.story, mutant=_told(mutant), schedules=mutant.schedules))
