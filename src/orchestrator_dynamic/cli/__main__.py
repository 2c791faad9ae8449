"""`python -m orchestrator_dynamic.cli` is `orq`."""

from orchestrator_dynamic.cli.main import main

if __name__ == "__main__":
    main()
