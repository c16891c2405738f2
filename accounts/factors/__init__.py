"""Second factors: authenticator apps, passkeys, recovery codes, and what to do when all are lost.

Sessions know whether a factor was shown in them (`accounts.sessions`); which routes ask for one is
declared there (`core.web.caller`).
"""
