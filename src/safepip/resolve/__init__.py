"""From requirements to a plan: candidates admitted one by one, every refusal kept with its reason."""
