"""The feeds that were and are no more: readers are told 410, so that they stop asking (RFC 9110 §15.5.11)."""

import json
from collections.abc import Collection
from pathlib import Path

from syndicator.publish.files import replace
from syndicator.publish.site import Address, PublicSite

FORMATS = ("rss", "atom", "json", "html")
GONE_FILE = "gone.json"


def gone_names(kept: bytes) -> frozenset[str]:
    """The names in the bytes of a gone.json. Raises ValueError where they are something else."""
    try:
        return frozenset(name for name in json.loads(kept)["gone"] if isinstance(name, str))
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no list of gone feeds: {error!r}") from error


class GoneList:
    """The list, kept as `gone.json` for our own server and `gone.map` for nginx.

    gone.json is `{"gone": ["name", …]}`, sorted. gone.map holds lines for an nginx `map $uri $gone { … }` block,
    each giving 1 to a path that should answer 410.
    """

    def __init__(self, folder: Path, site: PublicSite) -> None:
        self._folder = folder
        self._site = site

    def names(self) -> frozenset[str]:
        """The names on the list; none where there is no list yet or it can't be read."""
        try:
            return gone_names((self._folder / GONE_FILE).read_bytes())
        except (OSError, ValueError):
            return frozenset()

    def keep(self, names: Collection[str]) -> list[Path]:
        """Make `names` the list; the files that changed. Raises OSError."""
        ordered = sorted(names)
        texts = {
            self._folder / GONE_FILE: json.dumps({"gone": ordered}, indent=1) + "\n",
            self._folder / "gone.map": "".join(line for name in ordered for line in self._map_lines(name)),
        }
        return [path for path, text in texts.items() if replace(path, text.encode())]

    def _map_lines(self, name: str) -> list[str]:
        address = Address(self._site, name)
        base = "/" + self._site.feeds_url.split("://", 1)[-1].partition("/")[2]
        lines = [f'"{base}{address.file(extension)}" 1;\n' for extension in FORMATS]
        dotless = name.replace(".", r"\.")
        return [*lines, f'"~^{base}archive/{dotless}/" 1;\n']
