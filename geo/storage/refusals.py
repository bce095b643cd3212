"""What the database refuses, in plain words.

Constraints and triggers carry names; this is the one table that turns names into errors. A rule with no line of its
own is still said by its name.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError

from geo.errors import (
    AccessError,
    BoundsError,
    CodeError,
    ConflictError,
    DatabaseError,
    GeometryError,
    InputError,
    SchemaError,
    ServerError,
    WanggeError,
)

#: End of a constraint's name -> error, Chinese, English.
_BY_ENDING: dict[str, tuple[type[WanggeError], str, str]] = {
    "_geom_type": (GeometryError, "几何类型不对", "the geometry is of the wrong type"),
    "_geom_valid": (GeometryError, "几何为空或无效(自相交等)", "the geometry is empty or invalid"),
    "_geom_extent": (GeometryError, "坐标超出经纬度范围", "coordinates are beyond longitude and latitude"),
    "_structure": (CodeError, "编码结构不对", "a code breaks its structure"),
    "_code_under_street": (CodeError, "编码与所属社区不在同一街道", "a code is of another street than its community"),
    "_not_blank": (InputError, "必填的文字是空的", "a required text is blank"),
    "_range": (BoundsError, "数值不能为负", "a count is below what is allowed"),
    "_floors_both": (InputError, "楼层起止应同时填写或同时为空", "a run of floors has both ends or none"),
    "_floors_order": (BoundsError, "起始楼层高于终止楼层", "the first floor is above the last"),
    "_lower_upper": (BoundsError, "下限大于上限", "the lower bound is above the upper"),
    "_source_source_key": (
        ConflictError,
        "同一来源的同一记录已用另一编码登记",
        "this record of this source is already kept under another code",
    ),
}
_BY_NAME: dict[str, tuple[type[WanggeError], str, str]] = {
    "uq_plan_adopted_scope": (
        ConflictError,
        "这个范围已有一个采用中的方案",
        "another plan of this scope is already adopted",
    ),
    "grid_overlap": (GeometryError, "同一方案的网格互相重叠", "grids of one plan overlap"),
    "grid_inside_community": (GeometryError, "网格超出所属社区", "a grid reaches beyond its community"),
    "grid_inside_scope": (CodeError, "网格不在方案范围内", "a grid is outside its plan's scope"),
    "assignment_once": (
        ConflictError,
        "一栋楼在同一方案里分配了两次",
        "a building is assigned twice in one plan",
    ),
    "cell_assignment_inside_grid": (
        CodeError,
        "联户网格含有不属于其网格的楼栋",
        "a cell holds a building that its grid does not",
    ),
    "cell_assignment_once": (
        ConflictError,
        "同一楼栋、单元或楼层分在两个联户网格里",
        "a building, stairwell or floor is in two cells",
    ),
    "assignment_inside_scope": (CodeError, "楼栋不在方案范围内", "a building is outside its plan's scope"),
    "drawn_community_overlap": (GeometryError, "同一方案的社区互相重叠", "communities of one plan overlap"),
    "drawn_community_inside_scope": (CodeError, "社区不在方案范围内", "a community is outside its plan's scope"),
    "plan_frozen": (ConflictError, "已采用或已替代的方案不能更改", "an adopted or superseded plan cannot change"),
    "plan_move": (
        ConflictError,
        "方案状态只能由草案到采用、再到替代",
        "a plan moves only from draft to adopted to superseded",
    ),
    "uq_account_login": (
        ConflictError,
        "这个登录名已被使用(包括已终止的账户),请换一个",
        "the login is taken, perhaps by an account that has ended: take another",
    ),
    "ck_account_login_structure": (
        CodeError,
        "登录名只能用小写字母、数字和 . _ -,以字母或数字开头,最多 64 个字符",
        "a login has letters a-z, digits and . _ - alone, begins with a letter or digit, and has 64 characters at most",
    ),
    "event_append_only": (ConflictError, "日志只能追加", "events are append-only"),
    "ended_not_deleted": (ConflictError, "记录只能终止,不能删除", "rows are ended, never deleted"),
}


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Raise what the database refuses inside as an error of ``geo.errors``."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        raise refusal(error) from error


def refusal(error: DBAPIError | psycopg.Error) -> WanggeError:
    """Return the error of ``geo.errors`` that says what the database refused.

    Of a refused row only the key is repeated: the rest may be personal.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return DatabaseError(f"数据库出错:{type(cause).__name__}", f"the database failed: {type(cause).__name__}")
    name = cause.diag.constraint_name or ""
    detail = _detail(cause.diag.message_detail)
    known = _BY_NAME.get(name) or next((words for end, words in _BY_ENDING.items() if name.endswith(end)), None)
    if known:
        kind, zh, en = known
        return kind(f"{zh}({name}){detail}", f"{en} ({name}). {detail}".rstrip())
    return _by_state(cause, name, detail)


def _detail(detail: str | None) -> str:
    row = re.match(r"Failing row contains \(([^,)]{0,40})", detail or "")
    return row[1] if row else (detail or "")[:300]


def _by_state(cause: psycopg.Error, name: str, detail: str) -> WanggeError:
    state = cause.sqlstate or ""
    message = (cause.diag.message_primary or "")[:300]
    if re.search(r'\brole "wangge_app"', message):
        return SchemaError(
            "数据库角色 wangge_app 不存在或不可用;请由数据库管理员执行 "
            "CREATE ROLE wangge_app NOLOGIN; GRANT wangge_app TO 连接用户",
            f"the database's role wangge_app is missing or may not be used ({message}): have an administrator run "
            "CREATE ROLE wangge_app NOLOGIN; GRANT wangge_app TO the user that connects",
        )
    if state == "42501":
        return AccessError(
            f"超出您的角色或范围,数据库已拒绝:{message}",
            f"beyond your roles or scope, the database refuses: {message}",
        )
    if state == "23503":
        return CodeError(
            f"引用的编码不存在({name}){detail}", f"a code that is pointed at does not exist ({name}). {detail}"
        )
    if state == "23505":
        return ConflictError(f"编码重复({name}){detail}", f"a row with this key already exists ({name}). {detail}")
    if state == "23502":
        column = cause.diag.column_name
        return InputError(f"必填项 {column} 为空:{detail}", f"{column} is required but empty: {detail}")
    if state.startswith("23"):
        return InputError(f"数据违反规则({name}){detail}", f"the data break a rule ({name}). {detail}")
    if state.startswith("22") or (not state and isinstance(cause, psycopg.DataError)):
        message = message or str(cause)[:300]  # the driver refuses some values itself
        return InputError(f"数据库不接受这个值:{message}", f"the database does not take this value: {message}")
    if state in ("40001", "40P01", "55P03"):
        return ConflictError("与另一操作冲突,请重试", f"in conflict with another transaction, try again: {message}")
    if state == "57014":
        return DatabaseError("数据库操作超时或被取消", f"the database took too long, or was told to stop: {message}")
    if state == "53100":
        return ServerError("数据库所在磁盘已满", f"the database's disk is full: {message}")
    if not state or state.startswith(("08", "57")):
        return ServerError("与数据库的连接中断", f"the connection to the database failed: {message}")
    return DatabaseError(f"数据库出错({state}):{message}", f"the database reports an error ({state}): {message}")
