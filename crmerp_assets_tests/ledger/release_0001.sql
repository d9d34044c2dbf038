INSERT INTO counters (name, value) VALUES ('links', 3);
INSERT INTO links (entity, connection, native_id, golden_id, method, evidence, made_at, made_by, version) VALUES
  ('customer', 'crm', '001A', 'cust-1', 'tax_id', 'same tax id', 1767225600000000, 'linking', 1),
  ('customer', 'erp', '17', 'cust-1', 'pushed', 'created by intent i-applied', 1767225600000000, 'push', 2),
  ('customer', 'crm', '001B', NULL, NULL, 'apart', 1767225600000000, 'ann', 3);
INSERT INTO link_history (version, entity, connection, native_id, golden_id, previous_golden_id, method, evidence, at, by) VALUES
  (1, 'customer', 'crm', '001A', 'cust-1', NULL, 'tax_id', 'same tax id', 1767225600000000, 'linking'),
  (2, 'customer', 'erp', '17', 'cust-1', NULL, 'pushed', 'created by intent i-applied', 1767225600000000, 'push'),
  (3, 'customer', 'crm', '001B', NULL, 'cust-2', NULL, 'apart', 1767225600000000, 'ann');
INSERT INTO snapshots (entity, golden_id, "values", updated_at) VALUES
  ('customer', 'cust-1', '{"name":"Zoë & Söhne","phone":null}', 1767225600000000);
INSERT INTO intents (id, connection, entity, golden_id, native_id, operation, key, state, gate, reason, changes,
  expected_version, priority, amount, currency, attempts, error_class, error, next_attempt_at, claimed_by, lease_until,
  run_id, created_at, updated_at, applied_at, replan) VALUES
  ('i-applied', 'erp', 'customer', 'cust-1', '17', 'create', 'cust-1', 'applied', NULL, NULL,
   '{"name":{"before":null,"after":"Zoë & Söhne","rule":"only crm"}}', NULL, 20, NULL, NULL, 1, NULL, NULL, NULL, NULL,
   NULL, 'run-1', 1767225600000000, 1767225600000000, 1767225600000000, FALSE),
  ('i-planned', 'erp', 'customer', 'cust-1', '17', 'update', 'cust-1', 'planned', NULL, NULL,
   '{"phone":{"before":null,"after":"+12025550142","rule":"crm"}}', '2026-01-01T00:00:00Z', 20, NULL, NULL, 0, NULL,
   NULL, NULL, NULL, NULL, NULL, 1767225600000000, 1767225600000000, NULL, FALSE),
  ('i-waiting', 'erp', 'order', 'so-1', NULL, 'create', 'so-1', 'waiting', 'no_lines', 'the deal has no products',
   '{"name":{"before":null,"after":"Deal","rule":"only crm"}}', NULL, 0, '12.50', 'USD', 0, NULL, NULL, NULL, NULL,
   NULL, NULL, 1767225600000000, 1767225600000000, NULL, FALSE),
  ('i-sent', 'crm', 'customer', 'cust-1', '001A', 'update', 'cust-1', 'sent', NULL, NULL,
   '{"erp_number":{"before":null,"after":"CUS17","rule":"erp"}}', '2026-01-01T00:00:00Z', 20, NULL, NULL, 1, NULL, NULL,
   NULL, 'run-1', 1767225900000000, NULL, 1767225600000000, 1767225600000000, NULL, TRUE),
  ('i-rejected', 'erp', 'product', 'prod-1', NULL, 'create', 'prod-1', 'rejected', NULL, NULL,
   '{"sku":{"before":null,"after":"SKU-1","rule":"only crm"}}', NULL, 10, NULL, NULL, 6, 'Rejected', 'no', NULL, NULL,
   NULL, NULL, 1767225600000000, 1767225600000000, NULL, FALSE);
INSERT INTO attempts (intent_id, number, event, at, by, payload_hash, native_id, error_class, error, next_attempt_at) VALUES
  ('i-applied', 1, 'sent', 1767225600000000, 'run-1', 'abc', NULL, NULL, NULL, NULL),
  ('i-applied', 1, 'applied', 1767225600000000, NULL, NULL, '17', NULL, NULL, NULL),
  ('i-rejected', 6, 'rejected', 1767225600000000, NULL, NULL, NULL, 'Rejected', 'no', NULL);
INSERT INTO reviews (id, kind, entity, subject, title, detail, state, value, decision, opened_at, decided_at, decided_by) VALUES
  ('r-1', 'ambiguous_link', 'customer', '["001A", "18"]', 'Same?', '{}', 'open', 12.5, NULL, 1767225600000000, NULL, NULL),
  ('r-2', 'conflict', 'customer', '["cust-1", "phone"]', 'Which?', '{}', 'decided', NULL, '{"choose":"crm"}',
   1767225600000000, 1767225600000000, 'ann');
INSERT INTO parked (stage, entity, connection, native_id, reason, detail, first_seen, last_seen, times, resolved_at) VALUES
  ('conform', 'order', 'crm', '006A', 'close date is missing', NULL, 1767225600000000, 1767225600000000, 2, NULL);
INSERT INTO cursors (connection, object, purpose, cursor, updated_at) VALUES
  ('crm', 'Account', 'pull', '{"fields":"f","cursor":"c"}', 1767225600000000);
INSERT INTO aliases (entity, text, golden_id, made_by, made_at) VALUES
  ('product', 'gold plan', 'prod-1', 'ann', 1767225600000000);
INSERT INTO budgets (connection, day, calls, allowed) VALUES ('crm', '2026-01-01', 120, 15000);
