"""What an operator may set for the HTTP server, from the environment variables ``WANGGE_…``.

The database is set apart, by ``WANGGE_DATABASE_URL`` (``geo/storage/database.py``).
"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
ANY_HOST = "*"


class AppSettings(BaseSettings):
    """Settings of one running application; built in ``create_app``, never on import."""

    model_config = SettingsConfigDict(env_prefix="WANGGE_", extra="ignore")

    allowed_hosts: tuple[str, ...] = Field(
        default=LOOPBACK_NAMES,
        description="Names under which the server answers; a page elsewhere cannot reach it by renaming itself. "
        'A JSON list; ["*"] takes any.',
    )
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, description="Largest request body.")
    concurrent_drafts: int = Field(
        default=2, ge=1, le=64, description="Plans drafted at the same time; each takes a processor."
    )
    concurrent_maps: int = Field(default=2, ge=1, le=64, description="Map pages drawn at the same time.")
    tile_cache_megabytes: int = Field(
        default=128, ge=1, le=65_536, description="Memory of each process for tiles of the map that were cut already."
    )
    draft_seconds_per_community: float = Field(
        default=60.0, gt=0, description="Longest search for each community of a plan drafted over HTTP."
    )
    rate_factor: float = Field(
        default=1.0,
        gt=0,
        description="Multiplies every limit of data/dictionaries/rate_limits.toml, for many people behind one address.",
    )
