"""What a language model is asked: each skill is two pure functions, render(input) -> messages and parse(text)."""
