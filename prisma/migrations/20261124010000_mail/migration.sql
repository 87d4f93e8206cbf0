-- Links that prove a mailbox, and the outbox of mails.

CREATE TYPE "LinkPurpose" AS ENUM ('email_verification', 'password_reset', 'email_change', 'email_change_undo', 'invitation');
CREATE TYPE "MailState" AS ENUM ('queued', 'sent', 'dead', 'dropped');

CREATE TABLE "Link" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "purpose" "LinkPurpose" NOT NULL,
    "digest" TEXT NOT NULL,
    "codeDigest" TEXT,
    "address" TEXT NOT NULL,
    "credentialEpoch" INTEGER,
    "signUp" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "supersededAt" TIMESTAMPTZ(3),
    "redeemedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Link_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Link_expires_after_birth" CHECK ("expiresAt" > "createdAt"),
    -- Only the link that undoes an address change outlives a change of credentials.
    CONSTRAINT "Link_epoch_unless_undo" CHECK (("credentialEpoch" IS NULL) = ("purpose" = 'email_change_undo')),
    CONSTRAINT "Link_sign_up_on_verification" CHECK ("signUp" IS NULL OR "purpose" = 'email_verification')
);
CREATE UNIQUE INDEX "Link_digest_key" ON "Link"("digest");
CREATE INDEX "Link_userId_purpose_idx" ON "Link"("userId", "purpose");
CREATE INDEX "Link_expiresAt_idx" ON "Link"("expiresAt");
-- One live link per account and purpose. Each address that was left has an undo link of its own.
CREATE UNIQUE INDEX "Link_one_live" ON "Link"("userId", "purpose")
    WHERE "supersededAt" IS NULL AND "purpose" <> 'email_change_undo';
ALTER TABLE "Link" ADD CONSTRAINT "Link_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "Mail" (
    "id" UUID NOT NULL,
    "userId" UUID,
    "linkId" UUID,
    "template" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "sealedSecret" BYTEA,
    "state" "MailState" NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAttemptAt" TIMESTAMPTZ(3) NOT NULL,
    "leasedUntil" TIMESTAMPTZ(3),
    "lastError" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "settledAt" TIMESTAMPTZ(3),

    CONSTRAINT "Mail_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Mail_settled_has_time" CHECK (("state" = 'queued') = ("settledAt" IS NULL)),
    -- A secret stays only while it may still be sent: an operator may queue a dead mail again.
    CONSTRAINT "Mail_secret_while_sendable" CHECK ("sealedSecret" IS NULL OR "state" IN ('queued', 'dead'))
);
CREATE INDEX "Mail_state_nextAttemptAt_idx" ON "Mail"("state", "nextAttemptAt");
CREATE INDEX "Mail_userId_idx" ON "Mail"("userId");
CREATE INDEX "Mail_linkId_idx" ON "Mail"("linkId");
ALTER TABLE "Mail" ADD CONSTRAINT "Mail_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Mail" ADD CONSTRAINT "Mail_linkId_fkey"
    FOREIGN KEY ("linkId") REFERENCES "Link"("id") ON DELETE SET NULL ON UPDATE CASCADE;
