"""Add the published runs and feature spaces to the wheel; hatchling calls this file."""

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PublishedRuns(BuildHookInterface):
    """Include runs/ as vaelib/published. An editable installation finds runs/ without it."""

    def initialize(self, version: str, build_data: dict) -> None:
        """Add the folder, except to an editable wheel."""
        if version == "standard":
            build_data["force_include"]["runs"] = "vaelib/published"
