"""The entity types that files may hold, each a declaration of its columns, examples and rules."""

from . import contacts, devices, products, reward_scheme_codes

__all__ = ["contacts", "devices", "products", "reward_scheme_codes"]
