"""The repository's Markdown, taken apart for the tests that hold it against the truth."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the word after the fence, what is in it, and the line in the file on which it begins."""

    info: str
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file."""

    path: Path
    text: str

    @property
    def name(self):
        return self.path.relative_to(ROOT).as_posix()

    def blocks(self, *infos):
        """The fenced blocks of these kinds; all of them when none is named."""
        found = (
            Block(match["info"].strip(), match["body"], self.text.count("\n", 0, match.start()) + 2)
            for match in _FENCE.finditer(self.text)
        )
        return [block for block in found if not infos or block.info in infos]

    @property
    def prose(self):
        """The text without its fenced and indented blocks; the lines keep their numbers."""
        unfenced = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), self.text)
        return re.sub(r"(?<=\n\n)(?: {4}.*\n)+", lambda match: "\n" * match[0].count("\n"), unfenced)

    def inline_code(self):
        """What stands between backticks in the prose, on one line each."""
        return [" ".join(match[2].split()) for match in _CODE.finditer(self.prose)]

    def links(self):
        return _LINK.findall(_CODE.sub("", self.prose))

    def headings(self):
        return re.findall(r"^#{1,6} +(.+?) *#*$", self.prose, re.MULTILINE)

    def anchors(self):
        """The headings' anchors, as code hosts make them."""
        found = set()
        for heading in self.headings():
            anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            found.add(anchor if anchor not in found else f"{anchor}-1")
        return found

    def table(self, *header):
        """The rows below this header, each a list of cells without their backticks."""
        lines = iter(self.text.splitlines())
        wanted = "| " + " | ".join(header) + " |"
        assert any(line == wanted for line in lines), f"{self.name} has no table {wanted}"
        next(lines)
        rows = []
        for line in lines:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        return rows


def read(name):
    path = ROOT / name
    return Document(path, path.read_text("utf-8"))


def markdown():
    """Every Markdown file that belongs to the repository."""
    hidden = {"build", "dist"}
    paths = (
        path
        for path in sorted(ROOT.rglob("*.md"))
        for parts in [path.relative_to(ROOT).parts]
        if not any(part.startswith(".") or part in hidden for part in parts)
    )
    return [Document(path, path.read_text("utf-8")) for path in paths]
