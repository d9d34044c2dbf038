"""Countries, states and currencies of a new database: a part of what Odoo brings along."""

COUNTRIES = (
    ("AT", "Austria"), ("AU", "Australia"), ("BE", "Belgium"), ("BR", "Brazil"), ("CA", "Canada"),
    ("CH", "Switzerland"), ("CN", "China"), ("CZ", "Czech Republic"), ("DE", "Germany"), ("DK", "Denmark"),
    ("ES", "Spain"), ("FI", "Finland"), ("FR", "France"), ("GB", "United Kingdom"), ("GR", "Greece"),
    ("IE", "Ireland"), ("IN", "India"), ("IT", "Italy"), ("JO", "Jordan"), ("JP", "Japan"), ("KE", "Kenya"),
    ("KR", "South Korea"), ("KW", "Kuwait"), ("MX", "Mexico"), ("NL", "Netherlands"), ("NO", "Norway"),
    ("NZ", "New Zealand"), ("PA", "Panama"), ("PH", "Philippines"), ("PL", "Poland"), ("PT", "Portugal"),
    ("RO", "Romania"), ("SE", "Sweden"), ("SG", "Singapore"), ("UA", "Ukraine"), ("US", "United States"),
    ("ZA", "South Africa"),
)  # fmt: skip
STATES = (
    ("US", "AZ", "Arizona"), ("US", "CA", "California"), ("US", "CO", "Colorado"), ("US", "FL", "Florida"),
    ("US", "GA", "Georgia"), ("US", "IL", "Illinois"), ("US", "MA", "Massachusetts"), ("US", "MI", "Michigan"),
    ("US", "MN", "Minnesota"), ("US", "NJ", "New Jersey"), ("US", "NY", "New York"), ("US", "NC", "North Carolina"),
    ("US", "OH", "Ohio"), ("US", "OR", "Oregon"), ("US", "PA", "Pennsylvania"), ("US", "TX", "Texas"),
    ("US", "UT", "Utah"), ("US", "VA", "Virginia"), ("US", "WA", "Washington"), ("CA", "AB", "Alberta"),
    ("CA", "BC", "British Columbia"), ("CA", "ON", "Ontario"), ("CA", "QC", "Quebec"), ("AU", "NSW", "New South Wales"),
    ("AU", "VIC", "Victoria"), ("BR", "SP", "São Paulo"), ("BR", "RJ", "Rio de Janeiro"), ("IN", "MH", "Maharashtra"),
    ("IN", "KA", "Karnataka"), ("MX", "JAL", "Jalisco"), ("IT", "MI", "Milano"), ("IT", "RM", "Roma"),
    ("ES", "M", "Madrid"), ("ES", "B", "Barcelona"), ("DE", "BB", "Brandenburg"), ("DE", "BE", "Berlin"),
    ("DE", "BW", "Baden-Württemberg"), ("DE", "BY", "Bavaria"), ("DE", "HB", "Bremen"), ("DE", "HE", "Hesse"),
    ("DE", "HH", "Hamburg"), ("DE", "MV", "Mecklenburg-Western Pomerania"), ("DE", "NI", "Lower Saxony"),
    ("DE", "NW", "North Rhine-Westphalia"), ("DE", "RP", "Rhineland-Palatinate"), ("DE", "SH", "Schleswig-Holstein"),
    ("DE", "SL", "Saarland"), ("DE", "SN", "Saxony"), ("DE", "ST", "Saxony-Anhalt"), ("DE", "TH", "Thuringia"),
)  # fmt: skip
CURRENCIES = (
    ("USD", "United States dollar", 2), ("EUR", "Euro", 2), ("GBP", "Pound sterling", 2), ("JPY", "Japanese yen", 0),
    ("CHF", "Swiss franc", 2), ("CAD", "Canadian dollar", 2), ("KWD", "Kuwaiti dinar", 3),
    ("AUD", "Australian dollar", 2),
)  # fmt: skip
