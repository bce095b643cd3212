"""The options of ``wangge plan`` that say what a planner asks of a plan, and what they make together."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from geo.errors import FileFormatError, InputError
from geo.regionalization.choices import BALANCED
from geo.regionalization.locks import FITTING
from geo.services.in_force import NONE
from geo.services.wishes import MAX_FILE_BYTES, Wishes, parse_balance, read_wishes

_SEPARATORS = re.compile(r"[,，、;；\s]+")
_WISHES = "要求 Wishes"
_LOCKS = "锁定 Locks"

StyleOption = Annotated[
    str | None,
    typer.Option(
        "--style",
        rich_help_panel=_WISHES,
        help="风格:均衡 balanced、网格最少 fewest、变动最小 stable、最紧凑 compact、界线最清 clear、重新划分 anew",
    ),
]
BordersOption = Annotated[
    float | None,
    typer.Option("--borders", rich_help_panel=_WISHES, help="调节:边界短而清,1 为常值 Dial: cheap borders, 1 as usual"),
]
CrossingsOption = Annotated[
    float | None,
    typer.Option(
        "--crossings", rich_help_panel=_WISHES, help="调节:不跨大路、河流、围墙 Dial: no barrier inside grids"
    ),
]
CompactnessOption = Annotated[
    float | None, typer.Option("--compactness", rich_help_panel=_WISHES, help="调节:紧凑 Dial: round grids")
]
StabilityOption = Annotated[
    float | None,
    typer.Option("--stability", rich_help_panel=_WISHES, help="调节:少换网格员 Dial: few change their grid worker"),
]
FewerOption = Annotated[
    float | None, typer.Option("--fewer", rich_help_panel=_WISHES, help="调节:网格少而满 Dial: few, full grids")
]
BalanceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--balance",
        rich_help_panel=_WISHES,
        help="另一均衡量:场所或要素类型(文件:列名)=下限:上限,可多次 "
        "Another quantity per grid: kind of place or element (file: column)=LEAST:MOST; repeatable",
    ),
]
RepairOption = Annotated[
    bool,
    typer.Option("--repair", rich_help_panel=_WISHES, help="只修复:以最小变动使现行方案达标 Smallest change to range"),
]
AlternativesOption = Annotated[
    bool,
    typer.Option("--alternatives", rich_help_panel=_WISHES, help="各种风格各划一个,并列比较 Several plans, compared"),
]
StylesOption = Annotated[
    str | None,
    typer.Option("--styles", rich_help_panel=_WISHES, help="比较哪些风格,用逗号分开 Styles to compare, by commas"),
]
PreviousOption = Annotated[
    str | None,
    typer.Option(
        "--previous",
        rich_help_panel=_WISHES,
        help="以此方案为现行方案:编号,或 none Plan that counts as the one in force: id, or none",
    ),
]
PreviousGridsOption = Annotated[
    str | None,
    typer.Option(
        "--previous-grids",
        rich_help_panel=_WISHES,
        help="文件:现行网格,列名或面文件 File: grids in force, a column or a file of polygons",
    ),
]
PreviousColumnOption = Annotated[
    str | None,
    typer.Option("--previous-column", rich_help_panel=_WISHES, help="现行网格文件的名称列 Column that names old grids"),
]
CompoundColumnOption = Annotated[
    str | None, typer.Option("--compound-column", rich_help_panel=_WISHES, help="文件:小区列 File: column of compounds")
]
KeepGridOption = Annotated[
    list[str] | None,
    typer.Option("--keep-grid", rich_help_panel=_LOCKS, help="原样保留的网格,可多次 Grid kept as it is; repeatable"),
]
WholeCompoundOption = Annotated[
    list[str] | None,
    typer.Option(
        "--whole-compound",
        rich_help_panel=_LOCKS,
        help="不拆分的小区,可多次;fitting 为所有放得下的 Compound kept whole; repeatable; fitting: all that fit",
    ),
]
TogetherOption = Annotated[
    list[str] | None,
    typer.Option("--together", rich_help_panel=_LOCKS, help="同格的楼栋,逗号分开,可多次 Buildings that share a grid"),
]
ApartOption = Annotated[
    list[str] | None,
    typer.Option("--apart", rich_help_panel=_LOCKS, help="不得同格的两栋楼 甲,乙,可多次 Two buildings A,B kept apart"),
]
GridsOption = Annotated[
    int | None, typer.Option("--grids", rich_help_panel=_LOCKS, help="网格总数 Number of grids in all")
]
PostsOption = Annotated[
    str | None,
    typer.Option(
        "--posts",
        rich_help_panel=_LOCKS,
        help="固定岗位所在楼栋:逗号分开,或每行一个的文件;每格一个 Buildings with a fixed post, or a file of them; "
        "one a grid",
    ),
]
LocksOption = Annotated[
    Path | None,
    typer.Option("--locks", rich_help_panel=_LOCKS, help="锁定文件 .toml 或 .json File of all these wishes"),
]


def wishes_of(
    *,
    style: str | None,
    dials: dict[str, float | None],
    balance: list[str] | None,
    repair: bool,
    keep_grid: list[str] | None,
    whole_compound: list[str] | None,
    together: list[str] | None,
    apart: list[str] | None,
    grids: int | None,
    posts: str | None,
    locks: Path | None,
) -> Wishes:
    """Join the options, over the file of wishes where there is one.

    Raises
    ------
    InputError
        An option does not read as it should, or the file cannot be read.
    """
    base = Wishes() if locks is None else read_wishes(locks)
    return Wishes(
        style=style or base.style or BALANCED,
        dials=base.dials | {name: value for name, value in dials.items() if value is not None},
        keep_grids=(*base.keep_grids, *(keep_grid or ())),
        whole_compounds=_compounds(base.whole_compounds, tuple(whole_compound or ())),
        together=(*base.together, *(codes_of(text) for text in together or ())),
        apart=(*base.apart, *(_pair(text) for text in apart or ())),
        grids=base.grids if grids is None else grids,
        posts=(*base.posts, *(_posts(posts) if posts else ())),
        balances=(*base.balances, *(parse_balance(text) for text in balance or ())),
        repair=base.repair or repair,
    )


def previous_of(text: str | None) -> int | Literal["none"] | None:
    """Read ``--previous``.

    Raises
    ------
    InputError
        It is neither a plan's number nor ``none``.
    """
    if text is None:
        return None
    if text.strip().casefold() == NONE:
        return NONE
    if not text.strip().isdecimal():
        raise InputError(
            f"--previous 应为方案编号(见 wangge plans)或 none,而不是“{text[:40]}”",
            f"--previous is the id of a plan (see wangge plans) or none, not {text[:40]!r}",
        )
    return int(text)


def codes_of(text: str) -> tuple[str, ...]:
    """Read codes or names with commas or blanks between."""
    return tuple(code for code in _SEPARATORS.split(text) if code)


def _pair(text: str) -> tuple[str, str]:
    codes = codes_of(text)
    if len(codes) != 2:
        raise InputError(
            f"--apart 应为用逗号分开的两栋楼,而不是“{text[:80]}”",
            f"--apart takes two buildings with a comma between, not {text[:80]!r}",
        )
    return codes[0], codes[1]


def _compounds(
    base: tuple[str, ...] | Literal["fitting"], named: tuple[str, ...]
) -> tuple[str, ...] | Literal["fitting"]:
    if FITTING in named or base == FITTING:
        return FITTING
    return (*base, *named)


def _posts(text: str) -> tuple[str, ...]:
    path = Path(text)
    try:
        if not path.is_file():
            return codes_of(text)
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"无法读取岗位文件“{path.name[:80]}”:应为 UTF-8 文本,每行一个楼栋编码",
            f"cannot read the file of posts {path.name[:80]!r}: it should be UTF-8 text with a building code a line",
        ) from error
    return tuple(code for line in lines if (code := line.split("#")[0].strip()))
