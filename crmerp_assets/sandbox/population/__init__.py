"""A seeded population of companies, people and products in two systems, with the truth about who is who.

For tests of matching, for its benchmark and for demonstrations: as messy as practice, with the cases that are hard on
purpose, in fourteen countries and five scripts, and quick enough for a million records on each side.
"""

from crmerp_assets.sandbox.population.generate import population
from crmerp_assets.sandbox.population.model import COLUMNS, CRM, ERP, Habits, Population
from crmerp_assets.sandbox.population.people import People, people
from crmerp_assets.sandbox.population.products import Products, products

__all__ = ["COLUMNS", "CRM", "ERP", "Habits", "People", "Population", "Products", "people", "population", "products"]
