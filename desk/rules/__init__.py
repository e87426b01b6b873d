"""Pure rules of the desk: no Django."""
