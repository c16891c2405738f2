"""The description of the API: what FastAPI knows, put right in one place.

Refusals are problem+json and not FastAPI's own shape; who may call what is said by the routes'
declared access.
"""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from core.web.caller import Access
from core.web.problems import described_problem, problem_responses
from core.web.transactions import TransactionalRoute
from core.web.visit import cookie_name

_REF: Final = "#/components/schemas/{model}"
_FRAMEWORK_ONLY: Final = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once an application."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        components = document.setdefault("components", {})
        components["securitySchemes"] = _schemes()
        schemas = components.setdefault("schemas", {})
        for name in _FRAMEWORK_ONLY:
            schemas.pop(name, None)
        problem = described_problem().model_json_schema(ref_template=_REF)
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        accesses = _accesses(app)
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _put_right(operation, accesses[path, method.upper()])
        app.openapi_schema = document
    return app.openapi_schema


def _schemes() -> dict[str, Any]:
    cookie = {"type": "apiKey", "in": "cookie", "name": cookie_name("session")}
    return {"bearer": {"type": "http", "scheme": "bearer"}, "cookie": cookie}


def _accesses(app: FastAPI) -> dict[tuple[str, str], Access]:
    found = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, TransactionalRoute):
            for method in route.methods or ():
                found[route.path_format, method] = route.access
    return found


def _put_right(operation: dict[str, Any], access: Access) -> None:
    """Every operation may refuse its input, its caller's pace, or be away for a moment."""
    responses = operation["responses"]
    usual = [422, 429, 503]
    if not access.anyone:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
        usual += [401, 403]
    elif operation.get("requestBody"):
        usual += [403]  # from another site
    if operation.get("requestBody"):
        usual += [400, 413]
    for status, words in problem_responses(*usual).items():
        if status == 422 or str(status) not in responses:
            responses[str(status)] = words
