-- The same form sent again gets the answer of the first, and recovery codes stay readable for a while.
-- Both are sealed.

CREATE TABLE "FormAnswer" (
    "id" TEXT NOT NULL,
    "sealedAnswer" BYTEA,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "FormAnswer_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "FormAnswer_expires_after_birth" CHECK ("expiresAt" > "createdAt")
);
CREATE INDEX "FormAnswer_expiresAt_idx" ON "FormAnswer"("expiresAt");

CREATE TABLE "ShownCodes" (
    "id" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "sealedCodes" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ShownCodes_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ShownCodes_expires_after_birth" CHECK ("expiresAt" > "createdAt")
);
CREATE INDEX "ShownCodes_userId_idx" ON "ShownCodes"("userId");
CREATE INDEX "ShownCodes_expiresAt_idx" ON "ShownCodes"("expiresAt");
ALTER TABLE "ShownCodes" ADD CONSTRAINT "ShownCodes_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126080000_form_answers', '0.1.0');
