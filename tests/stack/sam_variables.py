"""The variables that SAM CLI gives to functions: ``python sam_variables.py COMMAND``, by the Python of SAM CLI.

Prints as JSON, by function, what `sam local COMMAND` would start its container with, as samconfig.toml of the working
directory and the variables of this process have it.
"""

import json
import sys
from pathlib import Path

from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.config.samconfig import SamConfig
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider


def main() -> None:
    (command,) = sys.argv[1:]
    stated = SamConfig(str(Path.cwd())).get_all(["local", command], "parameters")
    stacks, _ = SamLocalStackProvider.get_stacks(stated["template_file"])
    functions = SamFunctionProvider(stacks)
    runner = LocalLambdaRunner(
        local_runtime=None,  # nothing is started
        function_provider=functions,
        cwd=str(Path.cwd()),
        real_path=str(Path.cwd()),
        env_vars_values=json.loads(Path(stated["env_vars"]).read_text()),
    )
    variables = {
        function.name: runner.get_invoke_config(function).env_vars.resolve() for function in functions.get_all()
    }
    sys.stdout.write(json.dumps(variables))


if __name__ == "__main__":
    main()
