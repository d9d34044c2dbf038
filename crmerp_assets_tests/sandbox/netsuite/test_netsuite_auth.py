"""Tokens come from signed assertions, the vendor's way, and from nothing else."""

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def test_a_token_is_issued_for_a_signed_assertion(api):
    body = api.token(api.assertion()).json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == "3600"
    assert "refresh_token" not in body


def test_the_vendors_own_audience_is_accepted_too(api):
    official = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
    assert api.token(api.assertion(aud=official)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example/token"},
        {"iss": "someone-else"},
        {"seconds": -10},
        {"seconds": 7200},
        {"scope": ["suite_analytics"]},
    ],
    ids=["audience", "issuer", "expired", "too-long", "scope"],
)
def test_a_wrong_claim_is_an_invalid_grant(api, claims):
    response = api.token(api.assertion(**claims))
    assert (response.status_code, response.json()) == (400, {"error": "invalid_grant"})


def test_an_unknown_certificate_is_an_invalid_grant(api):
    assert api.token(api.assertion(kid="unknown")).json() == {"error": "invalid_grant"}


def test_an_rsa_certificate_signs_with_ps256_and_not_with_rs256(api):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    api.admin("certificates", id="rsa-certificate", public_key=public.decode())
    assert api.token(api.assertion("PS256", key, "rsa-certificate")).status_code == 200
    assert api.token(api.assertion("RS256", key, "rsa-certificate")).json() == {"error": "invalid_grant"}


def test_another_grant_type_is_an_invalid_request(api):
    response = api.http.post("/services/rest/auth/oauth2/v1/token", data={"grant_type": "password"})
    assert (response.status_code, response.json()) == (400, {"error": "invalid_request"})


def test_a_wrong_token_is_an_invalid_login(api):
    response = httpx.get(f"{api.sandbox.url}/services/rest/record/v1/customer/1", headers={"Authorization": "Bearer x"})
    body = response.json()
    assert response.status_code == body["status"] == 401
    assert body["title"] == "Unauthorized"
    assert body["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"


def test_a_persons_change_bears_that_persons_name(api):
    token = api.admin("token", user="ann")["access_token"]
    customer = api.customer()
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{api.sandbox.url}/services/rest/record/v1/customer/{customer}"
    assert httpx.patch(url, json={"comments": "called"}, headers=headers).status_code == 204
    notes = api.query("SELECT BUILTIN.DF(name) who FROM systemnote WHERE recordid = ? ORDER BY date", customer)
    assert {note["who"] for note in notes} == {"integration", "ann"}
