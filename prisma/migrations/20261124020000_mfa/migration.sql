-- The second factor: authenticator apps, recovery codes, and sign-ins that wait for one of the two.

CREATE TYPE "MfaChallengeKind" AS ENUM ('login', 'setup');

CREATE TABLE "Authenticator" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "sealedSecret" BYTEA NOT NULL,
    "keyId" TEXT NOT NULL,
    "lastStep" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "lastUsedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Authenticator_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Authenticator_step_not_negative" CHECK ("lastStep" >= 0)
);
CREATE UNIQUE INDEX "Authenticator_userId_key" ON "Authenticator"("userId");
ALTER TABLE "Authenticator" ADD CONSTRAINT "Authenticator_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "RecoveryCode" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "digest" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "RecoveryCode_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "RecoveryCode_userId_digest_key" ON "RecoveryCode"("userId", "digest");
ALTER TABLE "RecoveryCode" ADD CONSTRAINT "RecoveryCode_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "MfaChallenge" (
    "id" UUID NOT NULL,
    "kind" "MfaChallengeKind" NOT NULL,
    "userId" UUID NOT NULL,
    "digest" TEXT NOT NULL,
    "credentialEpoch" INTEGER NOT NULL,
    "amr" TEXT[],
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "MfaChallenge_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "MfaChallenge_expires_after_birth" CHECK ("expiresAt" > "createdAt"),
    CONSTRAINT "MfaChallenge_attempts_not_negative" CHECK ("attempts" >= 0),
    -- A challenge is for those who proved something, and still owe the factor.
    CONSTRAINT "MfaChallenge_amr_lacks_factor" CHECK (cardinality("amr") > 0 AND "amr" <@ ARRAY['pwd', 'email'])
);
CREATE UNIQUE INDEX "MfaChallenge_digest_key" ON "MfaChallenge"("digest");
CREATE INDEX "MfaChallenge_userId_idx" ON "MfaChallenge"("userId");
CREATE INDEX "MfaChallenge_expiresAt_idx" ON "MfaChallenge"("expiresAt");
ALTER TABLE "MfaChallenge" ADD CONSTRAINT "MfaChallenge_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "PendingAuthenticator" (
    "id" UUID NOT NULL,
    "sessionId" UUID,
    "challengeId" UUID,
    "sealedSecret" BYTEA NOT NULL,
    "keyId" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "PendingAuthenticator_pkey" PRIMARY KEY ("id"),
    -- Whoever began a setup is the only one who can finish it.
    CONSTRAINT "PendingAuthenticator_one_owner" CHECK (num_nonnulls("sessionId", "challengeId") = 1)
);
CREATE UNIQUE INDEX "PendingAuthenticator_sessionId_key" ON "PendingAuthenticator"("sessionId");
CREATE UNIQUE INDEX "PendingAuthenticator_challengeId_key" ON "PendingAuthenticator"("challengeId");
CREATE INDEX "PendingAuthenticator_expiresAt_idx" ON "PendingAuthenticator"("expiresAt");
ALTER TABLE "PendingAuthenticator" ADD CONSTRAINT "PendingAuthenticator_sessionId_fkey"
    FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "PendingAuthenticator" ADD CONSTRAINT "PendingAuthenticator_challengeId_fkey"
    FOREIGN KEY ("challengeId") REFERENCES "MfaChallenge"("id") ON DELETE CASCADE ON UPDATE CASCADE;
