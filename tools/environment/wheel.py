"""Puts the published runs and tables into the wheel; hatchling calls it, see pyproject.toml."""

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PublishedRuns(BuildHookInterface):
    """runs/ becomes vaelib/published. Installed in place, the package finds runs/ beside it."""

    def initialize(self, version, build_data):
        if version == "standard":
            build_data["force_include"]["runs"] = "vaelib/published"
