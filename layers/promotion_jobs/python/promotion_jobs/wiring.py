"""The composition: the one place that puts the parts of the service together.

Lambda, the simulation and the stack's tests all make a :class:`Service`, each of their own clients, clock, randomness
and settings. A part is made, and imports what it takes, when it is first asked for: a function that reads a job loads
nothing of what makes codes.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from promotion_jobs.aws.table import Backoff, Table
from promotion_jobs.limits import RUNS_AHEAD
from promotion_jobs.measures import Meter, unmeasured
from promotion_jobs.settings import Settings, settings
from promotion_jobs.values import uuid7

if TYPE_CHECKING:
    from promotion_jobs.aws.clients import Clients
    from promotion_jobs.aws.files import Files
    from promotion_jobs.aws.queue import Queue
    from promotion_jobs.codes.code import Makers
    from promotion_jobs.codes.codes import Codes
    from promotion_jobs.codes.format import Notation
    from promotion_jobs.codes.keyring import Keyring
    from promotion_jobs.codes.lists import CodeLists
    from promotion_jobs.codes.lookup import Lookup
    from promotion_jobs.codes.readings import Readings
    from promotion_jobs.codes.reserve import Reserver
    from promotion_jobs.codes.rotation import Rotation
    from promotion_jobs.codes.spaces import SpaceStore
    from promotion_jobs.codes.store import CodeStore
    from promotion_jobs.codes.uses import UsesStore
    from promotion_jobs.jobs.cancel import JobCanceller
    from promotion_jobs.jobs.create import JobCreator
    from promotion_jobs.jobs.delete import Delete
    from promotion_jobs.jobs.export import Export
    from promotion_jobs.jobs.generate import Generate
    from promotion_jobs.jobs.imports import Import
    from promotion_jobs.jobs.job import Job, JobType
    from promotion_jobs.jobs.kind import Kind, OfferedKind
    from promotion_jobs.jobs.purge import PromotionRemover
    from promotion_jobs.jobs.read import Downloads, Jobs
    from promotion_jobs.jobs.report import ReportStore
    from promotion_jobs.jobs.runs import RunStore
    from promotion_jobs.jobs.store import JobStore
    from promotion_jobs.jobs.sweep import Sweeper
    from promotion_jobs.jobs.uploads import Uploads
    from promotion_jobs.jobs.worker import Worker
    from promotion_jobs.promotions.promotion import Promotion
    from promotion_jobs.promotions.promotions import Promotions
    from promotion_jobs.promotions.store import PromotionStore
    from promotion_jobs.redemptions.redeem import Redeemer
    from promotion_jobs.redemptions.store import RedemptionStore
    from promotion_jobs.redemptions.usages import Usages
    from promotion_jobs.tokens.token import Right
    from promotion_jobs.tokens.tokens import Tokens

    Render = Callable[[Job], Mapping[str, Any]]


@dataclass
class Service:
    """``clock`` gives an aware time in UTC, ``bits`` as many random bits as it is asked for; all chance comes from it.

    A test may set a part before others are made of it.
    """

    clients: "Clients"
    clock: Callable[[], datetime]
    bits: Callable[[int], int]
    settings: Settings
    meter: Meter = unmeasured

    def new_id(self, now: datetime) -> str:
        return uuid7(now, self.bits(74))

    @cached_property
    def table(self) -> Table:
        return Table(self.clients.dynamodb, self.settings.table_name, Backoff(bits=self.bits, meter=self.meter))

    @cached_property
    def queue(self) -> "Queue":
        from promotion_jobs.aws.queue import Queue

        return Queue(lambda: self.clients.sqs, self.settings.job_queue_url)

    @cached_property
    def files(self) -> "Files":
        from promotion_jobs.aws.files import Files

        return Files(lambda: self.clients.s3, self.settings.export_bucket)

    @cached_property
    def promotion_store(self) -> "PromotionStore":
        from promotion_jobs.promotions.store import PromotionStore

        return PromotionStore(self.table)

    @cached_property
    def code_store(self) -> "CodeStore":
        from promotion_jobs.codes.store import CodeStore

        return CodeStore(self.table)

    @cached_property
    def uses(self) -> "UsesStore":
        from promotion_jobs.codes.uses import UsesStore

        return UsesStore(self.table)

    @cached_property
    def redemption_store(self) -> "RedemptionStore":
        from promotion_jobs.redemptions.store import RedemptionStore

        return RedemptionStore(self.table, self.uses)

    @cached_property
    def spaces(self) -> "SpaceStore":
        from promotion_jobs.codes.spaces import SpaceStore

        return SpaceStore(self.table)

    @cached_property
    def notation(self) -> "Notation":
        from promotion_jobs.codes.format import NOTATION

        return NOTATION

    @cached_property
    def keyring(self) -> "Keyring":
        from promotion_jobs.codes.keyring import Keyring

        return Keyring(self.table, lambda: self.bits(256).to_bytes(32), self.clock)

    @cached_property
    def readings(self) -> "Readings":
        from promotion_jobs.codes.readings import Readings

        return Readings(self.spaces, self.keyring, self.notation)

    @cached_property
    def makers(self) -> "Makers":
        from promotion_jobs.codes.code import Makers

        jobs, runs = self.job_store, self.runs
        return Makers(jobs.makers, jobs.all_makers, runs.visible_codes, runs.count_removed)

    @cached_property
    def code_lists(self) -> "CodeLists":
        from promotion_jobs.codes.lists import CodeLists

        return CodeLists(self.code_store, self.makers)

    @cached_property
    def lookup(self) -> "Lookup":
        from promotion_jobs.codes.lookup import Lookup

        return Lookup(self.code_store, self.readings, self.makers)

    @cached_property
    def rotation(self) -> "Rotation":
        from promotion_jobs.codes.rotation import Rotation

        return Rotation(self.spaces, self.keyring, self.notation)

    @cached_property
    def job_store(self) -> "JobStore":
        from promotion_jobs.jobs.open_work import OpenWorkStore
        from promotion_jobs.jobs.store import JobStore

        return JobStore(self.table, self.promotion_store, OpenWorkStore(self.table))

    @cached_property
    def runs(self) -> "RunStore":
        from promotion_jobs.jobs.runs import RunStore

        return RunStore(self.table, self.job_store)

    @cached_property
    def tokens(self) -> "Tokens":
        from promotion_jobs.tokens.store import TokenStore
        from promotion_jobs.tokens.tokens import Tokens

        return Tokens(TokenStore(self.table), self.clock, lambda: f"{self.bits(160):040x}")

    @cached_property
    def promotions(self) -> "Promotions":
        from promotion_jobs.promotions.promotions import Promotions

        return Promotions(self.promotion_store, self._owner_of, self.clock, self.new_id)

    def _owner_of(self, code: str) -> str | None:
        return self.lookup.owner_of(code)

    @cached_property
    def promotion_remover(self) -> "PromotionRemover":
        from promotion_jobs.jobs.purge import PromotionRemover

        return PromotionRemover(self.promotion_store, self.job_store, self.queue, self.clock, self.new_id)

    @cached_property
    def reserver(self) -> "Reserver":
        from promotion_jobs.codes.reserve import Reserver

        return Reserver(self.spaces, self.readings, self.lookup)

    @cached_property
    def codes(self) -> "Codes":
        from promotion_jobs.codes.codes import Codes

        return Codes(
            store=self.code_store,
            uses=self.uses,
            lists=self.code_lists,
            lookup=self.lookup,
            reserver=self.reserver,
            promotions=self.promotion_store,
            makers=self.makers,
            now=self.clock,
            new_id=self.new_id,
        )

    @cached_property
    def redeemer(self) -> "Redeemer":
        from promotion_jobs.redemptions.redeem import Redeemer

        return Redeemer(self.lookup, self.redemption_store, self.uses, self.clock, self.meter)

    @cached_property
    def usages(self) -> "Usages":
        from promotion_jobs.redemptions.usages import Usages

        return Usages(self.lookup, self.redemption_store, self.clock)

    @cached_property
    def jobs(self) -> "Jobs":
        from promotion_jobs.jobs.read import Jobs

        return Jobs(self.job_store, self.promotions, self.runs, self.kind, self.clock)

    @cached_property
    def job_creator(self) -> "JobCreator":
        from promotion_jobs.jobs.create import JobCreator

        return JobCreator(
            store=self.job_store,
            promotions=self.promotions,
            kinds=self.kind,
            queue=self.queue,
            now=self.clock,
            new_id=self.new_id,
            least_guess_odds=self.settings.least_guess_odds,
            bits=self.bits,
            uploads=self.uploads,
        )

    @cached_property
    def uploads(self) -> "Uploads":
        from promotion_jobs.jobs.uploads import Uploads, UploadStore

        return Uploads(UploadStore(self.table), self.files, self.clock, self.new_id)

    @cached_property
    def job_canceller(self) -> "JobCanceller":
        from promotion_jobs.jobs.cancel import JobCanceller

        return JobCanceller(self.jobs, self.job_store, self.queue, self.clock)

    @cached_property
    def downloads(self) -> "Downloads":
        from promotion_jobs.jobs.read import Downloads

        return Downloads(self.jobs, self.files, self.clock, self.settings.export_life)

    def kind(self, job_type: "JobType") -> "OfferedKind":
        """The kind of a type that the API offers."""
        from promotion_jobs.jobs.job import JobType

        kinds: Mapping[JobType, Callable[[], OfferedKind]] = {
            JobType.CODE_GENERATE: lambda: self.generate,
            JobType.CODE_EXPORT: lambda: self.export,
            JobType.CODE_DELETE: lambda: self.delete,
            JobType.CODE_IMPORT: lambda: self.importer,
        }
        return kinds[job_type]()

    @cached_property
    def generate(self) -> "Generate":
        from promotion_jobs.codes.drawing import Drawer
        from promotion_jobs.jobs.generate import Generate

        drawer = Drawer(self.spaces, self.keyring)
        return Generate(self.code_store, drawer, self.job_store, self.runs, self.clock, self.meter)

    @cached_property
    def export(self) -> "Export":
        from promotion_jobs.jobs.export import Export

        # Functions that only show its progress have no bucket.
        return Export(
            lists=self.code_lists,
            uses=self.uses,
            files=lambda: self.files,
            jobs=self.job_store,
            runs=self.runs,
            now=self.clock,
            new_attempt=self.new_id,
        )

    @cached_property
    def delete(self) -> "Delete":
        from promotion_jobs.jobs.delete import Delete

        return Delete(
            promotions=self.promotion_store,
            codes=self.code_store,
            lists=self.code_lists,
            makers=self.makers,
            jobs=self.job_store,
            runs=self.runs,
            now=self.clock,
            meter=self.meter,
        )

    @cached_property
    def importer(self) -> "Import":
        from promotion_jobs.jobs.imports import Import
        from promotion_jobs.jobs.uploads import UploadStore

        return Import(
            promotions=self.promotion_store,
            codes=self.code_store,
            reserver=self.reserver,
            jobs=self.job_store,
            runs=self.runs,
            uploads=UploadStore(self.table),
            reports=self.report_store,
            # Functions that only show its progress have no bucket.
            files=lambda: self.files,
            now=self.clock,
            new_attempt=self.new_id,
            meter=self.meter,
        )

    @cached_property
    def report_store(self) -> "ReportStore":
        from promotion_jobs.jobs.report import ReportStore

        return ReportStore(self.table)

    @property
    def _runs_ahead(self) -> int:
        """Fewer than there are workers, so that one job never takes all of them."""
        return max(1, min(RUNS_AHEAD, self.settings.worker_concurrency // 2))

    def worker(self, render: "Render") -> "Worker":
        """``render`` gives a job as its announcement shows it."""
        from promotion_jobs.aws.bus import EventBus
        from promotion_jobs.jobs.claim import Claimer
        from promotion_jobs.jobs.job import JobType
        from promotion_jobs.jobs.open_work import Announcer
        from promotion_jobs.jobs.purge import Purge
        from promotion_jobs.jobs.worker import Worker

        bus = EventBus(lambda: self.clients.events, self.settings.event_bus_name)
        announcer = Announcer(self.job_store.open_work, bus, render, self.meter)
        stores = self.promotion_store, self.code_store, self.job_store, self.runs
        reports, redeemed = self.report_store, self.redemption_store.purge
        purge = Purge(*stores, self.files, reports, redeemed, announcer, self.clock)

        def kinds(job_type: JobType) -> "Kind":
            return purge if job_type is JobType.PROMOTION_PURGE else self.kind(job_type)

        return Worker(
            jobs=self.job_store,
            claimer=Claimer(self.job_store, self.promotion_store, self.spaces),
            runs=self.runs,
            kinds=kinds,
            announcer=announcer,
            queue=self.queue,
            now=self.clock,
            new_id=self.new_id,
            runs_ahead=self._runs_ahead,
            meter=self.meter,
        )

    @cached_property
    def sweeper(self) -> "Sweeper":
        from promotion_jobs.jobs.sweep import Sweeper

        return Sweeper(
            open_work=self.job_store.open_work,
            jobs=self.job_store,
            runs=self.runs,
            queue=self.queue,
            now=self.clock,
            patience=self.settings.worker_timeout,
            runs_ahead=self._runs_ahead,
            meter=self.meter,
        )


@cache
def service() -> Service:
    """The service of this container."""
    from promotion_jobs.aws.clients import Clients
    from promotion_jobs.observe import measure

    return Service(Clients(), lambda: datetime.now(UTC), secrets.randbits, settings(), measure)


def authenticate(authorization: str | None, right: "Right") -> str:
    """The id of the client whose token the header bears. Raises Unauthorized, and Forbidden without the right."""
    return service().tokens.authenticate(authorization, right)


def find_promotion(promotion_id: str) -> "Promotion":
    """Raises PromotionNotFound."""
    return service().promotions.get(promotion_id)
