"""Options that several commands take."""

import click

OUTPUT = click.option("--output", metavar="FILE", help="Where to write the file; - writes it to stdout.")
FORCE = click.option("--force", is_flag=True, help="Replace a file that is there.")
WAIT = click.option("--wait/--no-wait", default=True, help="Whether to wait for its end.")
WAIT_TIMEOUT = click.option(
    "--wait-timeout", type=click.FloatRange(0), metavar="S", help="Stop waiting after so many seconds."
)
YES = click.option("--yes", is_flag=True, help="Do not ask.")
