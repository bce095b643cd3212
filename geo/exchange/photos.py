"""Photos at the door: decoded, turned upright, and written anew without what cameras and editors put into them."""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from geo.errors import FileFormatError

#: What a photo may be, by Pillow's name, with its media type.
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MAX_BYTES = 8 * 1024 * 1024
#: What the largest telephones take (50 million), and no more than fits in memory once decoded.
MAX_PIXELS = 50_000_000
#: Of what is compressed anew: no loss that the eye sees.
QUALITY = 90
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Photo:
    """A photo that was checked: its bytes, what they are, and its size in pixels, upright."""

    content: bytes
    media_type: str
    width: int
    height: int


def read_photo(sent: bytes) -> Photo:
    """Decode a picture and write it anew: nothing but its pixels is kept, and they stand upright.

    Whoever looks at evidence gets the place and time that were stated, not what the camera wrote; and bytes that are a
    picture and something else besides are only the picture afterwards.

    Raises
    ------
    FileFormatError
        It is no JPEG, PNG or WebP, is damaged, or too large.
    """
    if len(sent) > MAX_BYTES:
        raise FileFormatError(
            f"照片有 {len(sent) / 2**20:.1f} MB,最大 {MAX_BYTES // 2**20} MB;请缩小后再传",
            f"the photo has {len(sent) / 2**20:.1f} MB, the most is {MAX_BYTES // 2**20} MB: make it smaller",
        )
    try:
        with Image.open(io.BytesIO(sent), formats=list(FORMATS)) as picture:
            form = str(picture.format)
            _refuse_large(picture.width, picture.height)
            picture.load()
            return _anew(picture, form)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, *BOMBS):
        raise FileFormatError(
            "文件不是完好的照片;可用 JPEG、PNG、WebP", "the file is no sound photo: JPEG, PNG or WebP are taken"
        ) from None


def _refuse_large(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise FileFormatError(
            f"照片有 {width}×{height} 像素,最多 {MAX_PIXELS // 10**6} 百万像素",
            f"the photo has {width}×{height} pixels, the most is {MAX_PIXELS // 10**6} million",
        )


def _anew(picture: Image.Image, form: str) -> Photo:
    upright = ImageOps.exif_transpose(picture)
    plain = upright.convert("RGB" if form == "JPEG" or upright.mode not in ("RGB", "RGBA", "L") else upright.mode)
    plain.info.clear()  # comments, profiles, thumbnails: whatever a writer would copy
    written = io.BytesIO()
    plain.save(written, form, quality=QUALITY)
    return Photo(written.getvalue(), FORMATS[form], plain.width, plain.height)
