"""What the launcher refuses, each as a sentence that a person at a terminal can act on."""


class EmbeddedError(Exception):
    """A server could not be started or stopped; the text says why and what to do."""


class FolderInUseError(EmbeddedError):
    """A second start on a data folder that another process holds."""
