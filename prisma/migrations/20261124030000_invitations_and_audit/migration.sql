-- Invitations as a resource, and the audit trail.

CREATE TYPE "AuditOutcome" AS ENUM ('success', 'failure');

CREATE TABLE "Invitation" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "inviterId" UUID,
    "role" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "acceptedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Invitation_userId_key" ON "Invitation"("userId");
CREATE INDEX "Invitation_inviterId_idx" ON "Invitation"("inviterId");
ALTER TABLE "Invitation" ADD CONSTRAINT "Invitation_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Invitation" ADD CONSTRAINT "Invitation_inviterId_fkey"
    FOREIGN KEY ("inviterId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE "AuditEvent" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "event" TEXT NOT NULL,
    "outcome" "AuditOutcome" NOT NULL,
    "actorId" UUID,
    "subjectId" UUID,
    "sessionId" UUID,
    "network" TEXT,
    "userAgent" TEXT,
    "details" JSONB NOT NULL,

    CONSTRAINT "AuditEvent_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "AuditEvent_bounded" CHECK (length("event") <= 64 AND length("network") <= 64
        AND length("userAgent") <= 512 AND length("details"::text) <= 2048)
);
CREATE INDEX "AuditEvent_subjectId_at_idx" ON "AuditEvent"("subjectId", "at");
CREATE INDEX "AuditEvent_at_idx" ON "AuditEvent"("at");

-- Append-only: what happened is not rewritten. Retention deletes whole rows.
CREATE FUNCTION "refuse_audit_update"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are not changed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER "AuditEvent_append_only" BEFORE UPDATE ON "AuditEvent"
    FOR EACH ROW EXECUTE FUNCTION "refuse_audit_update"();
