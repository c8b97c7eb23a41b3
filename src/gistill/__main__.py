"""`python -m gistill` is `gistill`."""

from gistill.cli import main

if __name__ == "__main__":
    main()
