"""Names of unknown fields in words: « MtAmortExer » -> « Montant amortissement exercice ».

Known fields have their words in ``field_texts.json``. For the others, the words below undo the
abbreviations of the schema.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS: dict[str, str] = dict(
    pair.split("=", 1)  # type: ignore[misc]
    for pair in """
    Mt=montant Cod=code Code=code Lib=libellé Libelle=libellé Nat=nature Typ=type Type=type
    STyp=sous-type Nom=nom Num=numéro Dt=date Date=date Tx=taux Nb=nombre Nbr=nombre Nbre=nombre
    Ind=indice Duree=durée Exer=exercice Rest=restant Du=dû Init=initial Orig=origine
    Empr=emprunt Emprunt=emprunt Couv=couverture Contr=contrat Contrat=contrat Orga=organisme
    Org=organisme Benef=bénéficiaire Preteur=prêteur Pret=prêt Prov=provision Real=réalisé
    Cred=crédits Ouv=ouverts Prec=précédent Amort=amortissement Bien=bien Acqui=acquisition
    Cess=cession Sorti=sorti Sortie=sortie Immo=immobilisation Cumul=cumulé Autori=autorisation
    Propose=proposé Vote=vote Dispo=disponible Affectee=affectée Annulee=annulée
    Delib=délibération Etab=établissement Etal=étalement Dep=dépense Transf=transférée
    Dot=dotation Capital=capital Int=intérêts Period=périodicité Remb=remboursement
    Profil=profil Reneg=renégocié Garanti=garanti Garantie=garantie Eng=engagement
    Group=regroupement Financ=financement Fin=fin Deb=début Creat=créés Suppr=supprimés
    Emploi=emplois Agent=agent Titulaire=titulaire Sect=filière Motif=motif Cat=catégorie
    Variation=variation Vari=variable Patrim=patrimoine Modal=modalité Entree=entrée Base=base
    Notif=notifiée Prod=produit Contrib=contribution Sous=sous Budget=budget Bud=budget
    Annex=annexe Annexe=annexe Agreg=agrégat Mandat=mandats Titre=titres Ventil=ventilation
    Regroup=regroupement Chapitre=chapitre Article=article Service=service Fond=fonds
    Fonds=fonds Oper=opération Aide=aide Forme=forme Vers=versement Convent=convention Tot=total
    Total=total Ant=antérieur Presta=prestation Observ=observations Obj=objet Prise=prise
    Partic=participation Activ=activité Indic=indicateur Remun=rémunération Co=co Sign=signature
    Ann=année Part=part Invest=investissement Nette=nette Annuit=annuité Dette=dette
    Perso=personne Morale=morale Reliquat=reliquat Regul=régularisation Dest=destination
    Cpte=compte Cpt=compte Struct=structure Structure=structure Stucture=structure
    Jacent=sous-jacent Apres=après Avant=avant Anticipe=anticipé Maxi=maximum Mini=minimum
    Comm=commission Prime=prime Payee=payée Recue=reçue Paye=payé Recu=reçu Risq=risque
    Redev=redevance Trav=travaux Affect=affectation Ress=ressources Ext=externes Commune=commune
    Proprietaire=propriétaire Superficie=superficie Moins=moins Plus=plus Value=value
    Credits=crédits Flux=flux Fonc=fonction Jur=juridique Ratio=ratio Max=maximum Memb=membres
    Suff=suffrages Exprime=exprimés Present=présents Elu=élu Proc=procédé Tab=tableau
    Apprent=apprentissage Adh=adhésion Mod=mode Dec=décision Form=formation Recette=recette
    Convoc=convocation Transm=transmission Prefect=préfecture Pub=publication Reuni=réunion
    Constit=constitution Constat=constatation Manda=mandatés Tirage=tirage Autorise=autorisé
    Reglt=règlement Echeance=échéance Echoir=à-échoir Ferrov=ferroviaire Mise=mise Rame=rame
    Pot=potentiel Heberg=hébergement Emetteurs=émetteurs Acquit=acquittement Mesure=mesure
    Programmation=programmation Indice=indice Index=indice Grade=grade Effectif=effectif
    Siret=SIRET Marge=marge Actua=actuariel Repr=reprise Temps=temps Complet=complet
    Permanent=permanent Origine=origine Inventaire=inventaire
    """.split()  # noqa: SIM905
)
_PARTS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")
_DAYS = re.compile(r"_?(01_01|0101|31_12|3112)(?=_|$)")


@lru_cache(maxsize=1024)
def title(name: str) -> str:
    """A French title for a field that nobody described."""
    text = name.replace("_NMoins", " N-").replace("_NPlus", " N+")
    day = _DAYS.search(text)
    text = _DAYS.sub("", text)
    words = [_word(part) for part in re.split(r"(\sN[-+]\d)|_", text) if part]
    if day:
        words.append("au 01/01" if day[1].startswith("01") else "au 31/12")
    joined = " ".join(words).strip()
    return joined[:1].upper() + joined[1:] if joined else name


def _word(part: str) -> str:
    if part.startswith(" N"):
        return part.strip()
    return " ".join(_WORDS.get(piece, _shown(piece)) for piece in _PARTS.findall(part))


def _shown(piece: str) -> str:
    return piece if piece.isupper() or piece.isdigit() else piece.lower()
