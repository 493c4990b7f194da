"""Private database servers for the tests: real programs, free ports, data in a temporary folder.

A server starts when the first test asks for its fixture (`postgres16`, `postgres18`, `mariadb`), and is gone
when the test run ends, however it ends. `FaultProxy` stands between a test and a server and breaks the wire.
"""
