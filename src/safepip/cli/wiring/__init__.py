"""The real world: the only package that knows which class implements which port."""
