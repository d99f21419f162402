"""What search adds to a dataset when it is indexed, and to a query when it is asked."""

from __future__ import annotations

import ckan.plugins as p


class SearchHooks(p.SingletonPlugin):
    """Indexing, facets and queries of budgets."""

    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IFacets, inherit=True)
