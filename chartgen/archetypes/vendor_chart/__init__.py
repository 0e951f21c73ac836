"""vendor-chart: a third party's chart as a service of the platform."""
