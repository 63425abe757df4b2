"""Jobs on other machines: a Dask cluster that the user runs. See docs/cluster.md."""
