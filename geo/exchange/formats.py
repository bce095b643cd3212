"""Which files are taken, told by extension and by their first bytes, and given a name of ours before parsing.

No parser sees a string of the user's: the file is linked, or unpacked, into a private folder first.
"""

import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from geo.errors import FileFormatError, NotFoundError

SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
FIELD_NAMES = ".fields.csv"  # beside a shapefile: the full names of fields that had to be shortened

# A sub-district's layers are some 50 MB; a city's largest some 2 GB. Text compresses to about a twentieth.
MAX_FILE_BYTES = 4 * 2**30
MAX_UNPACKED_BYTES = 2 * 2**30
MAX_RATIO = 100
MAX_MEMBERS = 2000


@dataclass(frozen=True)
class Format:
    """A kind of file: its name, its extensions, GDAL's word for it, and the bytes it begins with."""

    name: str
    extensions: tuple[str, ...]
    driver: str | None = None
    magic: tuple[bytes, ...] = ()


FORMATS = (
    Format("gpkg", (".gpkg",), "GPKG", (b"SQLite format 3\0",)),
    Format("shapefile", (".shp",), "ESRI Shapefile", (b"\0\0\x27\x0a",)),
    Format("zip", (".zip",), "ESRI Shapefile", (b"PK\x03\x04",)),
    Format("geojson", (".geojson", ".json"), "GeoJSON"),
    Format("parquet", (".parquet", ".geoparquet"), None, (b"PAR1",)),
    Format("csv", (".csv", ".txt", ".tsv")),
    Format("excel", (".xlsx",), None, (b"PK\x03\x04",)),
    Format("excel", (".xls",), None, (b"\xd0\xcf\x11\xe0",)),
)
EXTENSIONS = ", ".join(extension for form in FORMATS for extension in form.extensions)


def split_layer(path: Path) -> tuple[Path, str | None]:
    """Take ``file.gpkg#layer`` apart; a file that really has such a name comes first."""
    text = str(path)
    refuse_remote(text)
    name, sign, layer = text.rpartition("#")
    if sign and not path.exists() and Path(name).suffix:
        return Path(name), layer
    return path, None


def refuse_remote(text: str) -> None:
    """Refuse what is no plain path on this machine.

    Raises
    ------
    FileFormatError
        A URL, one of GDAL's virtual paths, a connection string, or a control character.
    """
    remote = re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) or text.replace("\\", "/").lstrip().startswith(("/vsi", "<"))
    if remote or any(ord(sign) < 32 for sign in text):
        raise FileFormatError(
            "只接受本机上的文件路径,不接受网址或虚拟路径",
            "only a plain path on this machine is taken, no URL or virtual path",
        )


def format_of(path: Path) -> Format:
    """Tell a file's format by its extension, and hold its first bytes against it.

    Raises
    ------
    NotFoundError
        There is no such file.
    FileFormatError
        The extension is not taken, the file is empty or too large, or its content is something else.
    """
    if not path.is_file():
        raise NotFoundError(f"没有文件 {path}", f"there is no file {path}")
    form = next((form for form in FORMATS if path.suffix.casefold() in form.extensions), None)
    if form is None:
        raise FileFormatError(
            f"不支持扩展名“{path.suffix}”;支持:{EXTENSIONS}",
            f"{path.suffix!r} files are not taken; taken: {EXTENSIONS}",
        )
    size = path.stat().st_size
    if size == 0:
        raise FileFormatError(f"文件 {path.name} 是空的", f"{path.name} is empty")
    if size > MAX_FILE_BYTES:
        raise FileFormatError(f"文件 {path.name} 超过 4 GB", f"{path.name} is over 4 GB")
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not _begins_right(form, head):
        raise FileFormatError(
            f"文件 {path.name} 的内容不是 {path.suffix} 格式", f"{path.name} does not hold what {path.suffix} promises"
        )
    return form


def _begins_right(form: Format, head: bytes) -> bool:
    if form.magic:
        return head.startswith(form.magic)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if form.name == "geojson":
        return text.startswith(b"{")
    known = tuple(magic for other in FORMATS for magic in other.magic)
    return not text.startswith((*known, b"<", b"{"))


@contextmanager
def safe_copy(path: Path, form: Format) -> Iterator[Path]:
    """Link a file, and the parts that belong to it, under a name of ours in a private folder.

    Yields
    ------
    Path
        What a parser may be given; a folder of shapefiles for a zip.
    """
    with TemporaryDirectory(prefix="wangge-file-") as name:
        folder = Path(name)
        if form.name == "zip":
            unpack_shapefiles(path, folder)
            yield folder
            return
        if form.name == "shapefile":
            for part in sorted(path.parent.iterdir()):
                if part.stem == path.stem and part.suffix.casefold() in SHAPEFILE_PARTS:
                    (folder / f"layer{part.suffix.casefold()}").symlink_to(part.resolve())
            yield folder / "layer.shp"
            return
        link = folder / f"file{form.extensions[0]}"
        link.symlink_to(path.resolve())
        yield link


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip to read from it; whatever is wrong with it, wherever it shows, is one error.

    Raises
    ------
    FileFormatError
        It is broken, encrypted or packed in a way that Python does not know.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError) as error:
        raise FileFormatError(f"压缩包损坏:{error}", f"the zip is broken: {error}") from None


def check_zip(path: Path) -> None:
    """Refuse a zip that would unpack to far more than it is.

    Raises
    ------
    FileFormatError
        Too many members, too large, too strongly compressed, encrypted or broken.
    """
    with opened_zip(path) as archive:
        members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    packed = max(path.stat().st_size, 1)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or unpacked / packed > MAX_RATIO:
        raise FileFormatError(
            f"压缩包展开后有 {len(members)} 个文件、{unpacked / 2**20:.0f} MB,超出限制",
            f"the zip unpacks to {len(members)} files and {unpacked / 2**20:.0f} MB: over the limit",
        )
    if any(member.flag_bits & 1 for member in members):
        raise FileFormatError("压缩包有密码", "the zip is encrypted")


def unpack_shapefiles(path: Path, folder: Path) -> None:
    """Unpack the parts of shapefiles only, and count the bytes that really come out.

    Names are read as UTF-8 or GBK; folders and all signs but letters and digits are taken off them.
    """
    check_zip(path)
    left = MAX_UNPACKED_BYTES
    with opened_zip(path) as archive:
        for member in archive.infolist():
            inner = Path(_member_name(member).replace("\\", "/"))
            suffix = FIELD_NAMES if inner.name.endswith(FIELD_NAMES) else inner.suffix
            if suffix.casefold() not in (*SHAPEFILE_PARTS, FIELD_NAMES) or "__MACOSX" in inner.parts:
                continue
            target = folder / f"{plain_name(inner.name[: -len(suffix)])}{suffix.casefold()}"
            if target.exists():
                raise FileFormatError(f"压缩包内有两个 {target.name}", f"the zip holds {target.name} twice")
            with archive.open(member) as source, target.open("wb") as sink:
                while chunk := source.read(2**20):
                    left -= len(chunk)
                    if left < 0:
                        raise FileFormatError("压缩包展开后超出限制", "the zip unpacks to more than is allowed")
                    sink.write(chunk)
    if not any(folder.glob("*.shp")):
        raise FileFormatError("压缩包内没有 .shp 文件", "the zip holds no .shp file")


def plain_name(text: str) -> str:
    """Keep letters, digits (of any script), ``_`` and ``-`` of a name, at most 60 of them."""
    return re.sub(r"[^\w-]+", "_", text)[:60].strip("_") or "layer"


def _member_name(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
