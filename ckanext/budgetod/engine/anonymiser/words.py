"""Words that mark a legal person, and common words of accounting labels (lower case, no accents).

Lists of words, not of names: they are made by hand from legal forms, public bodies, kinds of
associations and of lenders.
"""

from __future__ import annotations

LEGAL_FORMS = frozenset(
    """
    sas sasu sarl eurl sci scic scop snc scp scpi sem seml semop semi spl spla sasp gie gip geie
    gfa gaec earl cuma epic epci epa epf epfl epl ept epage eptb oph ophlm opac hlm esh sivu
    sivom sictom smictom sitcom sia siaep sivos sdis ccas cias ste societe societes ets
    etablissement etablissements entreprise entreprises groupe groupement holding association
    associations asso asbl asa afr coop cooperative cooperatives mutuelle mutuelles mutualite
    mutualiste fondation federation confederation syndicat syndicats syndical consortium
    compagnie cie ltd gmbh plc bv inc spa sccv scv scea selarl scm gfr epcc aful asl
    """.split()  # noqa: SIM905
)
"""Legal forms: one of them anywhere in the value is enough."""

LEGAL_WORDS = frozenset(
    """
    commune communes communal communale ville villes mairie departement departemental
    departementale departementaux region regional regionale metropole metropolitain communaute
    agglomeration intercommunal intercommunale municipal municipale municipaux municipales
    prefecture ministere tresor tresorerie republique etat europe europeen europeenne feder
    national nationale nationaux caisse caisses banque bank credit depots dexia sfil caffil cdc
    caf carsat cpam cnracl msa urssaf ademe anah anru bpifrance bnp lcl hsbc natixis arkea bcme
    cacib casden crcam crca bpce epargne livret societegenerale edf engie enedis grdf rte sncf
    ratp gdf sigeif sipperec office agence agences chambre comite comites club clubs union
    unions amicale amicales ligue cercle collectif mission foyer patronage residences habitat
    habitats logement logements immobilier immobiliere hopital hospitalier hospitaliere clinique
    ehpad ime esat creche creches garderie halte ecole ecoles college lycee universite
    universitaire institut academie rectorat campus theatre theatres musee musees mediatheque
    bibliotheque cinema conservatoire orchestre harmonie fanfare chorale festival comedie ballet
    scene sportif sportive sportifs sportives sport sports omnisports football basket handball
    volley tennis rugby judo karate athletique athletisme gymnastique petanque natation cyclisme
    cyclo nautique paroisse diocese consistoire mosquee synagogue regie regies energie energies
    eaux assainissement transports transport stationnement autoroutes environnement services
    industries industrie travaux batiment construction constructions promotion amenagement
    developpement investissement investissements financement financiere finance finances
    assurance assurances gestion exploitation distribution editions supermarche magasins parents
    eleves anciens combattants retraites locataires proprietaires riverains habitants pompiers
    sapeurs chasseurs pecheurs agriculteurs commercants artisans donneurs secours restos
    solidarite insertion prevention entente congregation apei adapei adpep apel unc unacita
    fnaca fnath cgt cfdt cftc cfe admr snsm adoma erilia residence handicapes handicap culture
    culturel culturelle loisirs jeunesse jeunes enfance familles familial familiale familiales
    rurale rural ruraux populaire social sociale sociaux sociales tourisme patrimoine territoire
    territoires territorial territoriale pole bourse emploi formation interlogement usagers
    benevoles amis ogec mjc acca aappma usep unss cnfpt cdg cfa onf caue atd drfip ddfip fc us
    """.split()  # noqa: SIM905
)
"""Words of public bodies, lenders, associations and trades: one anywhere is enough."""

LEGAL_STARTS = frozenset(
    """
    maison maisons centre centres ctr atelier ateliers relais espace espaces compagnons ensemble
    ass cte
    """.split()  # noqa: SIM905
)
"""Words that mark a legal person when they come first and something follows."""

SOBER_WORDS = frozenset(
    """
    iban nir provision provisions pour depreciation depreciations litige litiges contentieux
    risque risques charge charges creance creances douteuse douteuses irrecouvrable
    irrecouvrables actif actifs circulant circulants compte comptes de des du la le les l d un
    une et en sur aux au a redevable redevables tiers epargne temps cet garantie garanties
    emprunt emprunts perte pertes change gros entretien grandes reparations revision revisions
    autre autres titre titres participation participations immobilisation immobilisations stock
    stocks encours financier financiers financiere element elements exceptionnel exceptionnelle
    exercice exercices anterieur anterieurs conges payes prime primes retraite allocation
    allocations chomage demantelement demolition remise etat site sites pollution amortissement
    amortissements derogatoire derogatoires gestion ressources humaines personnel non valeur
    admission liquidation redressement judiciaire judiciaires procedure procedures affaire
    affaires dossier dossiers divers diverse diverses impaye impayes loyer loyers cantine
    restauration scolaire eau assainissement travaux marche marches public publics urbanisme
    permis construire indemnite indemnites sinistre sinistres assurance dette dettes envers
    financement assurances rh m14 m57 m4 m49 c6815 c6817 constitution reprise reprises dotation
    dotations annee n ordre semi budgetaire budgetaires premiere deuxieme troisieme nouvelle
    nouvelles commune communale ville intercommunale contrat contrats engagement engagements
    pret prets avance avances par ou dans dont suite fin carriere carrieres decennale urbanismes
    admises admise admis valeurs cours terrain terrains amenagement zac rsa apa ais logement
    logements social sociaux sociale sociales dechets decharge exploitation post rehabilitation
    isdnd energie electricite gaz hausse taux interet interets swap structure structures
    toxiques rappel rappels salaire salaires agent agents depart departs retour emploi emplois
    travail accident accidents maladie longue duree prudhommes prud homme hommes tribunal
    administratif administrative appel cour recours contentieuses expropriation preemption
    remboursement remboursements fiscal fiscale fiscaux fiscalite taxe taxes impot impots trop
    percu versement versements subvention subventions amende amendes penalite penalites retard
    convention conventions concession delegation service services voirie reseau reseaux batiment
    batiments scolaires cimetiere concessions parking stationnement transport transports dechet
    ordures menageres tri collecte restitution caution cautions cautionnement associations
    association entreprise entreprises faillite locataire locataires occupation domaine
    domaniale foncier fonciere lot lots dommages ouvrage ouvrages malfacons desordres expertise
    expertises honoraires avocat avocats frais justice protocole transaction transactionnel
    regularisation regularisations ecart ecarts conversion monetaire marchandises produits
    matieres premieres budget principal annexe
    """.split()  # noqa: SIM905
)
"""Common words of accounting labels: anything else with a capital may be a name."""
