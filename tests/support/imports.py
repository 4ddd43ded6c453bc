"""An office whose clients upload files, for tests of imports."""

from collections.abc import Sequence
from typing import Any

from promotion_jobs.codes.code import Code
from promotion_jobs.jobs.create import NewJob
from promotion_jobs.jobs.job import ImportParameters, Job, JobType
from promotion_jobs.pages import Page
from tests.support.builders import CLIENT_ID, PROMOTION_ID, promotion
from tests.support.office import Office


class Imports(Office):
    """An office with a promotion, whose clients upload files."""

    def __init__(self, *stored: Any, room: int = 1_000) -> None:
        super().__init__(promotion(max_codes=room, room=room), *stored)

    def upload(self, content: bytes, size: int | None = None) -> str:
        """The id of an upload that was sent."""
        uploads = self.service.uploads
        announced = uploads.announce(promotion(), len(content) if size is None else size, None, CLIENT_ID)
        self.files.files[f"uploads/{PROMOTION_ID}/{announced.id}"] = content
        return announced.id

    def create(self, upload_id: str, key: str | None = None, **parameters: Any) -> Job:
        asked = ImportParameters(upload_id, **parameters)
        job, _ = self.service.job_creator.create(PROMOTION_ID, NewJob(JobType.CODE_IMPORT, None, asked), CLIENT_ID, key)
        return job

    def run_import(self, content: str, **parameters: Any) -> Job:
        job = self.create(self.upload(content.encode()), **parameters)
        self.deliver_all()
        return self.job(job)

    def report(self, job: Job) -> str:
        (file,) = self.job(job).files
        content = self.files.files[file.key]
        assert (file.size, file.rows) == (len(content), content.count(b"\r\n") - 1)
        return content.decode()

    def listed(self) -> Sequence[Code]:
        found = self.promotion()
        assert found
        return self.service.codes.list(found, Page(100, 0), {}).items

    def numbers(self) -> tuple[int, int, str | None]:
        """Visible codes, room and lock of the promotion."""
        found = self.promotion()
        assert found
        return found.codes, found.room, found.open_job

    def leftovers(self) -> set[str]:
        """The kinds of the items of codes, chunks and reports that there are."""
        return {it["pk"].partition("#")[0] for it in self.items()} & {"CODE", "CODES", "REFUSED"}


def numbered(number: int, first: int = 0) -> str:
    return "".join(f"N-{at}\n" for at in range(first, first + number))
