"""What measures. Run it with `make bench`; it prints numbers and ratios taken in one run."""
