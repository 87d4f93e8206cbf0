-- The role of the service can remove only audit events whose retention has ended. Otherwise whoever takes
-- over the service, or its credentials, could remove the traces.

CREATE TABLE "AuditRetention" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "seconds" INTEGER NOT NULL,

    CONSTRAINT "AuditRetention_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "AuditRetention_single" CHECK ("id" = 1),
    CONSTRAINT "AuditRetention_seconds" CHECK ("seconds" >= 86400)
);

-- Both run with the search path that is set below: with that of the caller, a temporary table or a function
-- of the caller's own could stand in for these.
CREATE FUNCTION "refuse_early_audit_delete"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."at" > now() - make_interval(secs => COALESCE((SELECT "seconds" FROM "AuditRetention"), 86400))
        AND NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION 'audit events are kept until their retention ends' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;
CREATE FUNCTION "refuse_foreign_audit_retention"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION 'only the owner of the tables sets the retention' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION "refuse_early_audit_delete"() SET search_path = pg_catalog, %I, pg_temp',
        (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = '"AuditRetention"'::regclass));
    EXECUTE 'ALTER FUNCTION "refuse_foreign_audit_retention"() SET search_path = pg_catalog, pg_temp';
END
$$;

CREATE TRIGGER "AuditEvent_retained" BEFORE DELETE ON "AuditEvent"
    FOR EACH ROW EXECUTE FUNCTION "refuse_early_audit_delete"();
CREATE TRIGGER "AuditRetention_owner" BEFORE INSERT OR UPDATE OR DELETE ON "AuditRetention"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_foreign_audit_retention"();

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126050001_audit_retention', '0.1.0');
