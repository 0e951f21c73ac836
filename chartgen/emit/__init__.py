"""What other systems need to know of a platform: image lists, names, balancers, scrape jobs, the graph. Pure.

Each module finds its facts in one environment of a resolved platform and writes them in the other system's language.
"""
