"""What is allowed: the policy files of every layer, read strictly and merged only ever tighter."""
