"""Parts of the benchmark of locating by address: the city's addresses, queries about them, peers."""
