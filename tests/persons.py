"""People for tests of login and mail, written straight into the tables."""

from portal.models import Admin, Affiliate, AffiliateCode
from portal.rules import ACTIVE, email_key


def affiliate(code, now, *, status=ACTIVE, email=None, name=None):
    email = email or f"{code}@example.com"
    made = Affiliate.create(
        code=code,
        email=email,
        email_key=email_key(email),
        name=name or code.title(),
        status=status,
        applied_at=now,
    )
    AffiliateCode.create(code=code, affiliate=made, fact_id=0)
    return made


def admin(email, now):
    return Admin.create(email=email, email_key=email_key(email), name="Office", created_at=now)
