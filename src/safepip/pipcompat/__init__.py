"""pip's language, read as pip reads it: arguments, environment, configuration and requirement files."""
