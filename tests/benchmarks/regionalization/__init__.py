"""What ``bench_regionalization`` measures with: instances, peers, children with their own clock, a checker."""
