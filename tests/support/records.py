"""A service's items as a test changes and reads them, beside the use cases."""

import secrets
from datetime import datetime
from typing import Any

from promotion_jobs.aws import keys
from promotion_jobs.aws.clients import Clients
from promotion_jobs.aws.table import Item, Table, from_item
from promotion_jobs.jobs.claim import Claimer
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.runs import RunStore
from promotion_jobs.jobs.store import JobStore
from promotion_jobs.promotions.promotion import NewPromotion, Promotion
from promotion_jobs.settings import Settings
from promotion_jobs.wiring import Service
from tests.aws.dynamodb import MemoryDynamoDB
from tests.support.builders import CLIENT_ID, NOW


class Records:
    service: Service

    @property
    def table(self) -> Table:
        return self.service.table

    @property
    def jobs(self) -> JobStore:
        return self.service.job_store

    @property
    def runs(self) -> RunStore:
        return self.service.runs

    def change_promotion(self, promotion_id: str, update: str, **values: Any) -> None:
        """Bring a promotion into a state that no use case makes."""
        self.table.transact(self.table.update(keys.promotion(promotion_id), update, "", **values))

    def change_job(self, job: Job, update: str, **values: Any) -> None:
        """Likewise a job."""
        self.table.transact(self.table.update(keys.job(job.promotion_id, job.id), update, "", **values))

    def claim(self, job: Job, at: datetime) -> Job | None:
        """As its first delivery does it."""
        service = self.service
        return Claimer(service.job_store, service.promotion_store, service.spaces).claim(job, at)

    def put_chunk(self, job: Job, number: int) -> None:
        """Put a chunk of codes of no meaning, and count them in its run. Raises ConditionLost."""
        run, codes = job.plan.run_of(number), job.plan.codes_in(number)
        packed = bytes(codes * job.maker.code_format.width)
        self.table.transact(
            self.service.code_store.put_chunk(job.id, run, number, packed),
            self.runs.count_generated(job.id, run, codes, NOW),
        )

    def promotion(self, promotion_id: str) -> Promotion:
        promotion = self.service.promotion_store.get(promotion_id)
        assert promotion
        return promotion

    def job(self, promotion_id: str, job_id: str) -> Job:
        job = self.jobs.get(promotion_id, job_id)
        assert job
        return job


class MemoryRecords(Records):
    """Of a service in memory, whose clock stands still."""

    def __init__(self) -> None:
        self._dynamodb = MemoryDynamoDB(whole=True)
        clients = Clients()
        clients.dynamodb = self._dynamodb  # type: ignore[assignment]
        settings = Settings({"TABLE_NAME": self._dynamodb.table_name})
        self.service = Service(clients, lambda: NOW, secrets.randbits, settings)

    def create_promotion(self, max_codes: int = 1_000) -> str:
        new = NewPromotion({"name": "Summer sale"}, max_codes=max_codes)
        return self.service.promotions.create(new, CLIENT_ID).id

    def items(self) -> list[Item]:
        """Everything in the table, as plain values."""
        return [from_item(item) for _, item in self._dynamodb.table]
