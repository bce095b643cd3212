"""How long to wait after failed tries to sign in.

Two counts, so that nobody can lock another person out from elsewhere:

- of one account from one address: a few tries are free, then each further failure doubles the wait, up to a quarter of
  an hour. Whoever types somebody's name into the sign-in page of another machine slows that machine alone;
- of one account from all strange addresses together: after a hundred failures these share one try a minute. Addresses
  from which the person signed in of late are not among them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from geo.access.limits import figure, span

_NONE = timedelta(0)


def wait_at_address(failed: Sequence[datetime], now: datetime) -> timedelta:
    """Return how long one address still has to wait for one account.

    Parameters
    ----------
    failed
        When tries failed since the last success, in any order.
    now
        With its zone, as those are.
    """
    counted = [at for at in failed if now - at < span("forget_hours")]
    beyond = len(counted) - figure("free_tries")
    if beyond < 0:
        return _NONE
    # Doubling stops being of use long before it would overflow.
    doublings: int = 2 ** min(beyond, 20)
    grown = span("first_wait_seconds") * doublings
    return max(_NONE, max(counted) + min(grown, span("most_wait_seconds")) - now)


def wait_for_account(failed: Sequence[datetime], now: datetime) -> timedelta:
    """Return how long strange addresses together still have to wait for one account.

    Parameters
    ----------
    failed
        When tries from strange addresses failed, in any order.
    now
        With its zone, as those are.
    """
    counted = [at for at in failed if now - at < span("forget_hours")]
    if len(counted) < figure("account_tries"):
        return _NONE
    return max(_NONE, max(counted) + span("account_wait_seconds") - now)
