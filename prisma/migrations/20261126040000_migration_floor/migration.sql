-- Each migration from here on says the least version of the service that may run over it, so that an
-- earlier build can tell an addition from a change that it cannot live with.

CREATE TABLE "MigrationFloor" (
    "migration" TEXT NOT NULL,
    "leastVersion" TEXT NOT NULL,

    CONSTRAINT "MigrationFloor_pkey" PRIMARY KEY ("migration"),
    CONSTRAINT "MigrationFloor_leastVersion_check" CHECK ("leastVersion" ~ '^\d+\.\d+\.\d+$')
);

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126040000_migration_floor', '0.1.0');
