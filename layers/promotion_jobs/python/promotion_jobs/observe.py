"""One logger and one set of metrics, shared by all that runs in a function."""

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()
