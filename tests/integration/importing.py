"""Clients that import files, what they are shown, and files to import."""

from typing import Any

from promotion_jobs.jobs.job import Message
from promotion_jobs.limits import IMPORTED_TOGETHER
from tests.support.answers import failure, unprocessable
from tests.support.cloud import BUCKET, Answer, Cloud

FILE = b"code,max_uses\nPRINTED-1,1\nPRINTED-2,\nprinted-1,\n=1+1,\n"
REPORT = b"line,code,reason\r\n4,printed-1,duplicate in the file\r\n5,'=1+1,formula\r\n"
RESULT = {"imported": 2, "duplicates": 1, "invalid": 1}
ONE_CODE = b"code\nPRINTED-1\n"
MANY = b"code\n" + b"".join(b"N-%d\n" % at for at in range(2 * IMPORTED_TOGETHER))


def import_of(upload_id: str, **parameters: Any) -> dict[str, Any]:
    return {"type": "promotion_job", "job_type": "code_import", "parameters": {"upload_id": upload_id, **parameters}}


def ask_for_import(cloud: Cloud, promotion_id: str, upload_id: str, query: str = "", key: str | None = None) -> Answer:
    """The answer to a client that wants to import the upload."""
    headers = {"idempotency-key": key} if key else {}
    return cloud.call("create_job", promotion_id, data={"data": import_of(upload_id)}, query=query, headers=headers)


def import_file(cloud: Cloud, promotion_id: str, content: bytes, **parameters: Any) -> str:
    """The id of a job that is done."""
    job_id = cloud.create_job(promotion_id, "code_import", upload_id=cloud.upload(promotion_id, content), **parameters)
    cloud.deliver(Message(promotion_id, job_id))
    return job_id


def show_job(cloud: Cloud, promotion_id: str, job_id: str) -> Any:
    status, answer = cloud.call("get_job", promotion_id, job_id)
    assert status == 200
    return answer["data"]


def file_of(cloud: Cloud, promotion_id: str, job_id: str) -> bytes:
    """What the file of the job has."""
    _, answer = cloud.call("get_job_file", promotion_id, job_id)
    key = answer["href"].partition(".amazonaws.com/")[2].partition("?")[0]
    content: bytes = cloud.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert [file["bytes"] for file in answer["files"]] == [len(content)]
    return content


def list_codes(cloud: Cloud, promotion_id: str, **filters: str) -> list[str]:
    query = "".join(f"filter=eq({name},{value})" for name, value in filters.items())
    status, answer = cloud.call("list_codes", promotion_id, query=query)
    assert status == 200
    return [it["code"] for it in answer["data"]]


def work_off(cloud: Cloud) -> None:
    while messages := cloud.messages():
        cloud.deliver(*(Message(**message) for message in messages))


def undo(cloud: Cloud, promotion_id: str, job_id: str) -> Any:
    """The job, which was stopped, after the deliveries that stop its run, undo it and come once more."""
    for _ in range(3):
        cloud.deliver(Message(promotion_id, job_id))
    return show_job(cloud, promotion_id, job_id)


def not_usable(detail: str) -> Answer:
    """The answer to a client that wants to import an upload that cannot be."""
    status, answer = unprocessable(detail)
    return failure(status, {**answer["errors"][0], "source": "data.parameters.upload_id"})
