"""One HTTP exchange for all clients: bounds, addresses, attempts, pages, and what an answer may be.

A provider's client keeps what is its own: how it signs in, what its errors mean, how it pages. Everything
else is here once: no exchange lasts longer or grows larger than it may, no credential goes to another host,
nothing is redirected, every request is counted before it is sent.

- :mod:`~soc2_collectors.exchange.wire` sends one request and reads its answer.
- :mod:`~soc2_collectors.exchange.session` lets libraries that sign in by ``requests`` use the same wire.
- :mod:`~soc2_collectors.exchange.attempts` asks again where that may help.
- :mod:`~soc2_collectors.exchange.caller` is what all clients do for a collector.
- :mod:`~soc2_collectors.exchange.outside` counts and bounds what belongs to no unit of work.
- :mod:`~soc2_collectors.exchange.pages` follows a listing to its end.
- :mod:`~soc2_collectors.exchange.keeping` puts files into object stores, for those who do not collect.
- :mod:`~soc2_collectors.exchange.records` makes documents of records, the malformed ones too.

Importing any of them loads no HTTP library.
"""
