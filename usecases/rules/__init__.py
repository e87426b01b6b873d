"""Pure formulas: numbers in, numbers out."""
