"""How fast the product is, as ratios to the raw limits of the same machine in the same run: `python -m benchmarks`."""
