"""The vocabulary of invented company and person names; no combination is meant to be an existing firm."""

STEM_HEADS = (
    *("Alder", "Amber", "Ashen", "Aster", "Bark", "Basalt", "Birch", "Brack", "Bram", "Brine", "Calder", "Carden"),
    *("Cedar", "Cinder", "Clar", "Cobalt", "Copper", "Corvin", "Dahl", "Dapple", "Drift", "Dun", "Elder", "Ember"),
    *("Fallow", "Fen", "Fern", "Flint", "Fossil", "Gale", "Garnet", "Glim", "Gran", "Harrow", "Hazel", "Heron"),
    *("Holm", "Ivory", "Jasper", "Juniper", "Kestrel", "Lark", "Lind", "Loam", "Lumen", "Maple", "Marl", "Merlin"),
    *("Moor", "Nettle", "Nimb", "Oaken", "Onyx", "Orchard", "Osprey", "Pebble", "Pine", "Plover", "Quarry", "Quill"),
    *("Raven", "Reed", "Rook", "Rowan", "Russet", "Sable", "Sedge", "Shale", "Silver", "Slate", "Sorrel", "Spruce"),
    *("Stork", "Tarn", "Teal", "Thistle", "Timber", "Umber", "Vale", "Verd", "Walnut", "Wether", "Willow", "Yarrow"),
)
STEM_TAILS = (
    *("beck", "bridge", "brook", "burn", "cliff", "combe", "crest", "dale", "field", "ford", "forge", "gate"),
    *("grove", "haven", "helm", "hollow", "hurst", "keep", "land", "leigh", "line", "loft", "mark", "mere"),
    *("moor", "point", "port", "reach", "ridge", "shore", "stead", "stone", "ton", "vane", "ward", "well"),
)
NOUNS = {
    "US": ("Systems", "Logistics", "Foods", "Robotics", "Health", "Energy", "Packaging", "Analytics", "Materials"),
    "CA": ("Resources", "Logistics", "Foods", "Software", "Forestry", "Energy", "Mining", "Analytics", "Aviation"),
    "GB": ("Engineering", "Logistics", "Foods", "Instruments", "Care", "Energy", "Print", "Analytics", "Textiles"),
    "DE": ("Maschinenbau", "Logistik", "Werke", "Technik", "Medizintechnik", "Energie", "Chemie", "Bau", "Optik"),
    "FR": ("Industries", "Logistique", "Distribution", "Conseil", "Optique", "Energie", "Chimie", "Bois", "Transports"),
}
INDUSTRIES = (
    *("Technology", "Transportation", "Agriculture", "Engineering", "Healthcare", "Energy", "Manufacturing"),
    *("Consulting", "Chemicals"),
)
# Legal form as the CRM's people write it, and how others write the same form.
LEGAL_FORMS = {
    "US": (("Inc.", ("Inc", "Incorporated", "INC")), ("LLC", ("L.L.C.",)), ("Corp.", ("Corporation", "Corp"))),
    "CA": (("Ltd.", ("Limited", "Ltd")), ("Inc.", ("Incorporated", "Inc"))),
    "GB": (("Ltd", ("Limited", "Ltd.")), ("PLC", ("plc", "P.L.C."))),
    "DE": (("GmbH", ("G.m.b.H.", "GMBH")), ("AG", ("Aktiengesellschaft",)), ("GmbH & Co. KG", ("GmbH & Co KG",))),
    "FR": (("SAS", ("S.A.S.",)), ("SARL", ("S.A.R.L.", "Sarl")), ("SA", ("S.A.",))),
}
BRANCHES = {"US": "America", "CA": "Canada", "GB": "UK", "DE": "Deutschland", "FR": "France"}
FIRST_NAMES = {
    "US": ("Emily", "James", "Olivia", "Marcus", "Grace", "Daniel", "Hannah", "Tyler", "Rachel", "Andre", "Megan"),
    "CA": ("Chloe", "Liam", "Sophie", "Owen", "Priya", "Etienne", "Claire", "Noah", "Mei", "Graham", "Julia"),
    "GB": ("Harriet", "Oliver", "Amelia", "Callum", "Imogen", "Rhys", "Priya", "Alistair", "Freya", "Hugh", "Nadia"),
    "DE": ("Anna", "Jürgen", "Lena", "Tobias", "Katrin", "Stefan", "Sabine", "Jonas", "Björn", "Miriam", "Uwe"),
    "FR": ("Camille", "Hélène", "Julien", "Manon", "Rémi", "Élodie", "Antoine", "Inès", "Mathieu", "Zoé", "Luc"),
}
LAST_NAMES = {
    "US": ("Whitaker", "Delgado", "Nguyen", "Brooks", "Hawkins", "Patel", "Sullivan", "Reyes", "Chandler", "Osborne"),
    "CA": ("Tremblay", "MacLeod", "Singh", "Gagnon", "Fraser", "Wong", "Pelletier", "Morrison", "Campbell", "Roy"),
    "GB": ("Hargreaves", "Okafor", "Pritchard", "Whitlock", "Ahmed", "Barrow", "Lockwood", "Fairclough", "Rees"),
    "DE": ("Brandt", "Köhler", "Vogt", "Schäfer", "Yilmaz", "Lindner", "Pfeiffer", "Größ", "Hartmann", "Albers"),
    "FR": ("Lefèvre", "Garnier", "Moreau", "Benali", "Chevalier", "Roussel", "Faure", "Delacroix", "Perrin", "Noël"),
}
TITLES = (
    ("Chief Financial Officer", "Finance"),
    ("Head of Procurement", "Purchasing"),
    ("Purchasing Manager", "Purchasing"),
    ("IT Director", "IT"),
    ("Operations Manager", "Operations"),
    ("Accounts Payable Lead", "Finance"),
    ("VP Operations", "Operations"),
    ("Network Engineer", "IT"),
    ("Managing Director", "Management"),
)
STREETS = {
    "US": ("Harbor St", "Commerce Ave", "Mill Rd", "Foundry Ln", "Union Blvd", "Depot St", "Orchard Dr"),
    "CA": ("Wellington St W", "Dock Rd", "Lakeshore Blvd", "Granite Ave", "Station St", "Maple Ave"),
    "GB": ("Canal Street", "Station Road", "Wharf Lane", "Priory Road", "Tannery Row", "Market Street"),
    "DE": ("Hafenstraße", "Industriestraße", "Am Bahnhof", "Gartenweg", "Lindenallee", "Werkstraße"),
    "FR": ("rue des Tanneurs", "avenue de la Gare", "quai du Port", "rue de la République", "chemin des Vignes"),
}
