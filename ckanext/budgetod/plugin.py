"""The plugin: which of our modules CKAN calls, and nothing else."""

from __future__ import annotations

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.plugins import DefaultTranslation

from ckanext.budgetod.logic import organisation
from ckanext.budgetod.search.hooks import SearchHooks


@tk.blanket.config_declarations
@tk.blanket.validators(organisation)
class BudgetodPlugin(SearchHooks, p.SingletonPlugin, DefaultTranslation):
    """Local authority budgets: deposit, publication, pages and search."""

    p.implements(p.IConfigurer)
    p.implements(p.ITranslation)

    def update_config(self, config):
        tk.add_template_directory(config, "templates")
        tk.add_public_directory(config, "public")
        tk.add_resource("assets", "budgetod")
