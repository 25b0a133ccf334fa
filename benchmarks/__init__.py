"""The benchmark: our stages beside other ways of doing the same, on the same data, in one run."""
