"""Numbers with their nouns, as people read them. Pure."""


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun, in the plural where it needs one: "1 file", "2 files", "1,204 stories"."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
