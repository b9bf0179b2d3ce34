"""The command line: arguments to a flow, a flow's end to an exit code."""
