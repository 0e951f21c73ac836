"""What is left when relman dies, at every single effect it has on a cluster, and how it is brought to an end.

    landscapes  the platforms that are moved
    runs        what dies: an upgrade, one that fails, a rollback, an abort, …
    ways        what comes afterwards: resume, abort, another upgrade
    deaths      the states of the cluster at which a run can die
    verdict     what must hold at the end
    matrix      every run, stopped at every effect, followed by every way

`python -m tests.crash` runs it on eight services and writes its table; the tests run it on four.
"""
