-- Events for a webhook: an outbox that a trigger of the audit trail fills, in the transaction of the event.

CREATE TABLE "WebhookSubscription" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "wantedUntil" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "WebhookSubscription_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "WebhookSubscription_single" CHECK ("id" = 1)
);

CREATE TYPE "WebhookEventState" AS ENUM ('queued', 'dead');

CREATE TABLE "WebhookEvent" (
    "id" UUID NOT NULL,
    "accountId" UUID,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "data" JSONB NOT NULL,
    "state" "WebhookEventState" NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAttemptAt" TIMESTAMPTZ(3) NOT NULL,
    "leasedUntil" TIMESTAMPTZ(3),
    "lastError" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "insertedAt" TIMESTAMPTZ(6) NOT NULL,
    "settledAt" TIMESTAMPTZ(3),

    CONSTRAINT "WebhookEvent_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "WebhookEvent_bounded" CHECK ("attempts" >= 0 AND length("lastError") <= 200),
    CONSTRAINT "WebhookEvent_settled" CHECK (("settledAt" IS NULL) = ("state" = 'queued')),
    CONSTRAINT "WebhookEvent_only_queued_is_leased" CHECK ("leasedUntil" IS NULL OR "state" = 'queued')
);
CREATE INDEX "WebhookEvent_state_nextAttemptAt_idx" ON "WebhookEvent"("state", "nextAttemptAt");
CREATE INDEX "WebhookEvent_accountId_insertedAt_idx" ON "WebhookEvent"("accountId", "insertedAt");
CREATE INDEX "WebhookEvent_createdAt_idx" ON "WebhookEvent"("createdAt");

-- The order of an account's events is that of their insertion: changes of an account run under its row
-- lock, so the clock is read in their order. now() would be the start of the transaction, which may have
-- waited for that lock.
CREATE FUNCTION "queue_webhook_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "WebhookEvent" ("id", "accountId", "type", "at", "data", "state", "nextAttemptAt", "createdAt",
        "insertedAt")
        SELECT NEW."id", NEW."subjectId", NEW."event", NEW."at",
            jsonb_build_object('id', NEW."id", 'outcome', NEW."outcome", 'actor_id', NEW."actorId",
                'subject_id', NEW."subjectId", 'session_id', NEW."sessionId", 'network', NEW."network",
                'user_agent', NEW."userAgent", 'details', NEW."details"),
            'queued', now(), now(), clock_timestamp()
        FROM "WebhookSubscription" WHERE "wantedUntil" > now();
    RETURN NULL;
END
$$;
CREATE TRIGGER "AuditEvent_queue_webhook_event" AFTER INSERT ON "AuditEvent"
    FOR EACH ROW EXECUTE FUNCTION "queue_webhook_event"();

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126050000_webhook', '0.1.0');
