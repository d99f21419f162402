"""SCDL "budget" 0.8.3: columns, rows, the CSV writer and the validator of rows."""
