"""$default: what no other route takes, answered in the error envelope: 404, or 405 on a path that has other methods."""

from promotion_jobs.api.resolver import lambda_handler, resolver

handler = lambda_handler(resolver())
