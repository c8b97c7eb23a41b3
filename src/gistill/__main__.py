"""`python -m gistill` and the command `gistill`."""

import sys


def main() -> None:
    """Run the command line; an interrupt while it is still being loaded ends as one later does."""
    try:
        from gistill.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
