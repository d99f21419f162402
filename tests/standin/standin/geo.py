"""Stand-ins of geo.api.gouv.fr and recherche-entreprises.api.gouv.fr, from the shipped table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ckanext.budgetod.engine.builder import fictional_siret
from ckanext.budgetod.sources.territory import Collectivity, fold, territory

from .reply import Reply, Request, json_reply
from .world import World

_SHORTER = {
    "Communauté de communes": "CC",
    "Communauté d'agglomération": "CA",
    "Communauté urbaine": "CU",
}
_LEGAL = {"commune": "7210", "departement": "7220", "region": "7230", "epci": "7346"}
"""Type -> ``nature_juridique``."""


class Geo:
    """Communes and EPCI as they are today: communes that merged are not there any more."""

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, request: Request) -> Reply:
        routes: tuple[tuple[str, Callable[..., Reply]], ...] = (
            (r"/communes", self.communes),
            (r"/communes/(\w+)", self.commune),
            (r"/epcis", self.epcis),
            (r"/epcis/(\d{9})", self.epci),
            (r"/epcis/(\d{9})/communes", self.communes_of_epci),
            (r"/departements/(\w+)/communes", self.communes_of_departement),
            (r"/regions/(\w+)/departements", self.departements),
        )
        for pattern, handler in routes:
            if found := re.fullmatch(pattern, request.path.rstrip("/")):
                return handler(request, *found.groups())
        return _missing()

    def _today(self, kind: str) -> Iterable[Collectivity]:
        newest = territory().about["vintage"]
        return (one for one in self.world.of(kind) if one.vintage == newest)

    def communes(self, request: Request) -> Reply:
        asked = {
            "codeRegion": lambda one: one.region,
            "codeDepartement": lambda one: one.departement,
            "codeEpci": lambda one: one.epci,
            "siren": lambda one: one.siren,
            "code": lambda one: one.insee,
        }
        found = self._today("commune")
        for name, read in asked.items():
            if wanted := request.arg(name):
                found = [one for one in found if read(one) == wanted]
        if wanted := fold(request.arg("nom")):
            found = [one for one in found if wanted in fold(one.name)]
        return _listed(request, found, commune)

    def commune(self, request: Request, code: str) -> Reply:
        found = [one for one in self._today("commune") if one.insee == code]
        return json_reply(_kept(request, commune(found[0]))) if found else _missing()

    def communes_of_epci(self, request: Request, siren: str) -> Reply:
        return _listed(request, (c for c in self._today("commune") if c.epci == siren), commune)

    def communes_of_departement(self, request: Request, code: str) -> Reply:
        found = (c for c in self._today("commune") if c.departement == code)
        return _listed(request, found, commune)

    def epcis(self, request: Request) -> Reply:
        region = request.arg("codeRegion")
        found = (one for one in self._today("epci") if not region or one.region == region)
        return _listed(request, found, self._epci)

    def epci(self, request: Request, siren: str) -> Reply:
        found = [one for one in self._today("epci") if one.siren == siren]
        return json_reply(_kept(request, self._epci(found[0]))) if found else _missing()

    def _epci(self, one: Collectivity) -> dict[str, object]:
        name = one.name
        for long, short in _SHORTER.items():
            name = name.replace(long, short)
        return {
            "nom": name,
            "code": one.siren,
            "codesDepartements": [one.departement],
            "codesRegions": [one.region],
            "population": one.population,
        }

    def departements(self, _: Request, region: str) -> Reply:
        table = territory().about["departements"]
        codes = [code for code, (_, _, of) in table.items() if of == region]
        found = [{"nom": table[c][0], "code": c, "codeRegion": region} for c in sorted(codes)]
        return json_reply(found)


def commune(one: Collectivity) -> dict[str, object]:
    """Fields that the service gives by default; unknown ones are absent."""
    found = {
        "nom": one.name,
        "code": one.insee,
        "codeDepartement": one.departement,
        "siren": one.siren,
        "codeEpci": one.epci,
        "codeRegion": one.region,
        "codesPostaux": list(one.postcodes),
        "population": one.population,
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def _listed(
    request: Request,
    found: Iterable[Collectivity],
    describe: Callable[[Collectivity], dict[str, object]],
) -> Reply:
    objects = [_kept(request, describe(one)) for one in found]
    limit = request.arg("limit")
    return json_reply(objects[: int(limit)] if limit.isdigit() else objects)


def _kept(request: Request, found: dict[str, object]) -> dict[str, object]:
    """The fields asked; name and code always."""
    asked = {name for name in request.arg("fields").split(",") if name} | {"nom", "code"}
    return found if len(asked) == 2 else {k: v for k, v in found.items() if k in asked}


def _missing() -> Reply:
    return Reply(b"Not Found", 404, {"Content-Type": "text/plain; charset=utf-8"})


class Entreprises:
    """Search of legal units by SIREN, SIRET or words of the name."""

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, request: Request) -> Reply:
        if request.path.rstrip("/") != "/search":
            return json_reply({"erreur": "Route inconnue."}, 404)
        asked = request.arg("q").strip()
        if len(asked) < 3:
            text = "3 caractères minimum pour les termes de la requête."
            return json_reply({"erreur": text}, 400)
        page, size = int(request.arg("page", "1")), min(25, int(request.arg("per_page", "10")))
        found = self._found(asked)
        return json_reply(
            {
                "results": [self._unit(one) for one in found[(page - 1) * size : page * size]],
                "total_results": len(found),
                "page": page,
                "per_page": size,
                "total_pages": -(-len(found) // size),
            }
        )

    def _found(self, asked: str) -> list[Collectivity]:
        digits = re.sub(r"\s", "", asked)
        if re.fullmatch(r"\d{9}|\d{14}", digits):
            one = self.world.lookup(digits[:9])
            return [one] if one and digits in (one.siren, fictional_siret(one.siren)) else []
        kinds = ("commune", "epci", "departement", "region", "syndicat")
        words = fold(asked).split()
        everyone = (one for kind in kinds for one in self.world.of(kind))
        return [one for one in everyone if all(word in fold(one.title).split() for word in words)]

    def _unit(self, one: Collectivity) -> dict[str, object]:
        name = fold(one.title).upper()
        postcode = one.postcodes[0] if one.postcodes else ""
        return {
            "siren": one.siren,
            "nom_complet": name,
            "nom_raison_sociale": name,
            "sigle": None,
            "nombre_etablissements": 3,
            "nombre_etablissements_ouverts": 2,
            "siege": {
                "siret": fictional_siret(one.siren),
                "activite_principale": "84.11Z",
                "adresse": f"HOTEL DE VILLE {postcode} {name}".strip(),
                "code_postal": postcode or None,
                "commune": one.insee or None,
                "departement": one.departement or None,
                "est_siege": True,
                "etat_administratif": "A",
            },
            "activite_principale": "84.11Z",
            "categorie_entreprise": "PME",
            "dirigeants": [],
            "etat_administratif": "A",
            "nature_juridique": _LEGAL.get(one.type, "7353"),
            "section_activite_principale": "O",
            "statut_diffusion": "O",
        }
