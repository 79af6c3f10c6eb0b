"""``python -m soc2_pac``: the command line."""

from soc2_pac.cli import main

if __name__ == "__main__":
    main()
