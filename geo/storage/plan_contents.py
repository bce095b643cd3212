"""What a plan says, as one number that changes with anything of it: adoption is signed with it."""

import hashlib

import geopandas as gpd
import pandas as pd
import shapely


def content_hash(grids: gpd.GeoDataFrame, assignment: pd.DataFrame) -> str:
    """Return the SHA-256, in hexadecimal, of a plan's grids with their ground and households and of who is in which.

    Parameters
    ----------
    grids, assignment
        All of a plan, as :func:`geo.storage.plans.read_grids` and ``read_assignment`` give them. Their order and the
        order of a polygon's corners do not matter; coordinates count to the last digit.
    """
    digest = hashlib.sha256()
    ordered = grids.sort_values("code")
    shapes = shapely.to_wkb(shapely.normalize(ordered.geometry.to_numpy()), byte_order=1, output_dimension=2)
    for code, households, shape in zip(ordered["code"], ordered["households"], shapes, strict=True):
        _add(digest, code, households, hashlib.sha256(shape).hexdigest())
    columns = ["building_code", "stairwell_code", "floor_from", "floor_to", "grid_code", "households"]
    plain = assignment[columns].astype(object)
    rows = plain.where(plain.notna(), None).to_numpy().tolist()
    for row in sorted(rows, key=lambda row: [str(value) for value in row]):
        _add(digest, *row)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", *values: object) -> None:
    told = "\t".join("" if value is None or value is pd.NA else str(value) for value in values)
    digest.update(f"{told}\n".encode())
