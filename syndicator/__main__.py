"""`python -m syndicator` and the `syndicator` command."""


def main() -> None:
    """Run the command line."""
    # A sandbox worker imports the main module too, and would pay a second for a command line that it never uses.
    from syndicator.cli import main as run_command  # noqa: PLC0415

    run_command()


if __name__ == "__main__":
    main()
