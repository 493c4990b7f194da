"""The ports beside storage, a module for each kind of plugin, with everything that one is written with.

``authentication``, ``cache``, ``language_model``, ``mail``, ``passwords`` and ``rate_limit``.
"""
