"""The plugin: which of our modules CKAN calls, and nothing else."""

from __future__ import annotations

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.plugins import DefaultTranslation

from ckanext.budgetod import cli, config, helpers, views
from ckanext.budgetod.deposit.loaders import LoaderGuard
from ckanext.budgetod.logic import (
    action,
    auth,
    chained,
    chained_datastore,
    chained_deletion,
    chained_harvest,
    chained_owner,
    dcat_schema,
    validators,
)
from ckanext.budgetod.search.hooks import SearchHooks
from ckanext.budgetod.sources.territory import use_overlays


@tk.blanket.config_declarations
@tk.blanket.auth_functions(auth)
@tk.blanket.validators(validators)
@tk.blanket.helpers(helpers)
@tk.blanket.blueprints(views.get_blueprints)
@tk.blanket.cli(cli.get_commands)
class BudgetodPlugin(SearchHooks, LoaderGuard, p.SingletonPlugin, DefaultTranslation):
    """Local authority budgets: deposit, publication, pages and search."""

    p.implements(p.IConfigurer)
    p.implements(p.ITranslation)
    p.implements(p.IActions)

    def update_config(self, config_):
        tk.add_template_directory(config_, "templates")
        tk.add_public_directory(config_, "public")
        tk.add_resource("assets", "budgetod")

    def configure(self, config_):
        super().configure(config_)
        config.check_sizes()
        use_overlays(config.territory_path())

    def get_actions(self):
        modules = [action, chained, chained_deletion, chained_owner]
        if p.plugin_loaded("datastore"):
            modules.append(chained_datastore)
        if p.plugin_loaded("harvest"):
            modules.append(chained_harvest)
        if p.plugin_loaded("scheming_datasets"):
            modules.append(dcat_schema)
        return {name: getattr(module, name) for module in modules for name in module.__all__}
