"""The dashboard and the alarms watch what is really measured, and each alarm is explained (docs/run/operations.md)."""

import json
import re
from typing import Any

import pytest

from promotion_jobs import errors
from promotion_jobs.measures import Measure
from tests.support.template import ROOT, TEMPLATE, properties, resources

ALARMS = resources("AWS::CloudWatch::Alarm")
OPERATIONS = (ROOT / "docs/run/operations.md").read_text()
OURS = "PromotionJobs"
MEASURES = {str(measure) for measure in Measure}
REFUSALS = {
    name
    for name, it in vars(errors).items()
    if isinstance(it, type) and issubclass(it, errors.PromotionJobsError) and not it.__subclasses__()
}
BY_SERVICE = [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]


def _dashboard() -> Any:
    """With each reference replaced by its name, as it stands there otherwise."""
    return json.loads(re.sub(r"\$\{(\w|[.:])+\}", "it", properties("Dashboard")["DashboardBody"]["Fn::Sub"]))


def _spelled_out(metrics: list[list[Any]]) -> list[tuple[str, str]]:
    """Namespace and name of each metric; a dot stands for what the one before has."""
    before = ["", ""]
    found = []
    for metric in metrics:
        if isinstance(metric[0], str):
            before = [old if new == "." else new for old, new in zip(before, metric[:2], strict=True)]
            found.append((before[0], before[1]))
    return found


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_the_topic_and_is_explained(name: str) -> None:
    alarm = properties(name)
    assert alarm["AlarmActions"] == {
        "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}],
    }
    assert alarm["AlarmDescription"].endswith(".")
    assert alarm["TreatMissingData"] in {"breaching", "notBreaching"}
    assert OPERATIONS.count(f"| `{name}` |") == 1


def test_every_alarm_that_is_explained_exists() -> None:
    assert set(re.findall(r"^\| `(\w+Alarm)` \|", OPERATIONS, re.MULTILINE)) == ALARMS.keys()


def _watched(name: str) -> list[Any]:
    """The metrics of the alarm: its only one, or those that it calculates with."""
    alarm = properties(name)
    return [it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it] or [alarm]


@pytest.mark.parametrize("name", [name for name in ALARMS if OURS in {it["Namespace"] for it in _watched(name)}])
def test_an_alarm_of_our_own_metrics_watches_those_that_are_written_by_this_deployment(name: str) -> None:
    for metric in _watched(name):
        assert metric["MetricName"] in MEASURES | REFUSALS
        assert metric["Dimensions"] == BY_SERVICE


@pytest.mark.parametrize("name", [name for name in ALARMS if "Metrics" in properties(name)])
def test_an_alarm_that_calculates_names_what_it_calculates_with_and_watches_one_result(name: str) -> None:
    metrics = properties(name)["Metrics"]
    [expression] = [it["Expression"] for it in metrics if it.get("ReturnData", True)]
    assert set(re.findall(r"\b[a-z]\w*", expression)) == {it["Id"] for it in metrics if "MetricStat" in it}


def test_the_deployment_is_the_service_of_its_metrics() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert (variables["POWERTOOLS_SERVICE_NAME"], variables["POWERTOOLS_METRICS_NAMESPACE"]) == (
        {"Ref": "AWS::StackName"},
        OURS,
    )


def test_every_measure_is_explained_and_all_but_the_starts_are_on_the_dashboard() -> None:
    assert {name for name in MEASURES if f"`{name}`" not in OPERATIONS} == set()
    shown = json.dumps(_dashboard())
    assert {name for name in MEASURES if name not in shown} == {"JobsCreated", "JobsGivenUp", "ScheduledJobsStarted"}


def test_the_dashboard_shows_no_metric_of_ours_that_nobody_writes() -> None:
    panels = [widget["properties"].get("metrics", []) for widget in _dashboard()["widgets"]]
    ours = {name for metrics in panels for namespace, name in _spelled_out(metrics) if namespace == OURS}
    assert ours - MEASURES - REFUSALS == set()
    assert len(ours) > 5
