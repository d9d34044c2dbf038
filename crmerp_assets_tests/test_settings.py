"""Settings: secrets stay in the environment, and every mistake of the configuration folder is told at once."""

import re
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crmerp_assets.mapping import ConfigurationError
from crmerp_assets.settings import Configuration, Settings, load_configuration
from crmerp_assets.systems import names
from crmerp_assets.systems.netsuite import NetSuiteConfig
from crmerp_assets.systems.odoo import OdooConfig
from crmerp_assets.systems.salesforce import SalesforceConfig
from crmerp_assets.systems.tryton import TrytonConfig

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    "SALESFORCE_URL": "https://acme.my.salesforce.com",
    "SALESFORCE_CLIENT_ID": "3MVG9",
    "SALESFORCE_CLIENT_SECRET": "s3cr3t",
    "NETSUITE_URL": "https://1234567.suitetalk.api.netsuite.com",
    "NETSUITE_ACCOUNT": "1234567",
    "NETSUITE_CLIENT_ID": "id",
    "NETSUITE_CERTIFICATE_ID": "cert",
    "NETSUITE_PRIVATE_KEY_FILE": "netsuite.pem",
}


def load(config: Path, environment: dict[str, str] | None = None) -> Configuration:
    settings = Settings(config=config)
    return load_configuration(settings, ENVIRONMENT if environment is None else environment)


def problems(config: Path, files: dict[str, str], environment: dict[str, str] | None = None) -> list[str]:
    for name, text in files.items():
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(config, environment)
    return [problem.replace(f"{config}/", "") for problem in caught.value.problems]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path / "config"


def test_the_example_folder_loads(config: Path) -> None:
    configuration = load(config)
    crm, erp = configuration.connections
    assert isinstance(crm, SalesforceConfig)
    assert isinstance(erp, NetSuiteConfig)
    assert (crm.name, crm.role, crm.url) == ("salesforce", "crm", "https://acme.my.salesforce.com")
    assert (erp.account, erp.role, erp.account_timezone) == ("1234567", "erp", "UTC")
    assert configuration.policy.go_live is None


def test_the_commented_examples_show_the_defaults(config: Path) -> None:
    policy = config / "policy.yaml"
    lines = policy.read_text().splitlines()
    keys = re.compile(r"^# ((go_live|tolerance|create|mirror|deletions|default_region|sensors|retries|short_pull_share|audit|matching):|  (customer|contact|product): \{)")  # fmt: skip # noqa: E501
    policy.write_text("\n".join(line[2:] for line in lines if keys.match(line)))
    changed = load(config).policy
    policy.write_text("")
    default = load(config).policy
    assert changed.go_live == date(2026, 12, 1)
    assert changed.tolerance["JPY"] == 1
    assert changed.model_copy(update={"go_live": None, "tolerance": default.tolerance}) == default


def test_without_a_folder_the_defaults_hold(tmp_path: Path) -> None:
    configuration = load(tmp_path / "nowhere")
    assert configuration.connections == ()
    assert configuration.policy.create.customer.erp == "when_ordered"
    assert {"netsuite", "salesforce"} <= set(configuration.matrix.systems)
    assert configuration.governance["customer"].fields["credit_limit"].owner == "erp"


def test_every_variable_of_the_example_folder_is_in_the_example_environment() -> None:
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"\$\{([A-Z_]+)\}", (ROOT / "config" / "connections.yaml").read_text())) - {"NAME"}
    own = {f"CRMERP_{name.upper()}" for name in Settings.model_fields}
    assert [name for name in sorted(named | own) if not re.search(rf"^(# )?{name}=", example, re.MULTILINE)] == []


def test_a_secret_written_out_is_refused_and_not_repeated(config: Path) -> None:
    text = (config / "connections.yaml").read_text().replace("${SALESFORCE_CLIENT_SECRET}", "s3cr3t")
    found = problems(config, {"connections.yaml": text})
    assert found == [
        "connections.yaml:9: connections.0.client_secret: a secret must not be written here; "
        "put it in the environment and say client_secret: ${NAME}"
    ]


def test_an_unset_variable_is_named_with_its_place(config: Path) -> None:
    found = problems(config, {}, ENVIRONMENT | {"NETSUITE_ACCOUNT": ""})
    assert found == [
        "connections.yaml:20: connections.1.account: "
        "the variable NETSUITE_ACCOUNT is not set; export it or add it to .env"
    ]


ODOO = "{name: b, type: odoo, role: erp, url: u, database: d, login: l"


def test_an_odoo_connection_needs_its_key_or_a_file_that_is_read_anew_each_time(config: Path, tmp_path: Path) -> None:
    salesforce = "{name: a, type: salesforce, role: crm, url: u, client_id: c, client_secret: '${KEY}'}"
    environment = {"KEY": "k3y"}
    file = tmp_path / "key"

    def text(end: str) -> dict[str, str]:
        return {"connections.yaml": f"connections:\n  - {salesforce}\n  - {ODOO}{end}}}\n"}

    missing = "give api_key, or api_key_file with the path of a file that holds it"
    assert problems(config, text(""), environment) == [f"connections.yaml:3: connections.1: {missing}"]
    (refused,) = problems(config, text(", api_key: k3y"), environment)
    assert "a secret must not be written here" in refused
    (config / "connections.yaml").write_text(text(f", api_key_file: {file}")["connections.yaml"], encoding="utf-8")
    odoo = load(config, environment).connections[1]
    assert isinstance(odoo, OdooConfig)
    with pytest.raises(ConfigurationError, match="put the API key there"):
        odoo.key()
    for key in ("first", "second"):
        file.write_text(f"{key}\n", encoding="utf-8")
        assert odoo.key() == key


def test_one_odoo_database_is_not_the_crm_and_the_erp_at_once(config: Path) -> None:
    ends = [("odoo_crm, role: crm", "https://o.example"), ("odoo, role: erp", "https://o.example/")]
    entries = [
        f"  - {{name: {n}, type: {kind}, url: '{url}', database: d, login: l, api_key: '${{KEY}}'}}"
        for n, (kind, url) in zip("ab", ends, strict=True)
    ]
    text = {"connections.yaml": "\n".join(["connections:", *entries, ""])}
    (found,) = problems(config, text, {"KEY": "k3y"})
    assert "the database d of https://o.example is that of two connections" in found


def test_secrets_do_not_show_in_texts(config: Path) -> None:
    configuration = load(config)
    assert "s3cr3t" not in repr(configuration)
    assert "s3cr3t" not in str(configuration.connections[0].model_dump())


def test_all_problems_of_all_files_are_told_at_once(config: Path) -> None:
    found = problems(
        config,
        {
            "policy.yaml": "go_live: soon\nretrys: {}\n",
            "connections.yaml": "connections:\n  - {name: a, type: salesforc, role: crm}\n",
            "mapping/matrix/customer.salesforce.yaml": "fields:\n  fone: X\n",
            "mapping/governance/customer.yaml": "fields:\n  phone: {owner: them}\n",
        },
    )
    assert found == [
        "policy.yaml:1: go_live: 'soon' is not a date; write it like 2026-12-01",
        "policy.yaml:2: retrys: 'retrys' is not a key here; did you mean 'retries'?",
        "connections.yaml:2: connections.0.type: 'salesforc' is not a type of connection; did you mean 'salesforce'?",
        "mapping/matrix/customer.salesforce.yaml:2: fields.fone: "
        "'fone' is not a field of customer; did you mean 'phone'?",
        "mapping/governance/customer.yaml:2: fields.phone.owner: 'them' is not one of shared, crm, erp",
    ]


def test_the_file_of_fallback_rates_is_looked_for_in_the_folder_and_missed_before_it_is_needed(config: Path) -> None:
    text = "currencies:\n  fallback: ecb\n  max_rate_age_days: 7\n"
    (missing,) = problems(config, {"policy.yaml": text})
    assert missing.startswith("policy.yaml:1: currencies.file: ")
    assert "eurofxref-hist.csv cannot be read; put the ECB's eurofxref-hist.csv or .zip there" in missing
    file = config / "eurofxref-hist.csv"
    file.write_text("Date,USD,\n", encoding="utf-8")
    assert load(config).policy.currencies.file == file
    (unbounded,) = problems(config, {"policy.yaml": "currencies: {fallback: ecb}\n"})
    assert "`fallback` needs `max_rate_age_days`" in unbounded
    (unused,) = problems(config, {"policy.yaml": "currencies: {orders_at_fallback: true}\n"})
    assert "`orders_at_fallback` needs `fallback: ecb`" in unused


CRM = "{name: a, type: salesforce, role: crm, url: u, client_id: c, client_secret: '${SALESFORCE_CLIENT_SECRET}'}"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (f"[{CRM}]", "1: connections: 0 connections have the role erp; exactly one must"),
        (f"[{CRM}, {CRM}]", "1: connections.1.name: 'a' is the name of two connections; rename one"),
        ("[{name: a, role: crm}]", f"1: connections.0: type is missing; say {' or '.join(names())}"),
        ("[a]", "1: connections.0: a mapping of keys to values is expected here"),
        ("{a: b}", "1: connections: a list of connections is expected"),
        (
            "[{name: a, type: salesforce, role: crm, url: u, client_id: c}]",
            "1: connections.0: give client_secret, or username with private_key_file",
        ),
        (
            "[{name: a, type: salesforce, role: crm, url: u, client_id: c, usrname: x}]",
            "1: connections.0.usrname: 'usrname' is not a key here; did you mean 'username'?",
        ),
        (
            "[{name: a, type: hubspot, role: crm, client_id: c}]",
            "1: connections.0: give token, or client_id with client_secret and refresh_token",
        ),
        (
            "[{name: a, type: hubspot, role: crm, refresh_token: na1-abc}]",
            "1: connections.0.refresh_token: a secret must not be written here; put it in the environment and say "
            "refresh_token: ${NAME}",
        ),
    ],
)
def test_a_mistake_in_the_connections_is_told(tmp_path: Path, entries: str, expected: str) -> None:
    found = problems(tmp_path, {"connections.yaml": f"connections: {entries}\n"})
    assert any(problem.startswith(f"connections.yaml:{expected}") for problem in found)


def test_a_variable_may_be_part_of_a_value(tmp_path: Path) -> None:
    text = (
        (ROOT / "config" / "connections.yaml").read_text().replace("${NETSUITE_URL}", "https://${NETSUITE_ACCOUNT}.x")
    )
    (tmp_path / "connections.yaml").write_text(text)
    assert load(tmp_path).connections[1].url == "https://1234567.x"


def test_what_the_audit_expects_are_fields_that_exist(config: Path) -> None:
    (missing,) = problems(config, {"policy.yaml": "audit: {expected: {customer: [vat]}}\n"})
    assert missing.startswith("policy.yaml:1: audit.expected: ")
    assert "customer has no field 'vat'" in missing
    (config / "policy.yaml").write_text("audit: {expected: {customer: [tax_id]}, stale_days: {contact: null}}\n")
    audit = load(config).policy.audit
    assert (audit.expected["customer"], audit.expected["contact"]) == (("tax_id",), ("email",))
    assert audit.stale_days == {"customer": 730, "contact": None}


def test_a_part_of_a_policy_keeps_the_other_defaults(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("create: {customer: {crm: never}}\ntolerance: {EUR: '0.02'}\n")
    policy = load(tmp_path).policy
    assert (policy.create.customer.crm, policy.create.customer.erp) == ("never", "when_ordered")
    assert policy.tolerance == {"default": Decimal("0.01"), "EUR": Decimal("0.02")}


def test_the_default_region_reaches_the_maps(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("default_region: DE\n")
    assert load(tmp_path).matrix.map("netsuite", "customer").surroundings.default_region == "DE"


def test_a_private_key_is_read_from_its_file(config: Path, tmp_path: Path) -> None:
    pem = tmp_path / "netsuite.pem"
    connection = load(config, ENVIRONMENT | {"NETSUITE_PRIVATE_KEY_FILE": str(pem)}).connections[1]
    with pytest.raises(ConfigurationError, match=r"connection netsuite: private_key_file: .* cannot be read"):
        connection.key_text()
    pem.write_text("PEM")
    assert connection.key_text() == "PEM"


def test_variables_come_from_the_environment_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file = tmp_path / "credentials.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in ENVIRONMENT.items()))
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETSUITE_ACCOUNT", "7654321")
    monkeypatch.setenv("CRMERP_CONFIG", str(ROOT / "config"))
    monkeypatch.setenv("CRMERP_ENV_FILE", str(env_file))
    crm, erp = load_configuration(Settings()).connections
    assert crm.url == "https://acme.my.salesforce.com"
    assert isinstance(erp, NetSuiteConfig)
    assert erp.account == "7654321"


def test_state_lies_in_one_folder_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMERP_STATE", "/data/crmerp")
    settings = Settings()
    assert settings.ledger == "sqlite:////data/crmerp/ledger.sqlite"
    assert settings.warehouse == Path("/data/crmerp/warehouse.duckdb")
    assert settings.reports == Path("/data/crmerp/reports")
    assert Settings(ledger_url="postgresql+psycopg://x").ledger == "postgresql+psycopg://x"


def test_a_tryton_connection_names_its_database_and_keeps_its_password_secret(config: Path) -> None:
    crm = "{name: a, type: salesforce, role: crm, url: u, client_id: c, client_secret: '${KEY}'}"
    tryton = "name: b, type: tryton, role: erp, url: u, username: i"

    def text(end: str) -> dict[str, str]:
        return {"connections.yaml": f"connections:\n  - {crm}\n  - {{{tryton}{end}}}\n"}

    (missing,) = problems(config, text(", password: '${KEY}'"), {"KEY": "s3cr3t"})
    assert missing.startswith("connections.yaml:3: connections.1.database: ")
    (refused,) = problems(config, text(", database: d, password: s3cr3t"), {"KEY": "s3cr3t"})
    assert "a secret must not be written here" in refused
    (config / "connections.yaml").write_text(text(", database: d, password: '${KEY}'")["connections.yaml"])
    tryton_connection = load(config, {"KEY": "s3cr3t"}).connections[1]
    assert isinstance(tryton_connection, TrytonConfig)
    assert "s3cr3t" not in repr(tryton_connection)
