"""Examples to tokens to weights. Needs the extra `train`; nothing here is loaded to use a model."""
