"""Promises about load: X7, X10 and X16."""
