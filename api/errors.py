"""The one table that turns meanings into HTTP answers, all of them problem details (RFC 9457).

A problem's ``type`` is ``urn:wangge:problem:<name>`` with a name from :data:`PROBLEMS`; its ``title`` is fixed per
type; ``detail`` and ``detail_en`` say what was found, what is allowed and what to do; ``instance`` is the request's
id, under which the server's log has the rest. Nothing of what a client sent is echoed by validation.
"""

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from api import ogc, open311
from api.rendering import page
from api.validation import explain
from geo import errors as geo_errors

log = logging.getLogger("wangge.api")

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """One kind of problem: its stable name, status and title."""

    name: str
    status: int
    zh: str
    en: str

    @property
    def type(self) -> str:
        """The URI by which programs know it."""
        return f"urn:wangge:problem:{self.name}"

    @property
    def title(self) -> str:
        """Chinese first, English beside it."""
        return f"{self.zh} {self.en}"


PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem("bad-request", 400, "请求无法理解", "Bad request"),
        Problem("malformed-json", 400, "请求正文不是合格的 JSON", "Malformed JSON"),
        Problem("unknown-host", 400, "主机名不被接受", "Unknown host name"),
        Problem("sign-in-required", 401, "须先登录", "Sign-in required"),
        Problem("wrong-sign-in", 401, "登录失败", "Sign-in failed"),
        Problem("not-allowed", 403, "无权进行此操作", "Not allowed"),
        Problem("other-site", 403, "请求来自其他网站", "Sent by another site"),
        Problem("second-factor-required", 403, "须先启用动态码", "Second factor required"),
        Problem("not-found", 404, "没有找到", "Not found"),
        Problem("method-not-allowed", 405, "不支持此方法", "Method not allowed"),
        Problem("conflict", 409, "与现状冲突", "Conflict"),
        Problem("known-already", 409, "可能已有相同的诉求", "May be known already"),
        Problem("already-drafting", 409, "此范围正在划分", "Already being drafted"),
        Problem("stale-version", 412, "版本已过时", "Stale version"),
        Problem("body-too-large", 413, "请求正文过大", "Body too large"),
        Problem("not-json", 415, "请求正文须为 JSON", "Body must be JSON"),
        Problem("unusable-input", 422, "输入不可用", "Unusable input"),
        Problem("invalid-request", 422, "请求参数不合要求", "Invalid request"),
        Problem("unknown-parameter", 422, "未知的查询参数", "Unknown query parameter"),
        Problem("bad-file", 422, "文件不可用", "Unusable file"),
        Problem("bad-column", 422, "列不可用", "Unusable column"),
        Problem("bad-datum", 422, "坐标基准不明或有误", "Unknown or wrong datum"),
        Problem("bad-code", 422, "编码有误", "Wrong code"),
        Problem("bad-geometry", 422, "几何不可用", "Unusable geometry"),
        Problem("no-one-place", 422, "地点不止一处或没有找到", "Several places or none"),
        Problem("weak-password", 422, "密码不可用", "Unusable password"),
        Problem("out-of-bounds", 422, "超出允许范围", "Out of bounds"),
        Problem("version-required", 428, "须说明所见版本", "Version required"),
        Problem("too-many-requests", 429, "请求过于频繁", "Too many requests"),
        Problem("locked-out", 429, "登录失败次数过多", "Too many failed sign-ins"),
        Problem("internal", 500, "服务器内部错误", "Internal error"),
        Problem("too-busy", 503, "服务器正忙", "Too busy"),
        Problem("database-away", 503, "数据库不可用", "Database unavailable"),
        Problem("workers-away", 503, "计算进程不可用", "Workers unavailable"),
        Problem("assets-missing", 503, "页面资源未安装", "Page assets are not installed"),
    )
}


class RequestError(geo_errors.WanggeError):
    """A problem that only exists over HTTP, named by its row in :data:`PROBLEMS`.

    Parameters
    ----------
    name
        A key of :data:`PROBLEMS`.
    headers
        Headers of the answer, such as ``Retry-After``.
    extensions
        Further members of the problem, such as ``allowed``.
    """

    def __init__(
        self, name: str, zh: str, en: str, *, headers: dict[str, str] | None = None, **extensions: Any
    ) -> None:
        super().__init__(zh, en)
        self.problem = PROBLEMS[name]
        self.headers = headers
        self.extensions = extensions


class SignInRequired(RequestError):  # noqa: N818 - it says what is required, which is no fault of the visitor's
    """Nobody is signed in where somebody has to be; a browser is led to the page for it."""

    def __init__(self) -> None:
        super().__init__(
            "sign-in-required",
            "请先登录(/sign-in);程序请先 POST /sign-ins 取得令牌",
            "sign in first, at /sign-in; programs get a token with POST /sign-ins",
            headers={"WWW-Authenticate": "Bearer"},
        )


#: Looked up along an error's bases, so that a new subclass answers as its parent does.
OF_ERROR = {
    geo_errors.FileFormatError: "bad-file",
    geo_errors.ColumnError: "bad-column",
    geo_errors.DatumError: "bad-datum",
    geo_errors.CodeError: "bad-code",
    geo_errors.GeometryError: "bad-geometry",
    geo_errors.BoundsError: "out-of-bounds",
    geo_errors.PasswordError: "weak-password",
    geo_errors.InputError: "unusable-input",
    geo_errors.NotFoundError: "not-found",
    geo_errors.StaleVersionError: "stale-version",
    geo_errors.ConflictError: "conflict",
    geo_errors.SignInError: "wrong-sign-in",
    geo_errors.LockedOutError: "locked-out",
    geo_errors.AccessError: "not-allowed",
    geo_errors.BusyError: "too-busy",
    geo_errors.ExecutionError: "workers-away",
    geo_errors.DatabaseError: "database-away",
    geo_errors.WanggeError: "internal",
}

_AWAY = (
    "数据库暂时不可用,请稍后再试或查看服务器日志",
    "the database cannot be used now; try again or see the server's log",
)
_WORKERS_AWAY = (
    "负责计算的进程意外终止或无法连接,方案没有保存;请稍后再试或查看服务器日志",
    "the processes that do the work died or cannot be reached; nothing was saved; try again or see the server's log",
)
_INTERNAL = ("服务器出错,已记入日志", "the server failed; its log has the details under this id")


def problem_answer(
    request: Request, name: str, zh: str, en: str, *, headers: dict[str, str] | None = None, **extensions: Any
) -> Response:
    """Build the answer for a problem of :data:`PROBLEMS`; where Open311 or OGC's are spoken, as those have errors.

    Whoever opened the address in a browser gets the same words on a page, with a way on.
    """
    problem = PROBLEMS[name]
    if open311.speaks_open311(request.scope["path"]):
        return open311.errors(request.scope["path"], problem.status, f"{zh} {en}", headers)
    status = ogc.status_of(request.scope["path"], problem.status)
    if _is_page(request):
        said = {"problem": problem, "complaint": {"zh": zh, "en": en}, "request_id": request.state.request_id}
        return page("problem.html", status=status, headers={"Vary": "Accept", **(headers or {})}, **said)
    content = {
        "type": problem.type,
        "title": problem.title,
        "status": status,
        "detail": zh,
        "detail_en": en,
        "instance": f"urn:uuid:{request.state.request_id}",
        **extensions,
    }
    return JSONResponse(content, status, headers, PROBLEM_TYPE)


def internal_answer(request: Request, error: Exception) -> Response:
    """Log an unforeseen error under the request's id and say nothing of it."""
    log.error("request %s failed", request.state.request_id, exc_info=error)
    return problem_answer(request, "internal", *_INTERNAL)


def install_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` answer as a problem."""
    app.add_exception_handler(geo_errors.WanggeError, _wangge_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    # psycopg's own come from where rows are copied past SQLAlchemy.
    for away in (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError, psycopg.InterfaceError):
        app.add_exception_handler(away, _database_away)


def problem_of(error: geo_errors.WanggeError) -> Problem:
    """Return the problem that an error answers as."""
    if isinstance(error, RequestError):
        return error.problem
    return PROBLEMS[next(OF_ERROR[base] for base in type(error).__mro__ if base in OF_ERROR)]


def _wangge_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, geo_errors.WanggeError)
    if isinstance(error, SignInRequired) and _is_page(request):
        return RedirectResponse(f"/sign-in?{urlencode({'to': _address(request)})}", 303)
    if isinstance(error, RequestError) and error.problem.name == "second-factor-required" and _is_page(request):
        return RedirectResponse("/second-factor", 303)
    if problem_of(error).name == "not-allowed" and _is_page(request):
        return page("not_allowed.html", status=403, complaint=error)
    if isinstance(error, RequestError):
        return problem_answer(
            request, error.problem.name, error.zh, error.en, headers=error.headers, **error.extensions
        )
    name = problem_of(error).name
    if name == "database-away":
        return _database_away(request, error)
    if name == "workers-away":
        return _workers_away(request, error)
    if name == "internal":
        return internal_answer(request, error)
    headers = None
    if isinstance(error, geo_errors.LockedOutError):
        headers = {"Retry-After": str(error.wait_s)}
    elif isinstance(error, geo_errors.BusyError):
        headers = {"Retry-After": "1"}
    return problem_answer(request, name, error.zh, error.en, headers=headers)


def _is_page(request: Request) -> bool:
    """Tell whether a person opened this address in a browser."""
    is_page = not open311.speaks_open311(request.scope["path"])
    return is_page and request.method == "GET" and "text/html" in request.headers.get("accept", "")


def _address(request: Request) -> str:
    return f"{request.url.path}{'?' if request.url.query else ''}{request.url.query}"


def _database_away(request: Request, error: Exception) -> Response:
    # The driver's message may name hosts, users and files: it goes to the log alone.
    log.error("request %s: database away: %s", request.state.request_id, error)
    return problem_answer(request, "database-away", *_AWAY, headers={"Retry-After": "5"})


def _workers_away(request: Request, error: Exception) -> Response:
    # It speaks to whoever runs the program (options, addresses of machines): to the log alone.
    log.error("request %s: workers away: %s", request.state.request_id, error)
    return problem_answer(request, "workers-away", *_WORKERS_AWAY, headers={"Retry-After": "30"})


def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    complaints = explain(error.errors())
    first = complaints[0]
    return problem_answer(
        request,
        "invalid-request",
        f"{first['location']}:{first['zh']}",
        f"{first['location']}: {first['en']}",
        errors=complaints,
    )


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    if error.status_code == 404:
        return problem_answer(
            request, "not-found", "没有这个地址,可用的地址见 /docs", "no such address; see /docs", headers=headers
        )
    if error.status_code == 405:
        allowed = sorted((headers or {}).get("Allow", "").split(", "))
        return problem_answer(
            request,
            "method-not-allowed",
            f"此地址只支持 {'、'.join(allowed)}",
            f"this address takes {', '.join(allowed)} only",
            headers=headers,
            allowed=allowed,
        )
    if error.status_code < 500:
        return problem_answer(
            request, "bad-request", "请求无法理解", "the request cannot be understood", headers=headers
        )
    return internal_answer(request, error)
