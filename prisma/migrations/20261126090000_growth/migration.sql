-- What keeps the cost of maintenance and of lists the same in a large installation.

-- How far the purge of sessions has read the table. It has no index of "expiresAt", which every refresh
-- would have to write, so the purge reads a slice of the primary key each time.
CREATE TABLE "SessionPurge" (
    "id" INTEGER NOT NULL,
    "position" UUID NOT NULL,

    CONSTRAINT "SessionPurge_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "SessionPurge_one_row" CHECK ("id" = 1)
);

-- Nearly all invitations of an old installation are accepted; those that wait are listed.
CREATE INDEX "Invitation_open_idx" ON "Invitation"("id") WHERE "acceptedAt" IS NULL;

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126090000_growth', '0.1.0');
