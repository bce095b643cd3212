"""Items of a checklist in one cell of a sheet: said in words, and read back.

One after the other with ``;`` between, a remark in brackets behind: ``电线老化(厨房);灭火器缺失``. A remark may have
brackets and ``;`` of its own: only what stands before words that are known ends one item and begins the next.
"""

import re
from collections.abc import Iterable, Mapping

from geo.errors import BoundsError, InputError

#: What is said of an item, by its word or code, and the remark.
Said = tuple[str, str | None]

#: Characters of a cell that is read: more than all items of a list with remarks need.
LONGEST = 20_000
_LISTED = 20
#: Blanks are counted where they are passed over: many of them never make reading slow.
_BLANKS = "[\\s\u3000]{0,3}"
#: Signs as they are typed in either script: \uff1b is the wide semicolon, \uff08 and \uff09 are wide brackets.
_BETWEEN, _OPEN, _CLOSE = ";\uff1b\n", "(\uff08", (")", "\uff09")
_ROUND = f"{_BETWEEN} \t\r"


def say(items: Iterable[Said]) -> str:
    """Return items, by the words for them, as one text."""
    return ";".join(f"{word}({note})" if note else word for word, note in items)


def read(text: str, words: Mapping[str, str]) -> list[Said]:
    """Return the codes of items that a text names, with remarks.

    Parameters
    ----------
    words
        Codes by what may be said for them; upper and lower case are alike.

    Raises
    ------
    BoundsError
        The text has more than :data:`LONGEST` characters.
    InputError
        It names something else, or a bracket is left open; the sentence lists what is known.
    """
    if len(text) > LONGEST:
        raise BoundsError(
            f"一格有 {len(text)} 字,最多 {LONGEST} 字", f"the cell has {len(text)} characters, {LONGEST} at most"
        )
    text = text.strip(_ROUND)
    if not text:
        return []
    codes = {word.casefold(): code for word, code in words.items()}
    known = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    flags = re.IGNORECASE | re.ASCII  # what is no ASCII is alike only where it is the same
    between = re.compile(rf"[{_BETWEEN}](?={_BLANKS}(?:{known}){_BLANKS}(?:[{_OPEN}{_BETWEEN}]|\Z))", flags)
    head = re.compile(rf"{_BLANKS}({known}){_BLANKS}([{_OPEN}])?", flags)
    found: list[Said] = []
    begin, note_from, code = 0, None, ""
    for end in [*(cut.start() for cut in between.finditer(text)), len(text)]:
        if note_from is None:
            start = head.match(text, begin)
            if start is None or (start[2] is None and text[start.end() : end].strip(_ROUND)):
                raise _unknown(text[begin:end], words)
            code, note_from = codes[start[1].casefold()], start.end() if start[2] else None
        if note_from is not None:
            part = text[note_from:end].rstrip(_ROUND)
            if not part.endswith(_CLOSE):
                continue
            found.append((code, part[:-1] or None))
        else:
            found.append((code, None))
        begin, note_from = end + 1, None
    if note_from is not None:
        ended = re.search(rf"[{''.join(_CLOSE)}]{_BLANKS}[{_BETWEEN}]", text[note_from:])
        if ended is not None:
            raise _unknown(text[note_from + ended.end() :], words)
        raise InputError(
            f"“{text[begin:][:40]}”的括号没有收完,或括号后还有文字",
            f"the bracket in {text[begin:][:40]!r} is left open, or something follows it",
        )
    return found


def _unknown(part: str, words: Mapping[str, str]) -> InputError:
    listed = dict.fromkeys(words.values())
    by_code = {code: [word for word in words if words[word] == code] for code in listed}
    few = list(listed)[:_LISTED]
    zh = ";".join(next((word for word in by_code[code] if not word.isascii()), code) for code in few)
    said = part.strip()[:40]
    return InputError(
        f"检查表没有“{said}”;多项之间用“;”隔开,说明写在括号里;可写:{zh}",
        f"the checklist has no {said!r}; put ; between items and remarks in brackets; there are: {', '.join(few)}",
    )
