"""Shops that redeem codes in a workshop: it notes what they ask and are answered, and every count that there was."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from promotion_jobs.codes.code import CodeId, NewCode, Place, Terms
from promotion_jobs.codes.lookup import Lookup
from promotion_jobs.errors import PromotionJobsError
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import JobType
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.redemptions.redeem import Redeemer
from promotion_jobs.redemptions.redemption import Redemption, Use
from promotion_jobs.values import to_text
from tests.aws.values import Item, KeyPair
from tests.simulation.redeemed import Name, Redeemed, early_uses, limits, name_of, wrong_lists, wrong_uses
from tests.simulation.scheduler import START
from tests.simulation.stored import Reader, Stored
from tests.simulation.workshop import CLIENT_ID, Workshop
from tests.support.small_notation import SmallParameters

REQUEST_SECONDS = 20.0
LONGEST_FLIGHT = 2.0
"""A function's time, and how long what it has sent is on its way: limits.LATE_WRITES is their sum."""

_LONG = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NotingLookup:
    """Notes the place of the code that one request is about."""

    lookup: Lookup
    found: list[Place] = field(default_factory=list)

    def places(self, codes: Collection[str]) -> Mapping[str, Place]:
        places = self.lookup.places(codes)
        self.found.extend(places.values())
        return places


class Asked(NamedTuple):
    """``kept`` is what a roll back leaves, of the usage of that id or of the use; None for any other request."""

    use: Use
    kept: int | None = None
    usage_id: str | None = None


@dataclass
class Request:
    """``since`` and ``until`` are how many counts there were when it began and ended. Without an answer and an error
    nobody knows what became of it.
    """

    asked: Asked
    since: int
    began_at: datetime
    lookup: NotingLookup
    until: int = 0
    answer: Redemption | None = None
    is_new: bool = False
    error: PromotionJobsError | None = None

    @property
    def place(self) -> Place | None:
        return self.lookup.found[0] if self.lookup.found else None

    @property
    def name(self) -> Name | None:
        """The redemption that it is about; None if it has found no code."""
        if self.asked.usage_id:
            return name_of(self.asked.usage_id)
        digest = sha256((self.asked.use.id or "").encode()).hexdigest()[:24]
        return Name(self.place.code_id, digest) if self.place else None

    @property
    def names_another(self) -> bool:
        """Whether it names a promotion that the code is not of."""
        return self.place is not None and self.asked.use.promotion_id not in {None, self.place.promotion_id}


@dataclass
class Till:
    """``mutate`` may change the redeemer. ``stopped`` is when it was answered that the promotion is disabled.

    No code is of the ``other`` promotion.
    """

    workshop: Workshop
    mutate: Callable[[Redeemer], Redeemer] = lambda redeemer: redeemer
    ends_at: datetime = START + _LONG
    exports: bool = False
    """Whether an export is judged as well, which takes longer than a small story."""
    requests: list[Request] = field(default_factory=list)
    counts: list[Redeemed] = field(default_factory=list)
    anonymous: list[tuple[str, int]] = field(default_factory=list)
    """Usages that were made anonymous, and how many counts there were when that began."""
    limits: dict[CodeId, tuple[str, int | None]] = field(default_factory=dict)
    """Every code that there was, with its promotion and its ``max_uses``: who was about to use one may do so late."""
    stopped: int | None = None

    def __post_init__(self) -> None:
        self.simulation = self.workshop.simulation
        self.simulation.longest_flight = LONGEST_FLIGHT
        # That is for the stories of those who make codes.
        self.workshop.asks_for_codes = False
        self.promotion, self.other = self._create(), self._create()
        dynamodb = self.simulation.dynamodb
        self._reader = Reader(dynamodb)
        tear = dynamodb.committed

        def committed(before: Mapping[KeyPair, Item | None]) -> None:
            kinds = {key.pk.partition("#")[0] for key in before}
            if "CODES" in kinds:
                self.limits |= limits(Stored.of(self._reader.items()))
            if kinds & {"USE", "USES", "USAGES"}:
                self.note()
            tear(before)

        dynamodb.committed = committed
        self.note()

    def read(self) -> tuple[Stored, Redeemed]:
        items = self._reader.items()
        return Stored.of(items), Redeemed.of(items, self.workshop.clock())

    def note(self) -> None:
        stored, redeemed = self.read()
        self.counts.append(redeemed)
        found = [
            *wrong_uses(stored, redeemed, self.limits),
            *wrong_lists(stored, redeemed),
            *early_uses(stored, redeemed),
        ]
        self.simulation.seen = self.simulation.seen or found

    def _create(self) -> Promotion:
        fields = {"name": "x", "enabled": True, "start": to_text(START), "end": to_text(self.ends_at)}
        return self.workshop.service.promotions.create(NewPromotion(fields), CLIENT_ID)

    def add(self, *codes: str, max_uses: int | None, per_item: bool = True) -> None:
        """Make codes by hand, together."""
        promotion = self.workshop.service.promotions.get(self.promotion.id)
        terms = Terms("per_item" if per_item else "per_cart", max_uses)
        self.workshop.service.codes.add(promotion, [NewCode(code, terms) for code in codes], CLIENT_ID)

    def generate(self, number: int, max_uses: int | None) -> Sequence[str]:
        """Codes that a job makes, of which each unit is a use."""
        new = NewJob(JobType.CODE_GENERATE, parameters=SmallParameters(number, "per_item", max_uses))
        self.workshop.service.job_creator.create(self.promotion.id, new, CLIENT_ID)
        self.workshop.deliver_all()
        return self.workshop.listed_codes(self.promotion)[-number:]

    def remove(self, code: str) -> None:
        self.workshop.service.codes.remove(self.workshop.service.promotions.get(self.promotion.id), [code])

    def delete(self) -> None:
        self.workshop.service.promotion_remover.delete(self.promotion.id, CLIENT_ID)

    def stop(self) -> None:
        """Disable the promotion."""

        def disabled(seen: Promotion) -> NewPromotion:
            return NewPromotion({**seen.fields, "enabled": False}, seen.automatic, seen.max_codes)

        self.workshop.service.promotions.change(self.promotion.id, disabled, CLIENT_ID)
        self.stopped = len(self.requests)

    def anonymize(self) -> None:
        """Blank what is known of some usage."""
        usages = sorted({it.answer.key.usage_id for it in self.requests if it.answer})
        if usages:
            since = len(self.counts)
            found, _ = self.workshop.service.usages.anonymize([self.workshop.random.choice(usages)], CLIENT_ID)
            self.anonymous += [(it.key.usage_id, since) for it in found]

    # Requests

    def redeem(
        self, code: str, order: str, quantity: int = 1, hold: float | None = None, promotion_id: str | None = None
    ) -> None:
        held = None if hold is None else timedelta(seconds=hold)
        email = f"{order}@example.com"
        self.ask(Asked(Use(code, quantity, order, promotion_id=promotion_id, customer_email=email, hold=held)))

    def roll_back(self, code: str, order: str, kept: int = 0, promotion_id: str | None = None) -> None:
        self.ask(Asked(Use(code, id=order, promotion_id=promotion_id), kept))

    def roll_back_usage(self, kept: int) -> None:
        """Some usage, by its id."""
        usages = sorted({it.answer.key.usage_id for it in self.requests if it.answer})
        if usages:
            self.ask(Asked(Use(""), kept, self.workshop.random.choice(usages)))

    def ask(self, asked: Asked) -> None:
        """Raises what is no answer."""
        lookup = NotingLookup(self.workshop.service.lookup)
        request = Request(asked, len(self.counts), self.workshop.clock(), lookup)
        self.requests.append(request)
        noting: Any = lookup
        redeemer = self.mutate(replace(self.workshop.service.redeemer, lookup=noting))
        try:
            if asked.kept is None:
                request.answer, request.is_new = redeemer.redeem(asked.use, CLIENT_ID)
            elif asked.usage_id:
                request.answer = redeemer.roll_back_usage(asked.usage_id, asked.kept)
            else:
                request.answer = redeemer.roll_back(asked.use, asked.kept, CLIENT_ID)
        except PromotionJobsError as error:
            request.error = error
        request.until = len(self.counts)

    def later(self, after: float, function: Callable[..., object], *given: Any, **named: Any) -> None:
        """Have a request of its own, which ends as a function does when its time is up."""
        # Not of the till itself, which takes longer to write down than a request takes.
        name = " ".join([function.__name__, *(str(it) for it in given if isinstance(it, str | int))])
        self.simulation.act(name, partial(function, *given, **named), after=after, lifetime=REQUEST_SECONDS)
