"""What was asked of drafts beside the range of households and was not reached, in sentences for the planner."""

from collections.abc import Sequence

from geo.regionalization.balancing import Balance
from geo.regionalization.drafting import POSTS, CommunityDraft, DraftSettings


def unmet(drafts: Sequence[CommunityDraft], settings: DraftSettings) -> list[str]:
    """Say which wishes were not met, Chinese first; grids out of range have reasons of their own.

    Locks of grids, compounds and groups are always kept; numbers of grids, pairs apart and further quantities give
    way where households and contiguity do not allow them.
    """
    found = [sentence for draft in drafts for sentence in (*_count(draft, settings), *_apart(draft, settings))]
    found += [sentence for balance in settings.quantities for sentence in _uneven(drafts, balance, balance.name)]
    found += _uneven(drafts, Balance(POSTS, 1, 1), "固定岗位 posts")
    if any(draft.metrics.get("cancelled") for draft in drafts):
        found.append("搜索提前结束,这是到那时为止最好的方案 the search was stopped early; this is the best until then")
    return found


def _count(draft: CommunityDraft, settings: DraftSettings) -> list[str]:
    wanted = settings.locks.n_grids.get(draft.code)
    if wanted is None or wanted == len(draft.grids):
        return []
    return [
        f"{draft.code} 要求 {wanted} 个网格,得到 {len(draft.grids)} 个 "
        f"{draft.code}: {wanted} grids were asked for, there are {len(draft.grids)}"
    ]


def _apart(draft: CommunityDraft, settings: DraftSettings) -> list[str]:
    grids = draft.assignment.groupby("building")["grid"].agg(set)
    return [
        f"{first} 与 {second} 仍在同一网格:户数或连片要求不允许分开 "
        f"{first} and {second} still share a grid: households or contiguity do not allow them apart"
        for first, second in settings.locks.apart
        if first in grids and second in grids and grids[first] & grids[second]
    ]


def _uneven(drafts: Sequence[CommunityDraft], balance: Balance, label: str) -> list[str]:
    held = [value for draft in drafts if balance.name in draft.quantities for value in draft.quantities[balance.name]]
    outside = sum(value not in balance for value in held)
    if not outside:
        return []
    low = "" if balance.lower is None else f"{balance.lower:g}"
    high = "" if balance.upper is None else f"{balance.upper:g}"
    return [
        f"“{label}”应为 {low}–{high},{len(held)} 个网格中有 {outside} 个不在此范围 "
        f"{label} should be {low}–{high}; of {len(held)} grids {outside} are outside of it"
    ]
