"""`python -m syndicator` and the `syndicator` command."""

from syndicator.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
