-- Accounts, sessions, signing keys, attempt budgets and request counts.

CREATE TYPE "Transport" AS ENUM ('cookie', 'body');
CREATE TYPE "SigningKeyState" AS ENUM ('next', 'active', 'retired');

CREATE TABLE "User" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "emailVerifiedAt" TIMESTAMPTZ(3),
    "passwordHash" TEXT,
    "firstName" TEXT NOT NULL DEFAULT '',
    "lastName" TEXT NOT NULL DEFAULT '',
    "role" INTEGER NOT NULL DEFAULT 0,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "credentialEpoch" INTEGER NOT NULL DEFAULT 0,
    "locale" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "lastLoginAt" TIMESTAMPTZ(3),

    CONSTRAINT "User_pkey" PRIMARY KEY ("id"),
    -- The canonical form, as far as a check can see it: lower-case ASCII with one '@'.
    CONSTRAINT "User_email_canonical" CHECK ("email" ~ '^[!-?A-~]+@[!-?A-~]+$' AND "email" = lower("email") AND length("email") <= 254),
    CONSTRAINT "User_names_bounded" CHECK (length("firstName") <= 150 AND length("lastName") <= 150),
    CONSTRAINT "User_role_not_negative" CHECK ("role" >= 0),
    CONSTRAINT "User_epoch_not_negative" CHECK ("credentialEpoch" >= 0)
);
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

CREATE TABLE "Session" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "jti" UUID NOT NULL,
    "previousJti" UUID,
    "rotatedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "authTime" TIMESTAMPTZ(3) NOT NULL,
    "amr" TEXT[],
    "transport" "Transport" NOT NULL,
    "lastUsedAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "ip" TEXT,
    "userAgent" TEXT,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Session_jti_moves" CHECK ("jti" <> "previousJti"),
    CONSTRAINT "Session_rotation_whole" CHECK (("previousJti" IS NULL) = ("rotatedAt" IS NULL)),
    CONSTRAINT "Session_amr_known" CHECK (cardinality("amr") > 0 AND "amr" <@ ARRAY['pwd', 'otp', 'rc', 'email']),
    CONSTRAINT "Session_device_bounded" CHECK (length("ip") <= 45 AND length("userAgent") <= 512)
)
-- Every refresh rewrites a row: free room on the page keeps the new version beside the old one.
WITH (fillfactor = 70);
CREATE INDEX "Session_userId_idx" ON "Session"("userId");
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "SigningKey" (
    "kid" TEXT NOT NULL,
    "algorithm" TEXT NOT NULL,
    "state" "SigningKeyState" NOT NULL,
    "publicJwk" JSONB NOT NULL,
    "privateKey" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "activatedAt" TIMESTAMPTZ(3),
    "retiredAt" TIMESTAMPTZ(3),

    CONSTRAINT "SigningKey_pkey" PRIMARY KEY ("kid"),
    CONSTRAINT "SigningKey_algorithm_known" CHECK ("algorithm" IN ('ES256', 'EdDSA', 'RS256')),
    CONSTRAINT "SigningKey_times_tell_state" CHECK (
        ("state" = 'next' AND "activatedAt" IS NULL AND "retiredAt" IS NULL)
        OR ("state" = 'active' AND "activatedAt" IS NOT NULL AND "retiredAt" IS NULL)
        OR ("state" = 'retired' AND "retiredAt" IS NOT NULL)
    )
);
CREATE UNIQUE INDEX "SigningKey_one_active" ON "SigningKey"("state") WHERE "state" = 'active';
CREATE UNIQUE INDEX "SigningKey_one_next" ON "SigningKey"("state") WHERE "state" = 'next';

CREATE TABLE "AttemptBudget" (
    "key" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "blockedUntil" TIMESTAMPTZ(3),
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "AttemptBudget_pkey" PRIMARY KEY ("key"),
    CONSTRAINT "AttemptBudget_failures_not_negative" CHECK ("failures" >= 0)
);
CREATE INDEX "AttemptBudget_expiresAt_idx" ON "AttemptBudget"("expiresAt");

CREATE TABLE "RequestCount" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "resetsAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "RequestCount_pkey" PRIMARY KEY ("key")
)
WITH (fillfactor = 70);
CREATE INDEX "RequestCount_resetsAt_idx" ON "RequestCount"("resetsAt");
