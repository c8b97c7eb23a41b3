"""The benchmark of any skill: a file of examples, scored by the measures of the skill that they are of."""
