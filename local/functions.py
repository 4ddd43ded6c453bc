"""Invoking the functions, with a queue in front of each."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import CONNECTIONS
from local.front_door import FunctionFailed

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

# The emulator has no queue: it starts a process for each call that finds none idle, which takes seconds.
_CALLS_AT_ONCE = 4
_INTEGRATION_TIMEOUT_SECONDS = 30


class DeployedFunctions:
    """The functions in the emulator, to be called from one event loop."""

    def __init__(self, client: "LambdaClient") -> None:
        self._client = client
        self._queues: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_CALLS_AT_ONCE))
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="invoke")

    async def invoke(self, name: str, event: Mapping[str, Any]) -> bytes:
        async with self._queues[name]:
            call = asyncio.get_running_loop().run_in_executor(self._threads, self._invoke, name, event)
            return await asyncio.wait_for(call, _INTEGRATION_TIMEOUT_SECONDS)

    def _invoke(self, name: str, event: Mapping[str, Any]) -> bytes:
        try:
            answer = self._client.invoke(FunctionName=name, Payload=json.dumps(event))
            result = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            raise FunctionFailed from error
        if "FunctionError" in answer:
            raise FunctionFailed
        return result
