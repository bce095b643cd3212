"""How much one address and one account may ask for: counted in memory, per process, in sliding windows.

What is allowed is data (``data/dictionaries/rate_limits.toml``). An address is counted before anything else is done
for it; an account once it is known who asks. Every answer tells what is left, in the words of the IETF's draft
``RateLimit header fields for HTTP``; who has used it up is told when to come again, and the request is not looked at.
"""

import ipaddress
import math
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RequestError, problem_answer
from geo.territory.dictionaries import dictionary

TOO_MANY = "too-many-requests"
#: What has expired is forgotten at least this often, seconds; until then it counts for nothing all the same.
SWEEP_S = 60
#: What one customer of a provider is given of IPv6: as many addresses as anybody may want.
IPV6_PREFIX = 64
#: So many addresses are remembered in the form in which they are counted.
MOST_ADDRESSES = 10_000


@dataclass(frozen=True)
class Rule:
    """One limit: how many requests, of whom, for what.

    Attributes
    ----------
    per
        ``address`` or ``account``.
    requests, seconds
        So many in a sliding window of so long.
    routes
        ``METHOD template`` of each route it counts; empty for all.
    """

    code: str
    zh: str
    en: str
    per: str
    requests: int
    seconds: int
    routes: frozenset[str]
    paths: re.Pattern[str] | None

    @cached_property
    def methods(self) -> frozenset[str]:
        """The methods of its routes: most requests are told by theirs alone that they do not count."""
        return frozenset(route.partition(" ")[0] for route in self.routes)

    @cached_property
    def policy(self) -> str:
        """The rule as a header says it."""
        return f'"{self.code}";q={self.requests};w={self.seconds}'

    def counts(self, method: str, path: str) -> bool:
        """Tell whether a request counts; its address is looked at as it came, before routing."""
        if self.paths is None:
            return True
        return method in self.methods and self.paths.fullmatch(f"{method} {path}") is not None


class Left(NamedTuple):
    """What is left of a rule for somebody: requests, and seconds until there are more."""

    rule: Rule
    remaining: int
    seconds: int


class Windows:
    """Counts in sliding windows, each of two that lie behind one another.

    Of the window before, as much counts as the sliding one still holds of its time (a sliding window counter, which
    takes two numbers for whatever is counted). What is refused is not counted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], _Count] = {}
        self._swept_at = time.time()

    def __len__(self) -> int:
        return len(self._counts)

    def take(self, rule: Rule, key: str) -> tuple[bool, Left]:
        """Count one request of a rule's; return whether it may be, and what is left."""
        now = time.time()
        number, gone = divmod(now, rule.seconds)
        to_end = rule.seconds - gone
        with self._lock:
            if now - self._swept_at >= SWEEP_S:
                self._sweep(now)
            count = self._counts.get((rule.code, key))
            if count is None:
                count = self._counts[rule.code, key] = _Count(number, rule.seconds)
            elif count.window != number:
                count.before = count.now if count.window == number - 1 else 0
                count.window, count.now = number, 0
            weighted = count.before * to_end / rule.seconds + count.now
            may = math.floor(weighted) + 1 <= rule.requests
            count.now += may
            before, current = count.before, count.now
        left = max(0, rule.requests - math.floor(weighted + may))
        # The next one may be when one less of the window before counts, or else when this one is over.
        waits = [to_end % (rule.seconds / before)] if before else []
        return may, Left(rule, left, max(1, math.ceil(min([*waits, to_end] if current else waits, default=0))))

    def _sweep(self, now: float) -> None:
        """Forget what counts for nothing any more."""
        self._swept_at = now
        gone = [key for key, count in self._counts.items() if now >= (count.window + 2) * count.seconds]
        for key in gone:
            del self._counts[key]


@dataclass(slots=True)
class _Count:
    """Requests in a window, and in the one before."""

    window: float
    seconds: int
    now: int = 0
    before: int = 0


class Meter:
    """Counts requests against the rules.

    Parameters
    ----------
    factor
        Multiplies every limit, for many people behind one address.
    """

    def __init__(self, factor: float = 1.0) -> None:
        self.rules = read_rules(factor)
        self._rules_per: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            self._rules_per[rule.per].append(rule)
        self._windows = Windows()

    def take(self, per: str, key: str, method: str, path: str) -> tuple[Left | None, list[Left]]:
        """Count one request of ``key``; return the rule it breaks, if any, and what is left of each rule looked at."""
        looked_at = []
        for rule in self._rules_per[per]:
            if not rule.counts(method, path):
                continue
            may, left = self._windows.take(rule, key)
            looked_at.append(left)
            if not may:
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
                _add_headers(message, request.state.rate_left)
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
        extra = entry.extra
        most = max(1, math.floor(extra["requests"] * factor))
        rule = Rule(entry.code, entry.zh, entry.en, extra["per"], most, extra["seconds"], routes, _pattern(routes))
        rules.append(rule)
    return sorted(rules, key=lambda rule: rule.paths is None)


def _pattern(routes: Iterable[str]) -> re.Pattern[str] | None:
    templates = [re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route)) for route in sorted(routes)]
    return re.compile("|".join(templates)) if templates else None


def _address(scope: Scope) -> str:
    """Name whom a request is counted for: its address, or for IPv6 the network that one customer has."""
    client: Any = scope.get("client")
    return _counted_as(str(client[0])) if client else "-"


@lru_cache(MOST_ADDRESSES)
def _counted_as(client: str) -> str:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def _sentences(broken: Left) -> tuple[str, str]:
    rule, most, window = broken.rule, broken.rule.requests, broken.rule.seconds
    return (
        f"{rule.zh}过多:{window} 秒内最多 {most} 次;请在 {broken.seconds} 秒后再试",
        f"too many {rule.en}: at most {most} in {window} s; try again in {broken.seconds} s",
    )


def _add_headers(message: Message, looked_at: list[Left]) -> None:
    if not looked_at:
        return
    policy = ", ".join([left.rule.policy for left in looked_at])
    left = ", ".join([f'"{left.rule.code}";r={left.remaining};t={left.seconds}' for left in looked_at])
    headers = [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]
    message["headers"] = [*message.get("headers", ()), *headers]
