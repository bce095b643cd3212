"""How much one address and one account may ask for: counted in memory, per process, in sliding windows.

What is allowed is data (``data/dictionaries/rate_limits.toml``). An address is counted before anything else is done
for it; an account once it is known who asks. Every answer tells what is left, in the words of the IETF's draft
``RateLimit header fields for HTTP``; who has used it up is told when to come again, and the request is not looked at.
"""

import ipaddress
import math
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RequestError, problem_answer
from geo.territory.dictionaries import dictionary

TOO_MANY = "too-many-requests"
#: What has expired is forgotten at least this often, seconds; until then it counts for nothing all the same.
SWEEP_S = 60
#: What one customer of a provider is given of IPv6: as many addresses as anybody may want.
IPV6_PREFIX = 64


@dataclass(frozen=True)
class Rule:
    """One limit: how many requests, of whom, for what.

    Attributes
    ----------
    per
        ``address`` or ``account``.
    routes
        ``METHOD template`` of each route it counts; empty for all.
    """

    code: str
    zh: str
    en: str
    per: str
    item: RateLimitItem
    routes: frozenset[str]
    paths: re.Pattern[str] | None

    def counts(self, method: str, path: str) -> bool:
        """Tell whether a request counts; its address is looked at as it came, before routing."""
        return self.paths is None or self.paths.fullmatch(f"{method} {path}") is not None


@dataclass(frozen=True)
class Left:
    """What is left of a rule for somebody: requests, and seconds until there are more."""

    rule: Rule
    remaining: int
    seconds: int


class Counts(MemoryStorage):
    """Counts in memory; what has expired is forgotten now and then, not by a thread that is started for each count."""

    def __init__(self) -> None:
        super().__init__()
        self._swept_at = time.time()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a count, which expires so many seconds after its first."""
        now = time.time()
        if now - self._swept_at >= SWEEP_S:
            self._swept_at = now
            for known in list(self.expirations):
                self.get(known)  # which drops what has expired
        counted = self.get(key) + amount
        self.storage[key] = counted
        self.expirations.setdefault(key, now + expiry)
        return counted


class Meter:
    """Counts requests against the rules.

    Parameters
    ----------
    factor
        Multiplies every limit, for many people behind one address.
    """

    def __init__(self, factor: float = 1.0) -> None:
        self.rules = read_rules(factor)
        self._limiter = SlidingWindowCounterRateLimiter(Counts())

    def take(self, per: str, key: str, method: str, path: str) -> tuple[Left | None, list[Left]]:
        """Count one request of ``key``; return the rule it breaks, if any, and what is left of each rule looked at."""
        looked_at = []
        for rule in self.rules:
            if rule.per != per or not rule.counts(method, path):
                continue
            allowed = self._limiter.hit(rule.item, rule.code, key)
            reset, remaining = self._limiter.get_window_stats(rule.item, rule.code, key)
            left = Left(rule, remaining, max(1, math.ceil(reset - time.time())))
            looked_at.append(left)
            if not allowed:
                return left, looked_at
        return None, looked_at


class Metered:
    """Counts each request's address, and adds what is left to the answer."""

    def __init__(self, app: ASGIApp, *, meter: Meter) -> None:
        self.app = app
        self.meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        broken, looked_at = self.meter.take("address", _address(scope), scope["method"], scope["path"])
        request.state.rate_left = looked_at

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), request.state.rate_left)
            await send(message)

        if broken is None:
            await self.app(scope, receive, send_with_headers)
            return
        # The body stays unread, so the connection cannot be used again.
        headers = {"Retry-After": str(broken.seconds), "Connection": "close"}
        zh, en = _sentences(broken)
        await problem_answer(request, TOO_MANY, zh, en, headers=headers)(scope, receive, send_with_headers)


def count_account(request: Request, account: str) -> None:
    """Count a request of a known account.

    Raises
    ------
    RequestError
        It has asked too often (429).
    """
    meter: Meter = request.app.state.meter
    broken, looked_at = meter.take("account", account, request.method, request.scope["path"])
    request.state.rate_left = [*getattr(request.state, "rate_left", []), *looked_at]
    if broken is not None:
        raise RequestError(TOO_MANY, *_sentences(broken), headers={"Retry-After": str(broken.seconds)})


def read_rules(factor: float) -> list[Rule]:
    """Read the rules; the stricter ones, of single routes, come first, so that a refusal names them."""
    rules = []
    for entry in dictionary("rate_limits").entries.values():
        routes = frozenset(entry.extra.get("routes", ()))
        amount = max(1, math.floor(entry.extra["requests"] * factor))
        item = RateLimitItemPerSecond(amount, entry.extra["seconds"])
        rules.append(Rule(entry.code, entry.zh, entry.en, entry.extra["per"], item, routes, _pattern(routes)))
    return sorted(rules, key=lambda rule: rule.paths is None)


def _pattern(routes: Iterable[str]) -> re.Pattern[str] | None:
    templates = [re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route)) for route in sorted(routes)]
    return re.compile("|".join(templates)) if templates else None


def _address(scope: Scope) -> str:
    """Name whom a request is counted for: its address, or for IPv6 the network that one customer has."""
    client: Any = scope.get("client")
    if not client:
        return "-"
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def _sentences(broken: Left) -> tuple[str, str]:
    rule, most, window = broken.rule, broken.rule.item.amount, broken.rule.item.get_expiry()
    return (
        f"{rule.zh}过多:{window} 秒内最多 {most} 次;请在 {broken.seconds} 秒后再试",
        f"too many {rule.en}: at most {most} in {window} s; try again in {broken.seconds} s",
    )


def _add_headers(headers: MutableHeaders, looked_at: list[Left]) -> None:
    if not looked_at:
        return
    headers["RateLimit-Policy"] = ", ".join(
        f'"{left.rule.code}";q={left.rule.item.amount};w={left.rule.item.get_expiry()}' for left in looked_at
    )
    headers["RateLimit"] = ", ".join(f'"{left.rule.code}";r={left.remaining};t={left.seconds}' for left in looked_at)
