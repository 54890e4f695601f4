"""The products that ours is measured against: installed by the benchmark itself, apart from our own environment."""
