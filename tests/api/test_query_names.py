"""Which query parameters a route takes is known without its description, and is what that says."""

from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import create_engine

from api.dependencies import query_names
from api.main import create_app
from api.settings import AppSettings


def test_the_parameters_of_each_route_are_those_of_its_description() -> None:
    app = create_app(AppSettings(), create_engine("postgresql+psycopg://nowhere"))
    described = app.openapi()["paths"]
    assert len(described) > 100
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute):
            continue
        for method in route.methods or ():
            operation = described.get(route.path_format, {}).get(method.lower(), {})
            listed = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
            assert query_names(route) == listed, (method, route.path_format)
