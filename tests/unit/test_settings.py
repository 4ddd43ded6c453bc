from collections.abc import Iterator
from datetime import timedelta

import pytest

from promotion_jobs.settings import Settings, settings

ENVIRONMENT = {
    "TABLE_NAME": "jobs",
    "JOB_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
    "EXPORT_BUCKET": "exports",
    "FILES_ORIGIN": "https://exports.s3.eu-west-1.amazonaws.com",
    "EXPORT_LIFE_DAYS": "7",
    "LEAST_GUESS_ODDS": "100000",
    "WORKER_CONCURRENCY": "10",
    "WORKER_TIMEOUT_SECONDS": "120",
}


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_environment_says_what_the_settings_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert settings().table_name == "jobs"
    assert settings().job_queue_url == "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
    assert settings().export_bucket == "exports"
    assert settings().files_origin == "https://exports.s3.eu-west-1.amazonaws.com"
    assert settings().export_life == timedelta(days=7)
    assert settings().least_guess_odds == 100_000
    assert settings().worker_concurrency == 10
    assert settings().worker_timeout == timedelta(minutes=2)


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_NAME", "jobs")
    first = settings()
    monkeypatch.setenv("TABLE_NAME", "another")
    assert settings() is first
    assert settings().table_name == "jobs"


@pytest.mark.parametrize(
    ("setting", "variable"),
    [
        ("table_name", "TABLE_NAME"),
        ("job_queue_url", "JOB_QUEUE_URL"),
        ("event_bus_name", "EVENT_BUS_NAME"),
        ("export_bucket", "EXPORT_BUCKET"),
        ("files_origin", "FILES_ORIGIN"),
        ("export_life", "EXPORT_LIFE_DAYS"),
        ("least_guess_odds", "LEAST_GUESS_ODDS"),
        ("worker_concurrency", "WORKER_CONCURRENCY"),
        ("worker_timeout", "WORKER_TIMEOUT_SECONDS"),
    ],
)
def test_a_function_that_was_not_given_a_variable_is_told_which(setting: str, variable: str) -> None:
    with pytest.raises(KeyError, match=f"^'{variable}'$"):
        getattr(Settings({}), setting)
