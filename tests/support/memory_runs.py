"""The ports of runs, of the sweep and of the purge, in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from promotion_jobs.codes.code import Chunk
from promotion_jobs.jobs.job import Job
from promotion_jobs.jobs.runs import Lease, Run, RunStatus
from promotion_jobs.jobs.sweep import OpenWork
from tests.support.memory import State


@dataclass
class MemoryRunStore:
    state: State

    def take(self, job: Job, number: int, lease: Lease, now: datetime) -> tuple[Run, bool]:
        with self.state.steps.around("take"):
            found = self.state.runs.get((job.id, number), Run(RunStatus.PROCESSING))
            if found.status is not RunStatus.PROCESSING or found.is_held(now):
                return found, False
            taken = replace(found, tries=found.tries + 1, started=True, lease=lease)
            self.state.runs[job.id, number] = taken
            return taken, True

    def release(self, job: Job, number: int, lease: Lease, *, forgive: bool) -> None:
        with self.state.steps.around("release"):
            run = self.state.runs[job.id, number]
            if run.lease == lease:
                self.state.runs[job.id, number] = replace(run, lease=None, tries=0 if forgive else run.tries)

    def note_exported(self, job: Job, lease: Lease, rows: int) -> None:
        with self.state.steps.around("note exported"):
            run = self.state.runs[job.id, 0]
            if run.lease == lease and run.exported < rows:
                self.state.runs[job.id, 0] = replace(run, exported=rows)

    def committed(self, job: Job, number: int) -> frozenset[int]:
        chunks = job.plan.chunks_of(number) if job.plan else range(0)
        return frozenset(chunk for chunk in chunks if (job.id, chunk) in self.state.chunks)

    def finish(self, job: Job, number: int, now: datetime) -> None:
        with self.state.steps.around("finish run"):
            stored = self.state.jobs[job.id]
            if self._count(job, number, RunStatus.PROCESSING, RunStatus.COMPLETED):
                self.state.jobs[job.id] = replace(stored, runs_done=stored.runs_done + 1, updated_at=now)

    def stop(self, job: Job, number: int) -> Run:
        with self.state.steps.around("stop"):
            run = self.state.runs.get((job.id, number), Run(RunStatus.CANCELLING))
            if run.status is not RunStatus.CLEAN:
                run = replace(run, status=RunStatus.CANCELLING)
            self.state.runs[job.id, number] = run
            return run

    def finish_clean(self, job: Job, number: int, now: datetime) -> None:
        with self.state.steps.around("finish clean"):
            if self._count(job, number, RunStatus.CANCELLING, RunStatus.CLEAN):
                self.state.jobs[job.id] = replace(self.state.jobs[job.id], updated_at=now)

    def _count(self, job: Job, number: int, before: RunStatus, after: RunStatus) -> bool:
        run = self.state.runs[job.id, number]
        if run.status is not before or self.state.jobs[job.id].status is not job.status:
            return False
        self.state.runs[job.id, number] = replace(run, status=after, lease=None)
        self.state.unlisted.pop(job.id, None)
        return True

    def all(self, job: Job) -> Mapping[int, Run]:
        return {number: run for (owner, number), run in self.state.runs.items() if owner == job.id}


@dataclass
class MemorySweepStore:
    state: State
    work: dict[str, OpenWork] = field(default_factory=dict)

    def open_work(self) -> Sequence[OpenWork]:
        self.state.steps.take("open work")
        return list(self.work.values())

    def get(self, promotion_id: str, job_id: str) -> Job | None:
        job = self.state.jobs.get(job_id)
        return job if job and job.promotion_id == promotion_id else None

    def note(self, seen: OpenWork, *, sent_at: datetime, sends: int, progress: int) -> bool:
        with self.state.steps.around("note what was sent"):
            stored = self.work.get(seen.id)
            if stored is None or (stored.sent_at, stored.sends) != (seen.sent_at, seen.sends):
                return False
            self.work[seen.id] = replace(stored, sent_at=sent_at, sends=sends, progress=progress)
            return True


@dataclass
class MemoryPurgeStore:
    state: State

    def chunks(self, promotion_id: str) -> Iterable[Chunk]:
        found = sorted(self.state.chunks.items(), key=lambda entry: entry[0])
        return [chunk for (source, _), chunk in found if self.state.promotion_of(source) == promotion_id]

    def remove_chunk(self, promotion_id: str, chunk: Chunk) -> None:
        assert self.state.promotion_of(chunk.source) == promotion_id
        with self.state.steps.around("remove chunk"):
            self.state.remove_own(chunk)
            self.state.chunks.pop((chunk.source, chunk.number), None)

    def jobs(self, promotion_id: str) -> Sequence[Job]:
        return [job for job in self.state.jobs.values() if job.promotion_id == promotion_id]

    def remove_job(self, promotion_id: str, job_id: str) -> None:
        assert self.state.promotion_of(job_id) == promotion_id
        with self.state.steps.around("remove job"):
            self.state.runs = {key: run for key, run in self.state.runs.items() if key[0] != job_id}
            self.state.notes = {key: noted for key, noted in self.state.notes.items() if key[0] != job_id}
            del self.state.jobs[job_id]

    def remove_promotion(self, promotion_id: str, purge_id: str) -> None:
        with self.state.steps.around("remove promotion"):
            promotion = self.state.promotions.get(promotion_id)
            if promotion and promotion.open_job == purge_id:
                del self.state.promotions[promotion_id]
