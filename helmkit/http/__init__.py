"""HTTP as the registry and Harbor clients need it: one connection pool for both, no cookies, shared retries.

Exchange, Reply (exchange)  <-  HttpExchange (pool)  ->  DirectPool (direct): nearly every request
                                                     ->  httpx2: proxies, redirects, bodies in pieces
send_patiently (retry)      what passes is tried again, with a limit
"""
