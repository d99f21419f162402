"""What search adds to a dataset when it is indexed, and to a query when it is asked."""

from __future__ import annotations

import ckan.model as model
import ckan.plugins as p

from ckanext.budgetod.model import BudgetDataset
from ckanext.budgetod.search import document, facets, licences, query


class SearchHooks(p.SingletonPlugin):
    """Indexing, facets and queries of budgets; their licence in the register."""

    p.implements(p.IConfigurable, inherit=True)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IFacets, inherit=True)

    def configure(self, config):
        licences.add_licence()
        if p.plugin_loaded("dcat"):
            from ckanext.budgetod.search import dcat  # ckanext-dcat is there only when it is used

            dcat.add_profile(config)

    def before_dataset_index(self, pkg_dict):
        if pkg_dict.get("dataset_type") != "budget":
            return pkg_dict
        with model.Session.no_autoflush:
            registered = BudgetDataset.of_package(pkg_dict["id"])
        built = registered.built if registered else {}
        return document.index_budget(pkg_dict, built.get("notes") or "")

    def before_dataset_search(self, search_params):
        return query.rewrite(search_params)

    def after_dataset_search(self, search_results, search_params):
        facets.put_labels(search_results.get("search_facets") or {})
        return search_results

    def dataset_facets(self, facets_dict, package_type):
        if package_type == "budget":
            return type(facets_dict)(facets.titles())
        return self._after(facets_dict) if package_type == "dataset" else facets_dict

    def organization_facets(self, facets_dict, organization_type, package_type):
        return self._after(facets_dict)

    @staticmethod
    def _after(facets_dict):
        """The portal's own facets, then those of budgets (hidden where no result is a budget)."""
        return type(facets_dict)({**facets_dict, **facets.titles()})
