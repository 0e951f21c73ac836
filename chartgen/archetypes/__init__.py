"""The kinds of chart a service can get, one package each: its words, its Helm values, its templates."""
