"""`python -m orchestrator_dynamic` is `orq serve`."""

import sys

from orchestrator_dynamic.cli.main import main

if __name__ == "__main__":
    sys.argv[1:1] = ["serve"]
    main()
