"""DELETE …/codes and DELETE …/codes/{code}, and what exports show of it (contract 2, decisions 1 and 14)."""

from typing import Any

import pytest

from promotion_jobs.jobs.job import Job, Message
from tests.support import generated
from tests.support.answers import (
    CODE_NOT_FOUND,
    NO_CONTENT,
    NOT_JSON,
    Element,
    failure,
    invalid,
    required,
)
from tests.support.builders import CLIENT_ID, JOB_ID, NOW_TEXT, UNKNOWN_ID
from tests.support.cloud import BUCKET, Answer, Cloud

CHUNKS = generated.texts(2, 1)
[FIRST_CODE, SECOND_CODE], [THIRD_CODE] = CHUNKS


def _delete(cloud: Cloud, promotion_id: str, *codes: str) -> Answer:
    body = {"data": {"type": "promotion_codes", "codes": [{"code": code} for code in codes]}}
    return cloud.call("delete_codes", promotion_id, data=body)


def _listed(cloud: Cloud, promotion_id: str, query: str = "") -> tuple[list[str], int]:
    _, answer = cloud.call("list_codes", promotion_id, query=query)
    return [code["code"] for code in answer["data"]], answer["meta"]["results"]["total"]


def _result(cloud: Cloud, promotion_id: str) -> Any:
    return cloud.call("get_job", promotion_id, JOB_ID)[1]["data"]["result"]


@pytest.fixture
def job(cloud: Cloud, promotion_id: str) -> Job:
    """A completed job, to whose promotion three codes were added by hand."""
    job = generated.generate(cloud, promotion_id, CHUNKS)
    cloud.add_codes(promotion_id, "Hand-1", {"code": "Hand-2", "uses": 5}, "Hand-3")
    return job


EVERY_CODE = [FIRST_CODE, SECOND_CODE, THIRD_CODE, "Hand-1", "Hand-2", "Hand-3"]


def test_one_code_is_deleted_with_what_lists_and_numbers_say_of_it(cloud: Cloud, promotion_id: str, job: Job) -> None:
    assert cloud.call("delete_code", promotion_id, SECOND_CODE.upper()) == NO_CONTENT
    left = [code for code in EVERY_CODE if code != SECOND_CODE]
    assert _listed(cloud, promotion_id) == (left, 5)
    assert _listed(cloud, promotion_id, "page[limit]=2&page[offset]=1") == (left[1:3], 5)
    assert _listed(cloud, promotion_id, f"filter=eq(code,{SECOND_CODE})") == ([], 0)
    assert _listed(cloud, promotion_id, f"filter=eq(job_id,{job.id})") == ([FIRST_CODE, THIRD_CODE], 2)
    assert cloud.call("get_code", promotion_id, SECOND_CODE) == CODE_NOT_FOUND
    promotion = cloud.promotion(promotion_id)
    assert (promotion.codes, promotion.room, promotion.version) == (5, 995, 1)
    assert _result(cloud, promotion_id) == {"generated": 3, "deleted": 1}


@pytest.mark.parametrize("wrapped", [True, False])
def test_several_codes_are_deleted_whoever_made_them(
    cloud: Cloud, promotion_id: str, job: Job, *, wrapped: bool
) -> None:
    codes = [FIRST_CODE, THIRD_CODE.upper(), "hand-1", "HAND-3", "unknown", "no code!"]
    sent = {"type": "promotion_codes", "codes": [{"code": code, "uses": "any", "user": 5} for code in codes]}
    assert cloud.call("delete_codes", promotion_id, data={"data": sent} if wrapped else sent) == NO_CONTENT
    assert _listed(cloud, promotion_id) == ([SECOND_CODE, "Hand-2"], 2)
    promotion = cloud.promotion(promotion_id)
    assert (promotion.codes, promotion.room) == (2, 998)
    assert cloud.job(promotion_id, job.id).deleted == 2


def test_fifty_codes_are_deleted_in_one_call(cloud: Cloud, promotion_id: str) -> None:
    chunks = [codes] = generated.texts(51)
    generated.generate(cloud, promotion_id, chunks)
    before = cloud.items()
    assert _delete(cloud, promotion_id, *codes) == failure(400, invalid("data.codes", "must have at most 50 entries"))
    assert cloud.items() == before
    assert _delete(cloud, promotion_id, *codes[:50]) == NO_CONTENT
    assert _listed(cloud, promotion_id) == (codes[50:], 1)


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize(
    "codes",
    [
        ["unknown"],
        [""],
        ["no code!"],
        ["é"],
        ["x" * 3_000],
        ["' OR '1'='1"],
        [f"{THIRD_CODE} "],
        [f"={FIRST_CODE}"],
    ],
)
def test_codes_that_are_not_there_do_not_matter(cloud: Cloud, promotion_id: str, codes: list[str]) -> None:
    before = cloud.items()
    assert _delete(cloud, promotion_id, *codes) == NO_CONTENT
    if codes != [""]:
        assert cloud.call("delete_code", promotion_id, *codes) == NO_CONTENT
    assert cloud.items() == before


@pytest.mark.usefixtures("job")
def test_a_code_that_is_deleted_twice_is_counted_once(cloud: Cloud, promotion_id: str) -> None:
    assert _delete(cloud, promotion_id, FIRST_CODE, FIRST_CODE.upper()) == NO_CONTENT
    before = cloud.items()
    assert _delete(cloud, promotion_id, FIRST_CODE) == NO_CONTENT
    assert cloud.call("delete_code", promotion_id, FIRST_CODE) == NO_CONTENT
    assert cloud.items() == before
    assert _result(cloud, promotion_id) == {"generated": 3, "deleted": 1}


@pytest.mark.usefixtures("job")
def test_codes_of_another_promotion_are_left_alone(cloud: Cloud) -> None:
    other = cloud.create_promotion()
    before = cloud.items()
    assert _delete(cloud, other, *EVERY_CODE) == NO_CONTENT
    assert cloud.call("delete_code", other, FIRST_CODE) == NO_CONTENT
    assert cloud.items() == before


def test_codes_of_an_open_job_are_left_alone(cloud: Cloud, promotion_id: str) -> None:
    job = generated.start(cloud, promotion_id, CHUNKS)
    before = cloud.items()
    assert _delete(cloud, promotion_id, FIRST_CODE, THIRD_CODE) == NO_CONTENT
    assert cloud.call("delete_code", promotion_id, SECOND_CODE) == NO_CONTENT
    assert cloud.items() == before
    generated.complete(cloud, job)
    assert _listed(cloud, promotion_id) == ([FIRST_CODE, SECOND_CODE, THIRD_CODE], 3)


def test_codes_can_be_deleted_while_another_job_is_open(cloud: Cloud, promotion_id: str, job: Job) -> None:
    chunks = [[not_there_yet]] = generated.texts(1, first=job.plan.indices)
    generated.start(cloud, promotion_id, chunks, UNKNOWN_ID)
    assert _delete(cloud, promotion_id, FIRST_CODE, "hand-1", not_there_yet) == NO_CONTENT
    assert _listed(cloud, promotion_id) == ([SECOND_CODE, THIRD_CODE, "Hand-2", "Hand-3"], 4)
    assert cloud.job(promotion_id, job.id).deleted == 1
    assert cloud.promotion(promotion_id).room == 995


def test_a_code_that_was_deleted_can_be_made_again_and_comes_last(cloud: Cloud, promotion_id: str, job: Job) -> None:
    _delete(cloud, promotion_id, FIRST_CODE, "hand-1")
    cloud.add_codes(promotion_id, FIRST_CODE.upper(), "hand-1")
    left = [SECOND_CODE, THIRD_CODE, "Hand-2", "Hand-3", FIRST_CODE.upper(), "hand-1"]
    assert _listed(cloud, promotion_id) == (left, 6)
    assert "job_id" not in cloud.call("get_code", promotion_id, FIRST_CODE)[1]["data"]
    cloud.call("delete_code", promotion_id, FIRST_CODE)
    assert cloud.job(promotion_id, job.id).deleted == 1


@pytest.mark.usefixtures("job")
def test_all_codes_of_a_job_can_be_deleted(cloud: Cloud, promotion_id: str) -> None:
    _delete(cloud, promotion_id, *EVERY_CODE)
    assert _listed(cloud, promotion_id) == ([], 0)
    promotion = cloud.promotion(promotion_id)
    assert (promotion.codes, promotion.room) == (0, 1_000)
    assert _result(cloud, promotion_id) == {"generated": 3, "deleted": 3}


# Wrong requests


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize(
    ("data", "elements"),
    [
        ({}, [required("data.type"), required("data.codes")]),
        ({"data": {}}, [required("data.type"), required("data.codes")]),
        ({"type": "promotion_codes", "codes": []}, [invalid("data.codes", "must have at least 1 entries")]),
        ({"type": "promotion_codes", "codes": [{}]}, [required("data.codes.0.code")]),
        ({"type": "promotion_codes", "codes": ["A"]}, [invalid("data.codes.0", "must be an object")]),
    ],
)
def test_a_body_that_names_no_codes_is_refused(
    cloud: Cloud, promotion_id: str, data: Any, elements: list[Element]
) -> None:
    before = cloud.items()
    assert cloud.call("delete_codes", promotion_id, data=data) == failure(400, *elements)
    assert cloud.items() == before


@pytest.mark.usefixtures("job")
def test_all_codes_are_not_deleted_by_sending_no_body(cloud: Cloud, promotion_id: str) -> None:
    before = cloud.items()
    for content_type in ("application/json", None):
        assert cloud.call("delete_codes", promotion_id, body="", headers={"content-type": content_type}) == NOT_JSON
    assert cloud.items() == before


@pytest.mark.parametrize("body", [None, "", "{", '{"data": {"type": "promotion_codes"}}', "a=1"])
def test_a_body_beside_the_code_of_the_path_does_not_matter(
    cloud: Cloud, promotion_id: str, job: Job, body: str | None
) -> None:
    headers = {"content-type": "text/plain" if body == "a=1" else "application/json"}
    assert cloud.call("delete_code", promotion_id, FIRST_CODE, body=body, headers=headers) == NO_CONTENT
    assert cloud.job(promotion_id, job.id).deleted == 1


# Exports


def test_an_export_has_codes_with_their_own_terms_and_without_those_that_are_gone(
    cloud: Cloud, promotion_id: str, job: Job
) -> None:
    cloud.add_codes(promotion_id, {"code": "Own", "uses": 3, "user": "=Zoë, Ltd", "consume_unit": "per_item"})
    _delete(cloud, promotion_id, FIRST_CODE, "hand-1", "hand-3")
    export_id = cloud.create_job(promotion_id)
    cloud.deliver(Message(promotion_id, export_id))
    [file] = cloud.job(promotion_id, export_id).files
    content = cloud.s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read().decode()
    header, *rows, end = content.split("\r\n")
    times = [code["meta"]["timestamps"]["created_at"] for code in cloud.call("list_codes", promotion_id)[1]["data"]]
    generated_row = f"per_cart,1,1,,{CLIENT_ID},{NOW_TEXT},{job.id}"
    assert rows == [
        f"{SECOND_CODE},{generated_row}",
        f"{THIRD_CODE},{generated_row}",
        f"Hand-2,,5,5,,{CLIENT_ID},{times[2]},",
        f'Own,per_item,3,3,"\'=Zoë, Ltd",{CLIENT_ID},{times[3]},',
    ]
    assert (header, end) == ("code,consume_unit,max_uses,uses,user,created_by,created_at,job_id", "")
    assert file.rows == 4
