"""Train the reader: labelled sentences to the network that marks spans, and its model folder."""
