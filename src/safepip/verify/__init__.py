"""Whether a file is what it claims to be. Pure: bytes and values in, findings out."""
