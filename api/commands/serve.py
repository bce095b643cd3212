"""``wangge serve``: the HTTP server of one office."""

import ipaddress
import os
import socket
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from api.commands.account import say_link
from api.settings import ANY_HOST, LOOPBACK_NAMES, AppSettings
from geo.errors import InputError
from geo.ledger.unknown_holidays import missed_soon
from geo.ledger.working_time import calendar
from geo.services.accounts import first_link
from geo.storage.database import migrate, open_engine
from geo.territory.times import CHINA_TIME

SHUTDOWN_SECONDS = 10


def serve_command(
    host: Annotated[str, typer.Option(help="监听地址 Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口,0 为任选 Port; 0 takes a free one")] = 8000,
) -> None:
    """启动网页与接口服务 Serve the map pages and the HTTP API."""
    # Imported late: no other command should wait for the web server to load.
    import uvicorn

    from api.logs import install_logs
    from api.main import create_app
    from geo.services.warming import warming

    settings = settings_for(host, AppSettings())
    listener = listen(host, port)
    with listener:
        engine = open_engine()
        try:
            migrate(engine)
            app = create_app(settings, engine)
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # it names addresses with their queries; api/logs.py writes a line of its own
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
            if not is_loopback(host):
                _warn_of_no_tls(host)
            _say_where(listener)
            _say_first_link(engine, listener)
            _warn_of_unknown_holidays()
            install_logs()
            with warming(app.state.books, engine):
                uvicorn.Server(config).run(sockets=[listener])
        finally:
            engine.dispose()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises
    ------
    InputError
        The host is unknown, or the port is taken or not allowed.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except socket.gaierror:
        raise InputError(f"不认识的监听地址“{host}”", f"unknown address {host!r} to listen on") from None
    except PermissionError:
        raise InputError(
            f"没有权限使用端口 {port};请选 1024 以上的端口", f"port {port} is not allowed; take one above 1024"
        ) from None
    except OSError as error:
        raise InputError(
            f"无法监听 {host}:{port}(端口可能已被占用);请用 --port 另选一个",
            f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}); choose another with --port",
        ) from None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def settings_for(host: str, settings: AppSettings) -> AppSettings:
    """Return settings under which the server answers to ``host`` unless the operator listed names himself."""
    if is_loopback(host) or "allowed_hosts" in settings.model_fields_set:
        return settings
    everywhere = host in ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
    names = (ANY_HOST,) if everywhere else (*LOOPBACK_NAMES, host.lower())
    return settings.model_copy(update={"allowed_hosts": names})


def _warn_of_no_tls(host: str) -> None:
    typer.secho(
        f"警告:通往 {host} 的连接没有加密,密码可能被同一网络中的人看到。请在前面放一个 TLS 代理,或只用于可信内网。\n"
        f"Warning: connections to {host} are not encrypted, and others on the network may see passwords. "
        "Put a proxy that speaks TLS in front of it, or use it on a trusted network only.",
        fg=typer.colors.YELLOW,
        err=True,
    )


def _warn_of_unknown_holidays() -> None:
    if unknown := missed_soon(calendar(), datetime.now(CHINA_TIME).date()):
        typer.secho(
            f"注意:{unknown.zh};{unknown.remedy_zh}\nNote: {unknown.en}; {unknown.remedy_en}",
            fg=typer.colors.YELLOW,
            err=True,
        )


def _say_first_link(engine: Engine, listener: socket.socket) -> None:
    link = first_link(engine)
    if link is not None:
        typer.echo("还没有系统管理员 There is no administrator yet")
        host, port = listener.getsockname()[:2]
        everywhere = ipaddress.ip_address(host).is_unspecified
        say_link(link, f"http://127.0.0.1:{port}" if everywhere else _address(listener))


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _say_where(listener: socket.socket) -> None:
    typer.echo(f"网格服务 Serving on {_address(listener)}/  (接口文档 docs: /docs; Ctrl+C 停止 to stop)")
