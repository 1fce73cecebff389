"""Times as the database keeps them: UTC text that sorts as it passes."""

from datetime import datetime, timezone


def utc_now():
    return datetime.now(timezone.utc)


def utc_text(moment=None):
    moment = moment or utc_now()
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
