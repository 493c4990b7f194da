"""``userkit doctor``: what goes wrong in production, looked for before it does.

``--json`` prints one object for programs. Its keys stay; new ones may come::

    {
      "schema": 1,
      "ok": true,                    false when the exit code is 1
      "findings": [
        {
          "check": "secret strength",
          "state": "ok",               or "warn", "fail", "skipped"
          "found": "…",                a sentence
          "advice": ""                 how to mend it, empty where there is nothing to mend
        }
      ]
    }
"""

from userkit.cli.doctor.command import doctor

__all__ = ["doctor"]
