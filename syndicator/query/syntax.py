"""The syntax tree of a query, and the query itself. `str` of either is its canonical spelling, which parses back.

Every node knows the character it began `at`; that does not count when nodes are compared.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Term:
    """A word (`asylum`), a phrase (`"Rwanda plan"`, `quoted`) or a beginning (`migra*`, `open_ended`).

    A quoted term may be open-ended too: `"asylum seek*"`.
    """

    text: str
    quoted: bool = False
    open_ended: bool = False
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        text = self.text + "*" * self.open_ended
        return f'"{text}"' if self.quoted else text


@dataclass(frozen=True, slots=True)
class Field:
    """`title:x`, `source:(x OR y)`: what is inside must be found in this field."""

    name: str
    child: "Node"
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}:{_tight(self.child)}"


@dataclass(frozen=True, slots=True)
class And:
    """All of them: `a b`."""

    children: tuple["Node", ...]
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return " ".join(f"({child})" if isinstance(child, Or) else str(child) for child in self.children)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them: `a OR b`."""

    children: tuple["Node", ...]
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return " OR ".join(map(str, self.children))


@dataclass(frozen=True, slots=True)
class Not:
    """`-a`, `NOT a`."""

    child: "Node"
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"-{_tight(self.child)}"


@dataclass(frozen=True, slots=True)
class Near:
    """`a NEAR/5 b NEAR/2 c`: each operand within `distances[i]` words of the one before it, on either side."""

    operands: tuple["Operand", ...]
    distances: tuple[int, ...]
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        links = zip(self.distances, self.operands[1:], strict=True)
        return _tight(self.operands[0]) + "".join(f" NEAR/{n} {_tight(operand)}" for n, operand in links)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`ATLEAST/3 x`: mentioned so many times. An OR-group counts the mentions of all its members."""

    count: int
    child: "Operand | Field"
    at: int = field(default=0, compare=False, repr=False)

    def __str__(self) -> str:
        return f"ATLEAST/{self.count} {_tight(self.child)}"


Node = Term | Field | And | Or | Not | Near | AtLeast
Operand = Term | Or  # of NEAR and ATLEAST; the Or is of terms only


@dataclass(frozen=True, slots=True)
class Query:
    """A query that `parse` accepted: its text as written, and its tree. Equal if both are."""

    text: str
    root: Node = field(hash=False)

    def __str__(self) -> str:
        return str(self.root)


def _tight(node: Node) -> str:
    return str(node) if isinstance(node, Term | Field) else f"({node})"
