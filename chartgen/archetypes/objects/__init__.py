"""Objects that are data of a chart's values, and patches of rendered objects: for every archetype that has them."""
