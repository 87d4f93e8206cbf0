-- An invitation belongs to its address. The account that uses the address without having proved it must not
-- void the invitation by a change of its password, so the link has no epoch. Disabling supersedes it.

ALTER TABLE "Link" DROP CONSTRAINT "Link_epoch_unless_undo";
ALTER TABLE "Link" ADD CONSTRAINT "Link_epoch_of_credentials" CHECK (CASE "purpose"
    WHEN 'email_change_undo' THEN "credentialEpoch" IS NULL
    -- An earlier version of the service, which may still run beside this one, gives it the epoch.
    WHEN 'invitation' THEN true
    ELSE "credentialEpoch" IS NOT NULL END);

UPDATE "Link" l SET "credentialEpoch" = NULL FROM "User" u
WHERE l."purpose" = 'invitation' AND u."id" = l."userId" AND l."credentialEpoch" = u."credentialEpoch"
    AND l."supersededAt" IS NULL AND l."redeemedAt" IS NULL;

INSERT INTO "MigrationFloor" ("migration", "leastVersion") VALUES ('20261126070000_invitations_of_an_address', '0.1.0');
