"""A writer behind the API of OpenAI: what programs that know that API can ask."""
