"""gistill behind HTTP (extra `serve`): all of it (`app`), or a writer alone (`openai`)."""
