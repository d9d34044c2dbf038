def job(sf, **body):
    return sf.call("POST", "/jobs/ingest", {"contentType": "CSV", "lineEnding": "LF", **body})


def finished(sf, path):
    return [sf.call("GET", path).json()["state"] for _ in range(2)]


def test_an_ingest_job_passes_its_states_and_may_fail_rows(sf):
    sf.key("Account")
    made = job(sf, object="Account", operation="upsert", externalIdFieldName="Ext__c").json()
    assert (made["state"], made["apiVersion"]) == ("Open", 68.0)
    assert made["contentUrl"] == f"services/data/v68.0/jobs/ingest/{made['id']}/batches"
    csv = 'Ext__c,Name,AnnualRevenue,Phone\nA-1,"Acme, Inc",12.5,1\nA-2,,3,\nA-3,New,,#N/A\n'
    uploaded = sf.http.put(f"/{made['contentUrl']}", content=csv, headers={"Content-Type": "text/csv"})
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    assert sf.http.put(f"/{made['contentUrl']}", content=csv).status_code == 400
    path = f"/jobs/ingest/{made['id']}"
    assert sf.call("PATCH", path, {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    assert finished(sf, path) == ["InProgress", "JobComplete"]
    done = sf.call("GET", path).json()
    assert (done["jobType"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("V2Ingest", 3, 1)
    good = sf.call("GET", f"{path}/successfulResults/").text.splitlines()
    assert good[0] == '"sf__Id","sf__Created","Ext__c","Name","AnnualRevenue","Phone"'
    assert '"true","A-1","Acme, Inc","12.5","1"' in good[1]
    bad = sf.call("GET", f"{path}/failedresults").text.splitlines()
    assert "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --" in bad[1]
    assert sf.names("SELECT Name FROM Account ORDER BY Ext__c") == ["Acme, Inc", "New"]


def test_a_query_job_ends_with_the_word_null(sf):
    sf.seed("Account", *({"Name": f"{n}", "NumberOfEmployees": n} for n in range(5)))
    made = sf.call("POST", "/jobs/query", {"operation": "query", "query": "SELECT Name, Owner.Name FROM Account"})
    assert made.json()["state"] == "UploadComplete"
    path = f"/jobs/query/{made.json()['id']}"
    assert finished(sf, path) == ["InProgress", "JobComplete"]
    first = sf.call("GET", f"{path}/results", params={"maxRecords": 3})
    assert first.headers["Sforce-NumberOfRecords"] == "3"
    assert first.text.splitlines()[:2] == ['"Name","Owner.Name"', '"0","Admin"']
    last = sf.call("GET", f"{path}/results", params={"locator": first.headers["Sforce-Locator"], "maxRecords": 3})
    assert (last.headers["Sforce-Locator"], last.headers["Sforce-NumberOfRecords"]) == ("null", "2")
    refused = sf.call("POST", "/jobs/query", {"operation": "query", "query": "SELECT COUNT() FROM Account"})
    assert refused.status_code == 400
