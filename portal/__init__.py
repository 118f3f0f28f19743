"""The affiliate portal. `create_app` wires its parts together and does nothing else."""

import gzip
import os
from typing import Any

from flask import Flask, Response, abort, g, request
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import find_modules, import_string

from portal import database, pictures, sessions, vault
from portal.config import Config, load
from portal.views import admin, api, assets, center, errors, html, login, public, track
from portal.views.go import ClickPath

LARGEST_FORM = 256 * 1024
WORTH_PACKING = 1024
UPLOADS = ("admin.creative_new", "admin.logo")
PACKED = ("text/", "application/json", "image/svg+xml")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PAGES = tuple(view.blueprint for view in (assets, public, login, center, admin))
FOR_PROGRAMS = (api.bp, track.blueprint)
for _module in find_modules("portal.views", recursive=True):
    import_string(_module)  # each puts its views into a blueprint


def create_app(config: Config | None = None) -> Flask:
    """The application for a configuration, by default the one of the environment."""
    config = config or load(os.environ)
    database.connect(config.database_url)
    vault.use(config.data)
    app = Flask(__name__, static_folder=None, template_folder="../templates")
    app.config.update(_flask_settings(config))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals.update(asset_url=assets.asset_url, integrity=assets.integrity)
    app.before_request(_allow_uploads)  # before anybody looks into the form
    app.before_request(_open_database)  # first: a refusal before any view is a page too
    app.before_request(_need_plain_address)
    csrf = CSRFProtect(app)
    for blueprint in FOR_PROGRAMS:
        csrf.exempt(blueprint)
    Htmx(app)
    LoginManager(app).user_loader(html.user_of)
    html.prepare(app)
    for blueprint in PAGES + FOR_PROGRAMS:
        app.register_blueprint(blueprint)
    errors.register(app)
    app.teardown_request(_give_back)
    app.after_request(_headers)
    app.after_request(_packed)
    app.wsgi_app = ClickPath(app.wsgi_app, config.url)  # type: ignore[method-assign]
    if config.proxies:
        count = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, count, count, count)  # type: ignore[method-assign]
    return app


def _flask_settings(config: Config) -> dict[str, Any]:
    https = config.url.startswith("https://")
    return {
        "SECRET_KEY": config.secret_key,
        "PORTAL": config,
        "MAX_CONTENT_LENGTH": LARGEST_FORM,
        "SESSION_COOKIE_NAME": "__Host-session" if https else "session",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": max(sessions.LONGEST.values()),
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_METHODS": ["POST", "PUT", "PATCH", "DELETE"],
    }


def _allow_uploads() -> None:
    if request.endpoint in UPLOADS:
        request.max_content_length = pictures.LARGEST + LARGEST_FORM


def _open_database() -> None:
    """A connection of the pool for the request; kept by a thread it would die with the thread."""
    g.opened = database.db.connect(reuse_if_open=True)


def _need_plain_address() -> None:
    """Nothing of ours is named by what cannot be printed, and PostgreSQL takes no NUL in a text."""
    if not request.path.isprintable():
        abort(404)
    of_page = request.method == "POST" and request.blueprint in {page.name for page in PAGES}
    if of_page and (request.is_json or None in request.form):  # it takes fields with names alone
        abort(415)


def _give_back(_: BaseException | None) -> None:
    if g.pop("opened", False):
        database.db.close()


def _headers(response: Response) -> Response:
    https = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
    for name, value in (HEADERS | (https if request.is_secure else {})).items():
        response.headers.setdefault(name, value)
    return response


def _packed(response: Response) -> Response:
    if (
        "gzip" in request.accept_encodings
        and (response.mimetype or "").startswith(PACKED)
        and "Content-Encoding" not in response.headers
        and len(response.get_data()) > WORTH_PACKING
    ):
        response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
    return response
