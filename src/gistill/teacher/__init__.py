"""A teacher behind HTTP: asked through a gate, within limits, with every attempt in a journal. Also its doctor."""
