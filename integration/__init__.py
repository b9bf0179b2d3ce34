"""The truth: real index servers on loopback, the real command line, real environments."""
