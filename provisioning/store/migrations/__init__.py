"""Migrations, numbered by hand; `HEAD` names the newest, so that two of one number collide visibly.

They are plain SQL without the table models, as the models move on and an old migration must not.
"""

HEAD = "m0004"
