"""Uploads: files that clients send to the bucket by themselves, each to be imported by one job.

An upload is announced, sent to a signed link, and used by the creation of a job, once. What the job reads is the file
as it was then: it is named by its tag, so that whatever is sent to the link later is not read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from promotion_jobs.aws import keys
from promotion_jobs.aws.files import Files
from promotion_jobs.aws.table import Action, Item, Table
from promotion_jobs.errors import UploadNotUsable
from promotion_jobs.jobs.job import Announced, Upload
from promotion_jobs.limits import UPLOAD_LIFE, UPLOAD_LINK_LIFE
from promotion_jobs.promotions.promotion import Promotion
from promotion_jobs.values import to_text


@dataclass(frozen=True, slots=True)
class UploadStore:
    """The items of uploads. They expire by TTL, as the files do by the bucket's rule."""

    table: Table

    def get(self, upload_id: str) -> Item | None:
        return self.table.get(keys.upload(upload_id))

    def put(self, promotion_id: str, upload_id: str, size: int, client_id: str, now: datetime) -> Action:
        return self.table.put(
            keys.upload(upload_id),
            {
                "promotion": promotion_id,
                "bytes": size,
                "created_by": client_id,
                "created_at": to_text(now),
                "expires_at": int((now + UPLOAD_LIFE).timestamp()),
            },
        )

    def use(self, upload_id: str, job_id: str) -> Action:
        """Use an upload for a job, if no other has."""
        return self.table.update(
            keys.upload(upload_id),
            "SET #job = :job",
            "attribute_exists(pk) AND (attribute_not_exists(#job) OR #job = :job)",
            job=job_id,
        )

    def release(self, upload_id: str, job_id: str) -> Action:
        """Let another job use what this one, which is taken back, has."""
        return self.table.update(keys.upload(upload_id), "REMOVE #job", "#job = :job", job=job_id)


@dataclass(frozen=True, slots=True)
class Uploads:
    store: UploadStore
    files: Files
    now: Callable[[], datetime]
    new_id: Callable[[datetime], str]

    def announce(self, promotion: Promotion, size: int, sha256: str | None, client_id: str) -> Announced:
        """An upload of so many bytes. ``sha256``, in hexadecimal, is what the bucket holds them to."""
        now = self.now()
        upload_id = self.new_id(now)
        self.store.table.transact(self.store.put(promotion.id, upload_id, size, client_id, now))
        link = self.files.upload_link(_key(promotion.id, upload_id), size, sha256, UPLOAD_LINK_LIFE)
        return Announced(upload_id, link.href, link.headers, now + UPLOAD_LINK_LIFE)

    def find(self, promotion_id: str, upload_id: str) -> Upload:
        """The file, if a new job may import it. Raises UploadNotUsable."""
        item = self.store.get(upload_id)
        if item is None or item["promotion"] != promotion_id or item["expires_at"] <= int(self.now().timestamp()):
            raise UploadNotUsable.unknown()
        if "job" in item:
            raise UploadNotUsable.used(item["job"])
        key = _key(promotion_id, upload_id)
        head = self.files.head(key)
        if head is None:
            raise UploadNotUsable("Nothing was sent to the upload's link")
        size, tag = head
        if size != item["bytes"]:
            raise UploadNotUsable(f"{size:,} bytes were uploaded, and {item['bytes']:,} were announced")
        return Upload(key, size, tag)


def uploads_of(promotion_id: str) -> str:
    """What the keys of its uploads begin with."""
    return f"{UPLOADS}{promotion_id}/"


def _key(promotion_id: str, upload_id: str) -> str:
    return f"{uploads_of(promotion_id)}{upload_id}"


UPLOADS = "uploads/"
"""What the keys of the bucket's uploads begin with: its rule removes them after a day."""
