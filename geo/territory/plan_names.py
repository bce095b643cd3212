"""What a plan may be called: words that all who read the list of plans see alike."""

import unicodedata

from geo.errors import InputError

#: Characters in a plan's name, at most.
LONGEST_NAME = 100

#: Unicode categories of what is not seen: controls, marks that reorder others, and characters that nobody has defined.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs"})


def hides_signs(text: str) -> bool:
    """Whether a text has characters that are not seen, or that reorder others."""
    return any(unicodedata.category(sign) in _UNSEEN for sign in text)


def plan_name(said: str) -> str:
    """Return a name for a plan as it was said, without the room around it.

    Raises
    ------
    InputError
        It is blank, too long, or has characters that are not seen.
    """
    name = said.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(
            f"方案名称有 {len(name)} 个字,应为 1 至 {LONGEST_NAME} 个字",
            f"a plan's name of {len(name)} characters; 1 to {LONGEST_NAME}",
        )
    if hides_signs(name):
        hidden = "、".join(sorted({f"U+{ord(sign):04X}" for sign in name if hides_signs(sign)}))
        raise InputError(
            f"方案名称含有看不见的字符 {hidden};请删去后再试",
            f"a plan's name with characters that are not seen, {hidden}; leave them out",
        )
    return name
