"""Pages from ``api/templates``: every value is escaped, and a name that is not given is an error."""

from functools import cache
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

#: Pages with forms that post back to this server; no script, nothing from elsewhere.
FORM_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def page(template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:
    """Render a page that holds a form.

    Browsers leave the ``Origin`` out of what a page with ``Referrer-Policy: no-referrer`` posts, so these say
    ``same-origin``: other sites still learn nothing.
    """
    content = _templates().get_template(template).render(**values)
    kept = {"Content-Security-Policy": FORM_POLICY, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
    return HTMLResponse(content, status, kept | (headers or {}))


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined)
