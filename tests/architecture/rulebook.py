"""Every rule about source text, in one place; what ruff or import-linter can keep is theirs."""

from tests.architecture import (
    conduct_rules,
    error_rules,
    honesty_rules,
    import_rules,
    purity_rules,
    size_rules,
)
from tests.architecture.rule import Rule

RULES: tuple[Rule, ...] = (
    *size_rules.RULES,
    *import_rules.RULES,
    *purity_rules.RULES,
    *error_rules.RULES,
    *conduct_rules.RULES,
    *honesty_rules.RULES,
)
