"""A small application around the routers a test names, with the same layers as the whole one."""

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from accounts.sessions import identify
from core.web.middleware import RequestMiddleware
from core.web.problems import add_error_handlers


def small_app(*routers: APIRouter) -> FastAPI:
    app = FastAPI(openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None)
    app.state.identify = identify
    app.state.readiness = {}
    for router in routers:
        app.include_router(router)
    add_error_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=5)
    app.add_middleware(RequestMiddleware)
    return app
