"""How many connections this process can have open, beside everything else that it opens."""

import sys

# File descriptors that are left to the store, files, feeds and deliveries.
RESERVED = 512
_AT_LEAST = 64


def places(wanted: int) -> int:
    """Raise this process's limit of open files as far as `wanted` connections need it and the system allows.

    Returns how many of them there is room for.
    """
    if sys.platform == "win32":  # which has no such limits
        return wanted
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    most = wanted + RESERVED if hard == resource.RLIM_INFINITY else min(wanted + RESERVED, hard)
    if soft < most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (OSError, ValueError):  # some systems have a lower limit than they tell
            most = soft
    else:
        most = soft
    return min(wanted, max(_AT_LEAST, most - RESERVED))
