"""In which form an answer is wanted: said in the address, or else by what the client takes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query, Request

from api.uploads import XLSX

JSON, HTML, PDF, CSV = "application/json", "text/html", "application/pdf", "text/csv"
#: Forms by the word that addresses say them with.
FORMS = {"json": JSON, "html": HTML, "pdf": PDF, "xlsx": XLSX, "csv": CSV}

#: JSON as declared, or a page for people.
JSON_OR_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {HTML: {"schema": {"type": "string"}}}}}
PageForm = Annotated[
    Literal["json", "html"] | None, Query(alias="as", description="形式,缺省按 Accept Form of the answer")
]


def form_of(request: Request, said: str | None, offered: Sequence[str]) -> str:
    """Return the word of the form to answer in: what was said, else what is taken most gladly, else the first.

    ``*/*`` takes the first: programs that say nothing get what programs read.
    """
    if said is not None:
        return said
    wanted = _taken(request.headers.get("accept", ""))
    found = [(wanted.get(FORMS[form], 0.0), -number, form) for number, form in enumerate(offered)]
    weight, _, form = max(found)
    return form if weight > 0 else offered[0]


def _taken(accept: str) -> Mapping[str, float]:
    weights = {}
    for part in accept.split(",")[:20]:
        kind, _, rest = part.strip().partition(";")
        weights[kind.strip().lower()] = _weight(rest)
    return weights


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
