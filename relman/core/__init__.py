"""The pure half of relman: types, judgement, plans. No clock, disk, network or environment."""
