"""What callers may not change: fields read from documents, and files built from them."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.model import BudgetDocument

from . import gate, owners

SYSTEM_FIELDS = ("name", "license_id")
ATTACHED = "document"


@dataclass(slots=True)
class Guarded:
    """A budget dataset in somebody's hands: what it is, and which resources are a document's."""

    original: dict[str, Any]
    documents: list[BudgetDocument]
    entries: set[str] = field(default_factory=set)
    """Ids of entries that this very request makes for its documents."""
    resources: dict[str, dict[str, Any]] = field(init=False)
    owners: dict[str, BudgetDocument] = field(init=False)

    def __post_init__(self) -> None:
        self.resources = {r["id"]: r for r in self.original.get("resources", [])}
        self.owners = {
            resource_id: document
            for document in self.documents
            for resource_id in document.resource_ids.values()
        }

    def is_file(self, resource_id: str | None) -> bool:
        """True for a file of a document, which only publication writes."""
        return resource_id in self.owners

    def is_derived(self, resource_id: str | None) -> bool:
        """True for a file that is built, not deposited."""
        document = self.owners.get(resource_id or "")
        return document is not None and document.resource_ids.get("xml") != resource_id

    def clean_dataset(self, data: dict[str, Any]) -> None:
        """Put system fields back; a dataset without a published document stays private."""
        for name in [name for name in data if _is_system(name)]:
            del data[name]
        data.update({n: deepcopy(v) for n, v in self.original.items() if _is_system(n)})
        if "extras" in data:
            data["extras"] = [e for e in data["extras"] or [] if not _is_system(e.get("key", ""))]
        if not self.published():
            data["private"] = True
        self._keep_owner(data)

    def _keep_owner(self, data: dict[str, Any]) -> None:
        """A budget whose SIREN an organisation holds is given to nobody else."""
        siren = self.original.get("budget_siren")
        holder = owners.owner_of(siren) if siren else None
        if holder is not None and data.get("owner_org") not in (None, holder.id, holder.name):
            data["owner_org"] = self.original.get("owner_org")

    def clean_resources(self, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Files of documents as they were; the others without system fields.

        Raises ValidationError for an id given twice, which the database would refuse.
        """
        given = Counter(resource["id"] for resource in resources if resource.get("id"))
        if given and max(given.values()) > 1:
            raise tk.ValidationError({"resources": [tk._("Resource id already exists.")]})
        return [self._clean_resource(resource) for resource in resources]

    def _clean_resource(self, resource: dict[str, Any]) -> dict[str, Any]:
        known = self.resources.get(resource.get("id", ""))
        if known is not None and self.is_file(known["id"]):
            return deepcopy(known)
        if resource.get("id") not in self.entries:
            clean_attached(resource)
        return resource

    def published(self, but: frozenset[str] = frozenset()) -> list[BudgetDocument]:
        """Documents in public, without those whose keys are in ``but``."""
        return [
            document
            for document in self.documents
            if document.is_public and document.key not in but
        ]

    def missing(self, resources: list[dict[str, Any]]) -> list[BudgetDocument]:
        """Documents of which the caller leaves out at least one file that the dataset has."""
        given = {resource.get("id") for resource in resources}
        gone = [rid for rid in self.resources if rid in self.owners and rid not in given]
        return list({self.owners[rid].key: self.owners[rid] for rid in gone}.values())

    def is_stale(self, data: dict[str, Any]) -> bool:
        """The caller read the dataset before its last change: what is missing was not deleted."""
        read = data.get("metadata_modified")
        return bool(read) and str(read) != str(self.original.get("metadata_modified"))

    def restore(self, data: dict[str, Any], documents: list[BudgetDocument]) -> None:
        """Give back the files that a stale caller does not know."""
        given = {resource.get("id") for resource in data["resources"]}
        keys = {document.key for document in documents}
        data["resources"] += [
            deepcopy(resource)
            for rid, resource in self.resources.items()
            if rid not in given and rid in self.owners and self.owners[rid].key in keys
        ]

    def take_out(self, data: dict[str, Any], documents: list[BudgetDocument]) -> None:
        """Deleting one file of a document deletes all of them, in the same write."""
        keys = frozenset(document.key for document in documents)
        data["resources"] = [
            resource
            for resource in data["resources"]
            if not (resource.get("id") in self.owners and self.owners[resource["id"]].key in keys)
        ]
        left = self.published(but=keys)
        data["budget_etapes"] = sorted({Stage(one.etape).slug for one in left if one.is_budget})
        data["budget_categories"] = sorted({one.categorie for one in left if one.is_budget})
        if not left:
            data["private"] = True


def _is_system(name: str) -> bool:
    return name.startswith("budget_") or name in SYSTEM_FIELDS


def clean_attached(resource: dict[str, Any]) -> None:
    """A link or an attached PDF: system fields go, links to XML and other files are refused."""
    for name in [name for name in resource if name.startswith(("budget_", "budgetod_"))]:
        resource.pop(name)
    resource["budgetod_role"] = ATTACHED
    resource.pop("conforms_to", None)
    if gate.is_file(resource.get("upload")):
        gate.require_pdf(resource["upload"])
    elif resource.get("url_type") != "upload":
        gate.check_link(resource.get("url") or "")


__all__ = ["ATTACHED", "Guarded", "clean_attached"]
