"""China keeps one time, all year."""

from datetime import timedelta, timezone

CHINA_TIME = timezone(timedelta(hours=8), "CST")
