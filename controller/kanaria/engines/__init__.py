"""How a step becomes an object that runs it: one file for each engine."""
