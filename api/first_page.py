"""What the first page leads to: the work that somebody's roles let them do, what their roles are for first."""

from dataclasses import dataclass

from api.access import access_of
from geo.access.actor import Actor


@dataclass(frozen=True)
class Work:
    """A page that people come to work at.

    Attributes
    ----------
    path
        Where it is.
    of
        The roles that come for it; it stands first for them.
    says, says_en
        What is done there, as people would say it.
    """

    path: str
    zh: str
    en: str
    says: str
    says_en: str
    of: frozenset[str] = frozenset()


WORKS = (
    Work(
        "/desk", "接线台", "Clerk's desk", "听地址、找位置,登记诉求和隐患",
        "Find what a caller says, register requests and hazards", frozenset({"staff"}),
    ),
    Work(
        "/plans", "划分方案", "Plans", "网格怎样划:查看、比较;规划员起草、修改、采用",
        "How grids are drawn: look, compare; planners draft, change, adopt", frozenset({"planner"}),
    ),
    Work(
        "/round", "今日巡查", "Today's round", "我的网格、今天该查的地方,没有信号也能用",
        "My grids and what is due today, without signal too", frozenset({"inspector"}),
    ),
    Work(
        "/leader", "领导视图", "Leader's view", "三问三零,一个数字点到每一件",
        "Three questions, three goals of zero; figures open to their cases", frozenset({"leader", "assessor"}),
    ),
    Work("/requests", "诉求", "Requests", "今日来电、我办的、超期的", "Today's calls, mine, overdue ones"),
    Work("/cases", "事项账单", "Cases", "在办的隐患、诉求和案件", "Open hazards, requests and city cases"),
    Work(
        "/accounts", "账户", "Accounts", "谁能进来,能看什么", "Who may come in, and see what",
        frozenset({"administrator", "security_officer"}),
    ),
    Work(
        "/audit", "审计", "Audit trail", "谁在何时看了、改了什么", "Who looked at and changed what, and when",
        frozenset({"auditor"}),
    ),
    Work(
        "/ogc", "数据服务", "For QGIS and others", "OGC API:在 QGIS、GDAL 中打开图层",
        "OGC API: layers opened in QGIS and GDAL",
    ),
    Work("/docs", "接口文档", "API", "用程序读写的说明", "How programs read and write"),
)  # fmt: skip


#: The lists that pages of lists lead to from their head.
_LISTS = frozenset({"/plans", "/cases", "/requests", "/accounts", "/audit"})


def works_of(actor: Actor) -> list[Work]:
    """Return the pages that somebody may open, those that their roles come for first."""
    there = [work for work in WORKS if actor.may(access_of("GET", work.path).roles)]
    return sorted(there, key=lambda work: not work.of & actor.roles)


def lists_of(actor: Actor) -> list[Work]:
    """Return the lists that somebody may open, always in the same order."""
    return [work for work in WORKS if work.path in _LISTS and actor.may(access_of("GET", work.path).roles)]
