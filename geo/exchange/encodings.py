"""Which characters bytes stand for: UTF-8 or the Chinese national encodings, told from the bytes themselves.

What a .cpg file or a .dbf header claims is only a hint: many programs write none, or a wrong one, and the reader
then shows 乱码 without any error.
"""

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geo.errors import FileFormatError

#: Names users and .cpg files give, folded to the codec Python and GDAL share.
_NAMES = {"utf8": "UTF-8", "65001": "UTF-8", "utf8sig": "UTF-8", "gb2312": "GBK", "gbk": "GBK", "936": "GBK"}
_NAMES |= {"cp936": "GBK", "ansi936": "GBK", "ms936": "GBK", "oem936": "GBK", "gb18030": "GB18030", "54936": "GB18030"}
_NAMES |= {"utf16": "UTF-16", "big5": "BIG5", "950": "BIG5", "cp950": "BIG5", "ansi950": "BIG5"}
_SINGLE_BYTE = ("latin", "iso8859", "8859", "1252", "cp437")
_SAMPLE_BYTES = 8 * 2**20

Note = tuple[str, str]


def canonical_encoding(name: str) -> str | None:
    """Return the codec a user or a .cpg file means, or None when no codec is known by it."""
    folded = "".join(sign for sign in name.casefold() if sign.isalnum())
    if folded in _NAMES:
        return _NAMES[folded]
    try:
        return codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        return None


def stated_encoding(name: str) -> str:
    """:func:`canonical_encoding` of what a user wrote.

    Raises
    ------
    FileFormatError
        No such encoding.
    """
    encoding = canonical_encoding(name)
    if encoding is None:
        raise FileFormatError(
            f"不认识编码“{name[:40]}”;常用:UTF-8、GBK、GB18030",
            f"unknown encoding {name[:40]!r}; common: UTF-8, GBK, GB18030",
        )
    return encoding


@dataclass(frozen=True)
class Guess:
    """An encoding, how it was found, and a piece of text read with it for the user to look at."""

    encoding: str
    notes: tuple[Note, ...]


def dbf_encoding(dbf: Path, cpg: Path | None) -> Guess:
    """Tell the encoding of a shapefile's attribute table.

    The bytes decide: all ASCII, valid UTF-8, or valid GBK, in this order; the .cpg only where they cannot.

    Raises
    ------
    FileFormatError
        The text is in none of these, and no usable .cpg says what it is.
    """
    claimed = cpg.read_text("ascii", "replace").strip()[:40] if cpg is not None and cpg.is_file() else ""
    texts = [text for text in _dbf_texts(dbf) if not text.isascii()]
    if not texts:
        return Guess("UTF-8", ())
    claim = canonical_encoding(claimed) if claimed else None
    claim = "GB18030" if claim == "GBK" else claim
    candidates = ["UTF-8", "GB18030"]
    if claim and not _single_byte(claim) and claim not in candidates:
        candidates.insert(1, claim)
    elif claim and _single_byte(claim):
        candidates.append(claim)
    for encoding in candidates:
        decoded = [_decode_field(text, encoding) for text in texts]
        if all(text is not None for text in decoded):
            return Guess(encoding, tuple(_dbf_notes(encoding, claimed, claim, decoded[0] or "")))
    raise FileFormatError(
        f"属性表 {dbf.name} 的文字既不是 UTF-8 也不是 GBK(.cpg 写的是“{claimed or '无'}”);请用 --encoding 指明",
        f"the text of {dbf.name} is neither UTF-8 nor GBK (its .cpg says {claimed or 'nothing'}); state --encoding",
    )


def _dbf_notes(encoding: str, claimed: str, claim: str | None, sample: str) -> Iterator[Note]:
    if claim != encoding:
        yield (
            f"属性文字按 {encoding} 读取(.cpg 写的是“{claimed or '无'}”),例:“{sample.strip()[:20]}”;"
            "若是乱码请用 --encoding 指明",
            f"text read as {encoding} (.cpg says {claimed or 'nothing'}), e.g. {sample.strip()[:20]!r}; "
            "if that is garbled state --encoding",
        )


def _dbf_texts(dbf: Path) -> Iterator[bytes]:
    """Yield field names and the character fields of the first records, undecoded."""
    with dbf.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            raise FileFormatError(f"{dbf.name} 已损坏", f"{dbf.name} is damaged")
        records, head_size, record_size = struct.unpack_from("<IHH", head, 4)
        fields = stream.read(max(head_size - 32, 0))
        spans, at = [], 1
        for start in range(0, len(fields) - 31, 32):
            field = fields[start : start + 32]
            if field[0] == 0x0D:
                break
            yield field[:11].split(b"\0")[0]
            if field[11:12] == b"C":
                spans.append((at, at + field[16] + 256 * field[17]))
                at += field[16] + 256 * field[17]
            else:
                at += field[16]
        stream.seek(head_size)
        body = stream.read(_SAMPLE_BYTES)
    if not record_size or not spans:
        return
    for start in range(0, min(len(body) - record_size + 1, records * record_size), record_size):
        for left, right in spans:
            yield body[start + left : start + right].rstrip(b" \0")


def _decode_field(text: bytes, encoding: str) -> str | None:
    """Decode a field; a character cut in half at its end is forgiven, since fields have a fixed width."""
    for cut in (0, 1, 2, 3):
        try:
            return text[: len(text) - cut].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(text) - 3:
                return None
    return None


def _single_byte(encoding: str) -> bool:
    folded = "".join(sign for sign in encoding.casefold() if sign.isalnum())
    return any(word in folded for word in _SINGLE_BYTE)


@dataclass(frozen=True)
class DecodedText:
    """A text file's lines, and the numbers (from 1) of those that are not in the file's encoding."""

    text: str
    encoding: str
    foreign_lines: dict[int, str]
    notes: tuple[Note, ...]


def decode_text(content: bytes, stated: str | None) -> DecodedText:
    """Decode a CSV: byte-order mark, then valid UTF-8, then valid GB18030, then line by line.

    A file glued together from two encodings is decoded in the one most of its lines are in. The lines of the other
    are named in ``foreign_lines`` and decoded in theirs, so that a report can show them.

    Raises
    ------
    FileFormatError
        It is not text, or in no encoding that is known here, or not in the one stated.
    """
    if stated is not None:
        encoding = stated_encoding(stated)
        try:
            return DecodedText(content.decode("utf-8-sig" if encoding == "UTF-8" else encoding), encoding, {}, ())
        except UnicodeError:
            raise FileFormatError(f"文件不是 {encoding} 编码", f"the file is not in {encoding}") from None
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark) and _decodes(content, encoding):
            return DecodedText(content.decode(encoding), encoding.upper().removesuffix("-SIG"), {}, ())
    if b"\0" in content:
        raise FileFormatError("文件含有空字节,不是文本", "the file holds NUL bytes: it is no text")
    if _decodes(content, "utf-8"):
        return DecodedText(content.decode("utf-8"), "UTF-8", {}, ())
    return _decode_lines(content)


def _decode_lines(content: bytes) -> DecodedText:
    lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    speaking = {number: line for number, line in enumerate(lines, start=1) if not line.isascii()}
    utf8 = {number for number, line in speaking.items() if _decodes(line, "utf-8")}
    gbk = {number for number, line in speaking.items() if number not in utf8 and _decodes(line, "gb18030")}
    if len(utf8) + len(gbk) < len(speaking):
        raise FileFormatError(
            "文件既不是 UTF-8 也不是 GBK/GB18030 编码;请用 --encoding 指明",
            "the file is neither UTF-8 nor GBK/GB18030; state --encoding",
        )
    if _accidental(len(utf8), len(speaking)):
        utf8, gbk = set(), set(speaking)
    main, other, minority = ("UTF-8", "GB18030", gbk) if len(utf8) >= len(gbk) else ("GB18030", "UTF-8", utf8)
    text = "\n".join(line.decode(other if number in minority else main) for number, line in enumerate(lines, start=1))
    notes = [
        (
            f"文件没有声明编码,按 {main} 读取,例:“{_first_words(text)}”;若是乱码请用 --encoding 指明",
            f"no encoding stated, read as {main}, e.g. {_first_words(text)!r}; if that is garbled state --encoding",
        )
    ]
    if minority:
        notes.append(
            (
                f"文件混用两种编码:多数行是 {main},有 {len(minority)} 行是 {other}",
                f"the file mixes two encodings: most lines are {main}, {len(minority)} are {other}",
            )
        )
    return DecodedText(text, main, dict.fromkeys(sorted(minority), other), tuple(notes))


def _accidental(utf8_lines: int, all_lines: int) -> bool:
    """Whether lines valid as UTF-8 are chance hits in a GBK file: two-character words such as 联通 are, rarely."""
    return all_lines >= 200 and utf8_lines / all_lines < 0.002


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def _first_words(text: str) -> str:
    line = next((line for line in text.splitlines() if not line.isascii()), "")
    return line.strip()[:24]
