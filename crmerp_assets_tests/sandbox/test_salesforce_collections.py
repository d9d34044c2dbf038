def failed(result):
    return result["errors"][0]["statusCode"], result["errors"][0]["message"]


def test_rows_fail_alone_in_an_answer_of_200(sf):
    sf.key("Account")
    good, bad = sf.upserted("Account", "Ext__c", {"Ext__c": "C-1", "Name": "Acme"}, {"Ext__c": "C-2"})
    assert (good["success"], good["errors"], good["created"]) == (True, [], True)
    error = {
        "statusCode": "REQUIRED_FIELD_MISSING",
        "message": "Required fields are missing: [Name]",
        "fields": ["Name"],
    }
    assert bad == {"success": False, "errors": [error]}
    (again,) = sf.upserted("Account", "Ext__c", {"Ext__c": "c-1", "Name": "Acme Inc"})
    assert (again["id"], again["created"]) == (good["id"], False)


def test_all_or_none_rolls_the_innocent_back(sf):
    rows = [{"attributes": {"type": "Account"}, **values} for values in ({"Name": "Acme"}, {"Phone": "1"})]
    results = sf.call("POST", "/composite/sobjects", {"allOrNone": True, "records": rows}).json()
    code, message = failed(results[0])
    assert code == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert message.startswith("Record rolled back because not all records were valid and the request was using AllOr")
    assert failed(results[1])[0] == "REQUIRED_FIELD_MISSING"
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_a_key_that_comes_twice_in_one_call_is_refused(sf):
    sf.key("Account")
    rows = [{"Ext__c": key, "Name": "Acme"} for key in ("A-1", "a-1", "A-2")]
    results = sf.upserted("Account", "Ext__c", *rows)
    assert [result["success"] for result in results] == [False, False, True]
    assert failed(results[0]) == ("DUPLICATE_VALUE", "duplicate external id value specified")


def test_a_field_that_is_no_external_id_is_refused_row_by_row_and_a_missing_one_at_once(sf):
    assert sf.custom_field("Account.Ext__c", unique=True).status_code == 201
    assert sf.grant("Account.Ext__c").status_code == 201
    results = sf.upserted("Account", "Ext__c", {"Ext__c": "A-1", "Name": "Acme"}, {"Ext__c": "A-2", "Name": "Bolt"})
    message = "Field name provided, Ext__c does not match an External ID, Salesforce Id, or indexed field for Account"
    assert [failed(result) for result in results] == [("INVALID_FIELD", message)] * 2
    body = {"records": [{"attributes": {"type": "Account"}, "Nope__c": "A-1", "Name": "Acme"}]}
    missing = sf.call("PATCH", "/composite/sobjects/Account/Nope__c", body)
    assert (missing.status_code, missing.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    alone = sf.call("PATCH", "/sobjects/Account/Ext__c/A-1", {"Name": "Acme"})
    assert (alone.status_code, alone.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_an_external_id_that_is_not_unique_lets_doubles_be(sf):
    sf.key("Account", unique=False)
    for _ in range(2):
        sf.create("Account", Name="Acme", Ext__c="A-1")
    (result,) = sf.upserted("Account", "Ext__c", {"Ext__c": "A-1", "Name": "Acme Inc"})
    assert failed(result)[0] == "DUPLICATE_EXTERNAL_ID"


def test_updates_need_an_id_of_a_living_record(sf):
    alive, dead = sf.seed("Account", {"Name": "A"}, {"Name": "B"})
    sf.call("DELETE", f"/sobjects/Account/{dead}")
    ids = [{"id": alive}, {"id": dead}, {"id": "0015g00000zzzzzAAA"}, {"id": "nobody"}, {}]
    rows = [{"attributes": {"type": "Account"}, "Phone": "1", **id_} for id_ in ids]
    results = sf.call("PATCH", "/composite/sobjects", {"records": rows}).json()
    assert results[0] == {"id": alive, "success": True, "errors": []}
    codes = [failed(result)[0] for result in results[1:]]
    assert codes == ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "MISSING_ARGUMENT"]


def test_a_call_has_limits(sf):
    rows = [{"attributes": {"type": "Account"}, "Name": "A"}] * 201
    many = sf.call("POST", "/composite/sobjects", {"records": rows})
    assert (many.status_code, many.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    mixed = [{"attributes": {"type": ("Account", "Contact")[n % 2]}, "Name": "A", "LastName": "A"} for n in range(11)]
    chunked = sf.call("POST", "/composite/sobjects", {"records": mixed})
    assert (chunked.status_code, chunked.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")
    assert sf.call("POST", "/composite/sobjects", {"rows": []}).json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_reading_keeps_the_order_and_says_null_for_what_is_missing(sf):
    first, second = sf.seed("Account", {"Name": "A"}, {"Name": "B"})
    asked = {"ids": [second, "0015g00000zzzzzAAA", first], "fields": ["Name"]}
    found = sf.call("POST", "/composite/sobjects/Account", asked).json()
    assert [row and row["Name"] for row in found] == ["B", None, "A"]
    by_get = sf.call("GET", "/composite/sobjects/Account", params={"ids": first, "fields": "Name,Phone"}).json()
    assert (by_get[0]["Name"], by_get[0]["Phone"]) == ("A", None)


def test_many_are_deleted_in_one_call(sf):
    ids = sf.seed("Account", {"Name": "A"}, {"Name": "B"})
    results = sf.call("DELETE", "/composite/sobjects", params={"ids": ",".join([*ids, "nobody"])}).json()
    assert [result["success"] for result in results] == [True, True, False]


def test_a_locked_row_fails_once(sf):
    fault = {"object": "Account", "code": "UNABLE_TO_LOCK_ROW", "skip": 1}
    sf.admin("POST", "rowfaults", fault)
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in "abc"]
    results = sf.call("POST", "/composite/sobjects", {"records": rows}).json()
    assert [result["success"] for result in results] == [True, False, True]
    assert failed(results[1]) == ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


def sub(method, path, name, **body):
    return {"method": method, "url": f"/services/data/v68.0{path}", "referenceId": name, "body": body}


def test_a_composite_call_refers_to_earlier_answers(sf):
    requests = [
        sub("POST", "/sobjects/Account", "acc", Name="Acme"),
        sub("POST", "/sobjects/Contact", "con", LastName="Lee", AccountId="@{acc.id}"),
        {"method": "GET", "url": "/services/data/v68.0/sobjects/Contact/@{con.id}", "referenceId": "read"},
    ]
    made, _, read = sf.call("POST", "/composite", {"compositeRequest": requests}).json()["compositeResponse"]
    assert (made["httpStatusCode"], made["referenceId"]) == (201, "acc")
    assert made["httpHeaders"]["Location"].endswith(made["body"]["id"])
    assert read["body"]["AccountId"] == made["body"]["id"]


def test_a_composite_call_can_be_all_or_none(sf):
    requests = [sub("POST", "/sobjects/Account", "a", Name="Acme"), sub("POST", "/sobjects/Account", "b")]
    body = {"allOrNone": True, "compositeRequest": requests}
    halted, guilty = sf.call("POST", "/composite", body).json()["compositeResponse"]
    assert (halted["httpStatusCode"], halted["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert guilty["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_each_graph_succeeds_or_fails_as_a_whole(sf):
    sf.key("Account")

    def graph(name, **second):
        first = sub("PATCH", f"/sobjects/Account/Ext__c/{name}", "acc", Name=name)
        contact = sub("POST", "/sobjects/Contact", "con", AccountId="@{acc.id}", **second)
        return {"graphId": name, "compositeRequest": [first, contact]}

    body = {"graphs": [graph("good", LastName="Lee"), graph("bad")]}
    good, bad = sf.call("POST", "/composite/graph", body).json()["graphs"]
    assert (good["graphId"], good["isSuccessful"], bad["isSuccessful"]) == ("good", True, False)
    answers = bad["graphResponse"]["compositeResponse"]
    assert [answer["body"][0]["errorCode"] for answer in answers] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert sf.names("SELECT Name FROM Account") == ["good"]
    query = {"graphId": "q", "compositeRequest": [sub("GET", "/query?q=SELECT+Id+FROM+Account", "q")]}
    assert sf.call("POST", "/composite/graph", {"graphs": [query]}).status_code == 400


def test_a_batch_runs_each_request_by_itself(sf):
    requests = [
        {"method": "POST", "url": "v68.0/sobjects/Account", "richInput": {"Name": "Acme"}},
        {"method": "GET", "url": "v68.0/sobjects/Nothing/describe"},
    ]
    body = sf.call("POST", "/composite/batch", {"batchRequests": requests}).json()
    assert (body["hasErrors"], [result["statusCode"] for result in body["results"]]) == (True, [201, 400])


def collection(name, count, **values):
    rows = [{"attributes": {"type": "Account"}, "Name": f"{name} {n}", **values} for n in range(count)]
    return sub("POST", "/composite/sobjects", name, records=rows)


def test_a_composite_call_carries_a_thousand_rows_and_counts_once(sf):
    before = sf.sandbox.service.usage.used
    answer = sf.call("POST", "/composite", {"compositeRequest": [collection(f"c{n}", 200) for n in range(5)]})
    assert sf.sandbox.service.usage.used == before + 1
    parts = answer.json()["compositeResponse"]
    assert [(part["httpStatusCode"], part["referenceId"]) for part in parts] == [(200, f"c{n}") for n in range(5)]
    assert {row["success"] for part in parts for row in part["body"]} == {True}
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 1000


def test_a_composite_call_holds_at_most_five_collections_and_queries_and_25_parts(sf):
    query = sub("GET", "/query?q=SELECT+Id+FROM+Account", "q")
    for requests in ([*(collection(f"c{n}", 1) for n in range(5)), query], [collection("c", 1)] * 26):
        answer = sf.call("POST", "/composite", {"compositeRequest": requests})
        (part,) = answer.json()["compositeResponse"]
        assert (part["body"][0]["errorCode"], part["referenceId"]) == ("LIMIT_EXCEEDED", None)
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_a_collection_that_fails_in_a_composite_call_leaves_the_others(sf):
    sf.admin("POST", "partfaults", {"skip": 1})
    requests = [collection(name, 2) for name in "abc"]
    requests[2]["body"]["records"][0]["Name"] = None
    fine, refused, mixed = sf.call("POST", "/composite", {"compositeRequest": requests}).json()["compositeResponse"]
    assert [row["success"] for row in fine["body"]] == [True, True]
    assert (refused["httpStatusCode"], refused["body"][0]["errorCode"]) == (503, "SERVER_UNAVAILABLE")
    assert [row["success"] for row in mixed["body"]] == [False, True]
    assert sorted(sf.names("SELECT Name FROM Account")) == ["a 0", "a 1", "c 1"]


def test_all_or_none_of_a_composite_call_reaches_into_its_collections(sf):
    requests = [collection("a", 2), collection("b", 2)]
    requests[1]["body"]["records"][0]["Name"] = None
    body = {"allOrNone": True, "compositeRequest": requests}
    halted, guilty = sf.call("POST", "/composite", body).json()["compositeResponse"]
    assert halted["body"][0]["errorCode"] == "PROCESSING_HALTED"
    codes = [failed(row)[0] for row in guilty["body"]]
    assert codes == ["REQUIRED_FIELD_MISSING", "ALL_OR_NONE_OPERATION_ROLLED_BACK"]
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_a_value_in_a_composite_call_that_looks_like_a_reference_is_taken_for_one(sf):
    odd = collection("odd", 1, Phone="@{nobody.id}")
    alone = sf.call("POST", "/composite/sobjects", odd["body"]).json()
    (part,) = sf.call("POST", "/composite", {"compositeRequest": [odd]}).json()["compositeResponse"]
    assert alone[0]["success"]
    assert (part["httpStatusCode"], part["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
