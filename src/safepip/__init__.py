"""A drop-in for pip that makes supply-chain mistakes impossible instead of discouraged."""

__version__ = "0.1.0"
