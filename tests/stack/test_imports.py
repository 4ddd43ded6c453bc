"""Files of codes, imported over HTTP: announced, sent to a signed link, taken in, and what was refused reported."""

from typing import Any

import pytest

from local.api import Answer, Api
from tests.stack.journeys import finished, free_codes, listed_codes, new_job, new_promotion
from tests.stack.sheets import announced, file_of, imported, mixed, report, uploaded

ROWS = 3_000


def test_each_row_becomes_a_code_or_is_reported(api: Api) -> None:
    promotion = new_promotion(api, max_codes=ROWS)
    content, told = mixed(ROWS, "mixed")
    job = imported(api, promotion, content)
    refused = ROWS // 100
    assert job["result"] == {"imported": ROWS - 2 * refused, "duplicates": refused, "invalid": refused}
    assert report(api, promotion, job) == told
    assert len(set(listed_codes(api, promotion))) == ROWS - 2 * refused
    assert api.call("GET", f"/v2/promotions/{promotion}").json["data"]["meta"]["codes"] == {
        "in_use": ROWS - 2 * refused,
        "visible": ROWS - 2 * refused,
    }
    again = imported(api, promotion, content)
    assert again["result"] == {"imported": 0, "duplicates": ROWS - refused, "invalid": refused}


def test_an_export_of_one_promotion_is_imported_into_another(api: Api) -> None:
    first, second = new_promotion(api), new_promotion(api)
    made = finished(api, first, new_job(api, first, "code_generate", number_of_codes=300, max_uses_per_code=3))
    export = finished(api, first, new_job(api, first, "code_export"))
    content = file_of(api, first, export).encode()
    codes = listed_codes(api, first)
    # While they are there, all of them are duplicates.
    there = imported(api, second, content)
    assert there["result"] == {"imported": 0, "duplicates": 300, "invalid": 0}
    assert {row[2] for row in report(api, second, there)} == {f"in use by promotion {first}"}
    finished(api, first, new_job(api, first, "code_delete", job_id=made["id"]))
    moved = imported(api, second, content)
    assert moved["result"] == {"imported": 300, "duplicates": 0, "invalid": 0}
    assert listed_codes(api, second) == codes
    shown = api.call("GET", f"/v2/promotions/{second}/codes/{codes[0]}").json["data"]
    assert (shown["uses"], shown["max_uses"], shown["job_id"]) == (3, 3, moved["id"])
    assert imported(api, second, content)["result"] == {"imported": 0, "duplicates": 300, "invalid": 0}


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffsep=;\r\nName;Code;Wert\r\nSommer;PEOPLE-1;10,00\r\nSommer;PEOPLE-2;10,00\r\n",
        "Discount Code\nPEOPLE-1\nPEOPLE-2\n",
        "Coupon Code,Expiration Date\nPEOPLE-1,2026-12-31\nPEOPLE-2,\n",
        'note,code\n"two\nlines, and ""quotes""",PEOPLE-1\nplain,PEOPLE-2\n',
        "code\tmax_uses\nPEOPLE-1\t5\nPEOPLE-2\t\n",
    ],
    ids=["a spreadsheet's, of Germany", "a shop's", "a mailing tool's", "with quotes and line ends", "with tabs"],
)
def test_files_as_people_have_them_are_read(api: Api, content: str) -> None:
    free_codes(api, "PEOPLE-1", "PEOPLE-2")
    promotion = new_promotion(api)
    job = imported(api, promotion, content.encode())
    assert job["result"] == {"imported": 2, "duplicates": 0, "invalid": 0}
    assert listed_codes(api, promotion) == ["PEOPLE-1", "PEOPLE-2"]
    free_codes(api, "PEOPLE-1", "PEOPLE-2")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "Line 1 is not text in UTF-8"),
        (b"\n", "The first line must name the columns, and one of them code"),
        (b"AAA\nBBB\n", "The first line must name the columns, and one of them code"),
        (b"code\n" + b"A" * 5_000_000, "Line 2 ends a row of more than 65,536 bytes"),
    ],
    ids=["binary", "empty", "without a header", "of one line"],
)
def test_what_is_no_list_of_codes_fails_with_one_sentence(api: Api, content: bytes, error: str) -> None:
    promotion = new_promotion(api)
    job = imported(api, promotion, content)
    assert (job["status"], job["error"]) == ("failed", error)
    assert api.call("GET", f"/v2/promotions/{promotion}/jobs").json["data"][0]["id"] == job["id"]
    assert "open_job" not in api.call("GET", f"/v2/promotions/{promotion}").json["data"]["meta"]["codes"]


def _refusal(answer: Answer) -> tuple[int, Any]:
    return answer.status, answer.json["errors"][0]["detail"]


def test_an_upload_is_sent_and_used_once(api: Api) -> None:
    promotion, other = new_promotion(api), new_promotion(api)
    path = f"/v2/promotions/{promotion}/jobs"

    def job(upload_id: str) -> Any:
        parameters = {"upload_id": upload_id}
        return {"data": {"type": "promotion_job", "job_type": "code_import", "parameters": parameters}}

    waiting = announced(api, promotion, b"code\nONCE-1\n")["upload_id"]
    assert _refusal(api.call("POST", path, job(waiting))) == (422, "Nothing was sent to the upload's link")
    upload_id = uploaded(api, promotion, b"code\n")
    elsewhere = api.call("POST", f"/v2/promotions/{other}/jobs", job(upload_id))
    unknown = "The promotion has no such upload, or a day has passed since it was announced"
    assert _refusal(elsewhere) == (422, unknown)
    made = api.call("POST", path, job(upload_id)).checked().json["data"]["id"]
    finished(api, promotion, made)
    used = f"The upload is used by the job {made}: announce another one"
    assert _refusal(api.call("POST", path, job(upload_id))) == (422, used)
