"""The words of the domain: values that every other layer speaks in. Standard library and packaging only."""
