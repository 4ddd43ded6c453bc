"""All commands: importing this registers them."""

from promojobs.app import app
from promojobs.commands import access, codes, files, imports, jobs, promotions, redemptions

__all__ = ["access", "app", "codes", "files", "imports", "jobs", "promotions", "redemptions"]
