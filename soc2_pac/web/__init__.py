"""``soc2-pac serve``: the store as pages for people, and as JSON and CSV for programs. No collection runs in it.

- :mod:`soc2_pac.web.app`: addresses, answers, and what holds for every answer (who asks, from where, headers).
- :mod:`soc2_pac.web.access`: who may see it: a link that works once, sessions on the server.
- :mod:`soc2_pac.web.lists`: every list: its columns, its filters, where its rows come from. A list is read by one
  function for the page, its ``.json`` and its ``.csv``, so that the three cannot differ.
- :mod:`soc2_pac.web.details`: one finding, rule, control, document, run.
- :mod:`soc2_pac.web.render`: from values to HTML. All that a provider said is text there, never markup.

Nothing here writes, and nothing here speaks SQL: what it needs is asked of the store's and the audit's functions within
a transaction that cannot write.
"""
