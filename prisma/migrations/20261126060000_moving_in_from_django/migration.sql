-- Accounts of an earlier installation: their old numbers, what the import knows of them, social identities,
-- the kinds of their password hashes, and sessions that have not been exchanged yet.

ALTER TABLE "User" ADD COLUMN "legacyId" TEXT;
ALTER TABLE "User" ADD CONSTRAINT "User_legacyId_bounded" CHECK ("legacyId" ~ '^[!-~]{1,64}$');
CREATE UNIQUE INDEX "User_legacyId_key" ON "User"("legacyId");
-- Finds the hashes of other kinds without a scan: the index is empty where nobody was imported.
CREATE INDEX "User_foreign_hash_idx" ON "User"("passwordHash" COLLATE "C") WHERE "passwordHash" NOT LIKE '$argon2id$%';

CREATE TABLE "ImportedAccount" (
    "key" TEXT NOT NULL,
    "userId" UUID,
    "profileDigest" TEXT NOT NULL,
    "credentialDigest" TEXT NOT NULL,
    "accountDigest" TEXT NOT NULL,
    "importedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ImportedAccount_pkey" PRIMARY KEY ("key")
);
CREATE UNIQUE INDEX "ImportedAccount_userId_key" ON "ImportedAccount"("userId");
ALTER TABLE "ImportedAccount" ADD CONSTRAINT "ImportedAccount_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE "Identity" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "uid" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Identity_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Identity_bounded" CHECK (length("provider") BETWEEN 1 AND 200 AND length("uid") BETWEEN 1 AND 255)
);
CREATE UNIQUE INDEX "Identity_provider_uid_key" ON "Identity"("provider", "uid");
CREATE INDEX "Identity_userId_idx" ON "Identity"("userId");
ALTER TABLE "Identity" ADD CONSTRAINT "Identity_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "PasswordScheme" (
    "scheme" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,

    CONSTRAINT "PasswordScheme_pkey" PRIMARY KEY ("scheme")
);

CREATE TABLE "LegacyKey" (
    "id" TEXT NOT NULL,
    "sealedKey" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "LegacyKey_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "LegacyKey_expires_after_birth" CHECK ("expiresAt" > "createdAt")
);

CREATE TABLE "LegacySession" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "session" TEXT NOT NULL,
    "jti" UUID NOT NULL,
    "keyId" TEXT,
    "factorSince" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3),
    "tokenDigest" TEXT,
    "sessionId" UUID,

    CONSTRAINT "LegacySession_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "LegacySession_expires_after_birth" CHECK ("expiresAt" > "createdAt"),
    -- Only an exchange gives it a session here, and an exchanged one is ended through that session.
    CONSTRAINT "LegacySession_exchanged_once" CHECK ("sessionId" IS NULL OR "tokenDigest" IS NOT NULL),
    CONSTRAINT "LegacySession_one_end" CHECK ("endedAt" IS NULL OR "tokenDigest" IS NULL)
);
CREATE UNIQUE INDEX "LegacySession_session_key" ON "LegacySession"("session");
CREATE UNIQUE INDEX "LegacySession_jti_key" ON "LegacySession"("jti");
CREATE INDEX "LegacySession_userId_idx" ON "LegacySession"("userId");
CREATE INDEX "LegacySession_keyId_idx" ON "LegacySession"("keyId");
CREATE INDEX "LegacySession_sessionId_idx" ON "LegacySession"("sessionId");
CREATE INDEX "LegacySession_expiresAt_idx" ON "LegacySession"("expiresAt");
ALTER TABLE "LegacySession" ADD CONSTRAINT "LegacySession_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "LegacySession" ADD CONSTRAINT "LegacySession_keyId_fkey"
    FOREIGN KEY ("keyId") REFERENCES "LegacyKey"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "LegacySession" ADD CONSTRAINT "LegacySession_sessionId_fkey"
    FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE SET NULL ON UPDATE CASCADE;

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126060000_moving_in_from_django', '0.1.0');
