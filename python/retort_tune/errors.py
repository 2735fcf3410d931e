"""The two ways in which a search ends early."""


class UserError(Exception):
    """A wrong flag, file or address: one sentence, exit code 2."""


class StorageLost(Exception):
    """The storage stayed locked or full for longer than `--storage_seconds`: a clean stop."""
