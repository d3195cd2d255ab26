# Peers and load generators.
